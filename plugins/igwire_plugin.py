"""igwire inside Airflow: the search page in the navigation, behind Airflow's own login; daily runs before backfills."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin
from run_priority import DailyFirst


def _app():  # type: ignore[no-untyped-def]  # FastAPI is imported only where plugins are served
    from airflow.api_fastapi.core_api.security import get_user
    from fastapi import Depends

    from igwire import settings, wiring
    from igwire.web.app import create_app

    return create_app(
        wiring.reader,
        wiring.CLOCK,
        viewer=settings.get().web_viewer or "public",
        dependencies=[Depends(get_user)],
        metrics=wiring.metrics,
        titles=wiring.titles,
    )


class IgwirePlugin(AirflowPlugin):
    """The search page under /igwire/, and its entry in the navigation."""

    name = "igwire"
    fastapi_apps = [{"app": _app(), "url_prefix": "/igwire", "name": "igwire search"}]  # noqa: RUF012  # Airflow reads a plain list
    external_views = [  # noqa: RUF012  # as above
        {"name": "igwire search", "href": "/igwire/", "destination": "nav", "url_route": "igwire", "nav_top_level": True}
    ]
    priority_weight_strategies = [DailyFirst]  # noqa: RUF012  # as above
