"""Bringing igwire's objects into Kibana over HTTP: idempotent, each object by itself, and every refusal named."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator

import requests

from igwire.errors import ConfigError, Unavailable
from igwire.model import Applied
from igwire.search.kibana import Step
from igwire.settings import Settings

# Kibana optimises nothing at start any more, but a first start on a busy machine has been seen to take two minutes.
_START_S = 300.0
_REQUEST_S = 60.0
_NAP_S = 2.0
_VERSION = "2023-10-31"
# The API is not there (404), or takes another shape (400): while it is a preview, shapes change between releases.
_NOT_SO = (400, 404)


class Kibana:
    """One Kibana; its address without a trailing slash."""

    def __init__(self, url: str, session: requests.Session) -> None:
        self.url = url.rstrip("/")
        self._session = session

    @classmethod
    def from_settings(cls, settings: Settings) -> Kibana:
        """The configured Kibana with Elasticsearch's credentials, which are its own. Raises ConfigError when there is none."""
        if not settings.kibana_url:
            raise ConfigError("IGWIRE_KIBANA_URL is not set: there is no Kibana to bring anything into.")
        session = requests.Session()
        session.trust_env = False
        session.headers.update({"kbn-xsrf": "true", "Elastic-Api-Version": _VERSION})
        if key := settings.es_key:
            session.headers["Authorization"] = f"ApiKey {key}"
        elif settings.es_user:
            session.auth = (settings.es_user, settings.es_password.get_secret_value())
        if settings.kibana_ca_certs:
            session.verify = settings.kibana_ca_certs
        return cls(settings.kibana_url, session)

    def wait(self, patience_s: float = _START_S) -> str:
        """Wait until Kibana is available; its version. Raises Unavailable with what it said last."""
        deadline = time.monotonic() + patience_s
        last = "no answer"
        while True:
            try:
                answer = self._session.get(f"{self.url}/api/status", timeout=_REQUEST_S)
                status = answer.json() if answer.ok else {}
                if status.get("status", {}).get("overall", {}).get("level") == "available":
                    return str(status["version"]["number"])
                last = f"status {answer.status_code}: {answer.text[:200]}"
            except (requests.RequestException, ValueError) as error:
                last = str(error)
            if time.monotonic() > deadline:
                raise Unavailable(f"Kibana at {self.url} is not available: {last}")
            time.sleep(_NAP_S)

    def apply(self, steps: Iterable[Step]) -> Iterator[Applied]:
        """Send every step, whatever became of the others."""
        for step in steps:
            yield self._one(step)

    def _one(self, step: Step) -> Applied:
        try:
            answer = self._send(step)
        except requests.RequestException as error:
            return Applied(what=step.what, id=step.id, ok=False, detail=str(error)[:300])
        if answer.status_code in _NOT_SO and step.fallback is not None:
            return self._one(step.fallback)
        refused = _refusal(step, answer)
        return Applied(what=step.what, id=step.id, ok=not refused, detail=refused)

    def _send(self, step: Step) -> requests.Response:
        if not step.upload:
            return self._session.request(step.method, self.url + step.path, json=step.body, timeout=_REQUEST_S)
        lines = "".join(json.dumps(line) + "\n" for line in step.upload)
        return self._session.post(self.url + step.path, files={"file": ("igwire.ndjson", lines, "application/ndjson")}, timeout=_REQUEST_S)


def _refusal(step: Step, answer: requests.Response) -> str:
    """Why Kibana did not take it, or ""; an import answers 200 also when it took nothing, and its errors stand in the body."""
    if not answer.ok:
        return f"status {answer.status_code}: {answer.text[:500]}"
    errors = answer.json().get("errors") if step.upload else None
    return json.dumps(errors)[:500] if errors else ""
