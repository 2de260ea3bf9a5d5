"""How the components of an Airflow are; `python -m igwire.runtime.health URL COMPONENT` is the health check of the compose file.

Airflow's own `airflow jobs check` loads all of Airflow, seconds of processor time; three of those every half minute is half a core.
"""

from __future__ import annotations

import json
import sys
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

# The API server answers within milliseconds; a loaded machine may take longer.
_TIMEOUT_S = 5
COMPONENTS = ("metadatabase", "scheduler", "dag_processor", "triggerer")


def states(url: str) -> dict[str, str]:
    """Component → its state in Airflow's words ("healthy"); empty when the API server of `url` does not answer."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port or 80, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", "/api/v2/monitor/health")
        answer = json.loads(connection.getresponse().read())
        return {name: str((answer.get(name) or {}).get("status")) for name in COMPONENTS}
    except (OSError, HTTPException, ValueError, AttributeError):
        return {}
    finally:
        connection.close()


def main(arguments: list[str]) -> int:
    """0 when the component is healthy, 1 when not; 2 for a name that is none of `COMPONENTS`."""
    url, name = arguments
    if name not in COMPONENTS:
        print(f"{name} is none of {', '.join(COMPONENTS)}", file=sys.stderr)
        return 2
    state = states(url).get(name, "no answer")
    print(f"{name}: {state}")
    return 0 if state == "healthy" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
