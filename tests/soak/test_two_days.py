"""Two days of Airflow's own scheduler over a newsroom that publishes, fails and asks for patience, in a few minutes.

The processes of Airflow live in a time of their own (`other_time`): real seconds, and a jump to the next hour whenever nothing runs. The
newsroom reads the same clock. What counts is the newsroom's own log, not what igwire says of itself.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from airflow_api import PATIENCE_S, Api
from made_texts import sentences
from standing import documents, kill_scheduler, standing

from igwire.newsroom import render
from igwire.newsroom.articles import Story
from igwire.newsroom.server import Newsroom
from igwire.runtime.airflow import Airflow

pytestmark = [pytest.mark.airflow, pytest.mark.integration, pytest.mark.filterwarnings("ignore")]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# An hour at a time: no feed is asked more often, and Airflow makes up for skipped half hours as after a busy one.
STEP = HOUR
# A day's requests of a host: the new articles of most, a robots file, and what an archive is asked for; not also a poll an hour.
GAP_S, CRAWL_DELAY_S, BUDGET = 0.5, 2, 48
# A request's time is taken when its first line is read, which may be late on a busy machine.
JITTER_S = 0.15
FEED_PLACES = 10
# Whose feed comes without its end at some time.
CUT_SHORT = ("rights-wire",)
# Sources and how many articles they publish a day: the first more than its feed holds, the second more than its host's budget allows.
PUBLISHING = {"packet-gazette": (36, 36), "rights-wire": (50, 4), "registry-notes": (8, 8), "red-abierta": (6, 6), "wuzhen-courier": (8, 8)}


class Sky:
    """The time that Airflow, igwire and the newsroom share."""

    def __init__(self, file: Path, start: datetime) -> None:
        self.file = file
        self.jump(start)

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time() + self.ahead_s, UTC)

    def jump(self, moment: datetime) -> None:
        """From now on it is `moment` and later."""
        self.ahead_s = moment.timestamp() - time.time()
        aside = self.file.with_suffix(".new")
        aside.write_text(f"{self.ahead_s:+.3f}", encoding="utf-8")
        aside.replace(self.file)

    def variables(self) -> dict[str, str]:
        """What puts a Python process under this sky."""
        return {"SOAK_TIME": str(self.file), "PYTHONPATH": str(Path(__file__).parent / "other_time")}


# Who was just heard of before a jump is not dead after it.
PATIENT = {
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "1000000", "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "1000000",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "1000000", "AIRFLOW__DAG_PROCESSOR__DAG_PROCESSOR_TIMEOUT": "1000000",
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "1000000", "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "1000000",
    "AIRFLOW__EXECUTION_API__JWT_EXPIRATION_TIME": "1000000", "AIRFLOW__API_AUTH__JWT_EXPIRATION_TIME": "1000000",
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
}  # fmt: skip


def published(room: Newsroom, first: datetime) -> list[Story]:
    """Articles of two days, evenly over each: they appear on their sites when their time has come."""
    made = []
    for number, (site, per_day) in enumerate(PUBLISHING.items()):
        pattern = next(s for s in room.stories if s.site == site)
        for day, count in enumerate(per_day):
            for n in range(count):
                moment = first + day * DAY + (n + 0.5) / count * DAY
                seed = number * 1000 + day * 100 + n
                made.append(
                    replace(
                        pattern, slug=f"soak-{day}-{n}", title=f"Dispatch {seed} of the soak", published=moment.isoformat(timespec="seconds"),
                        summary=f"Dispatch {seed}.", blocks=tuple(("p", " ".join(sentences(seed * 10 + k, 6))) for k in range(3)), expected={},
                    )
                )  # fmt: skip
    return made


@dataclass
class Trouble:
    """What goes wrong: hours after the start → what is done to the room."""

    room: Newsroom

    def at(self, hour: int) -> None:
        for moment, order in self.plan().items():
            if moment == hour:
                order()

    def plan(self) -> dict[int, Callable[[], None]]:
        fault = self.room.fault
        return {
            0: lambda: fault("wuzhen-courier", "status", path="/robots.txt", value=500, times=1),
            3: lambda: fault("registry-notes", "status", value=503, times=1, Retry_After="10800"),
            6: lambda: fault("packet-gazette", "html", path="/feed.json", times=1),
            9: lambda: fault("red-abierta", "status", value=429, times=1),
            12: lambda: fault("rights-wire", "truncate", path="/feed/", times=1),
            15: lambda: fault("wuzhen-courier", "empty", path="/feed/", times=2),
            18: lambda: fault("packet-gazette", "delay", value=2, times=3),
            24: lambda: (fault("registry-notes", "status", path=self.path("registry-notes", 0, 3), value=500, times=1),
                         fault("packet-gazette", "truncate", path=self.path("packet-gazette", 0, 5), times=1)),
            30: lambda: fault("le-relais-numerique", "status", value=404, times=2),
            33: lambda: fault("rights-wire", "binary", path="/feed/", times=1),
        }  # fmt: skip

    def path(self, site: str, day: int, n: int) -> str:
        story = next(s for s in self.room.stories if (s.site, s.slug) == (site, f"soak-{day}-{n}"))
        return render.path_of(self.room.sites[site], story)


@pytest.fixture
def sky(tmp_path) -> Sky:
    # An hour and a half before a midnight, so that the first poll comes before the first daily run.
    midnight = (datetime.now(UTC) + DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    return Sky(tmp_path / "time", midnight - HOUR - HOUR / 4)


@pytest.fixture
def room(sky) -> Iterator[Newsroom]:
    with Newsroom(now=sky.now) as room:
        room.feed_depth = FEED_PLACES
        room.crawl_delay["registry-notes"] = CRAWL_DELAY_S
        yield room


@pytest.fixture
def airflow(tmp_path, sky, room, elasticsearch_url, index_prefix) -> Iterator[Airflow]:
    # As real sources are: the usual floor of an hour between two polls, a gap between requests.
    terms = {"gap_s": GAP_S, "poll_min_s": None}
    variables = {"IGWIRE_HOST_REQUESTS": str(BUDGET), **sky.variables(), **PATIENT}
    with standing(tmp_path / "standing", room, elasticsearch_url, index_prefix, terms=terms, **variables) as made:
        yield made


def run_until_idle(api: Api, due: dict[str, datetime]) -> None:
    """Wait until each DAG's run whose interval ends at the hour that is due has ended, and nothing else runs."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        runs = {dag: api.call("GET", f"/dags/{dag}/dagRuns?order_by=-run_after&limit=3")["dag_runs"] for dag in due}
        open_runs = [run["dag_run_id"] for found in runs.values() for run in found if run["state"] not in ("success", "failed")]
        ended = {dag for dag, found in runs.items() if any(datetime.fromisoformat(run["data_interval_end"]) >= due[dag] for run in found)}
        if not open_runs and ended == set(due):
            return
        assert time.monotonic() < deadline, f"still waiting for {set(due) - ended or open_runs}"
        time.sleep(0.3)


def test_two_days_keep_every_hosts_rules_and_miss_nothing(airflow, sky, room, elasticsearch_url, index_prefix):
    first = (sky.now() + DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    for story in published(room, first):
        room.publish(story)
    trouble, api = Trouble(room), Api(airflow)
    for dag in ("poll_feeds", "ingest_news"):
        api.unpause(dag)
    hour = first - HOUR
    for number in range(50):
        trouble.at(number)
        sky.jump(hour + timedelta(seconds=2))
        if number == 20:
            # As a power cut would.
            kill_scheduler(airflow)
            airflow.up(print)
        print(f"{sky.now():%d %H:%M:%S} real {time.monotonic():.0f}", flush=True)
        run_until_idle(api, {"poll_feeds": hour, "ingest_news": hour.replace(hour=0)})
        hour += STEP
    check_manners(room)
    check_nothing_missed(room, elasticsearch_url, index_prefix, sky.now())


def by_host(room: Newsroom) -> dict[str, list[dict[str, Any]]]:
    requests_of: dict[str, list[dict[str, Any]]] = {}
    for entry in sorted(room.log, key=lambda e: e["at"]):
        requests_of.setdefault(entry["host"], []).append(entry)
    return requests_of


def check_manners(room: Newsroom) -> None:
    """Gap, crawl-delay, hourly floor, Retry-After and daily budget, all from the server's log."""
    addresses = {site.address: site for site in room.sites.values()}
    for host, asked in by_host(room).items():
        site = addresses[host]
        gap = CRAWL_DELAY_S if site.id in room.crawl_delay else GAP_S
        times = [entry["at"] for entry in asked]
        # The first requests come before the robots file is known.
        assert min(b - a for a, b in pairwise(times[3:])) > gap - JITTER_S, host
        polls = [entry["at"] for entry in asked if entry["path"] == site.feed]
        between = [b - a for a, b in pairwise(polls)]
        # After an answer that was cut short a feed is asked again half an hour later, for once.
        assert min(between) > HOUR.total_seconds() / 2 - JITTER_S, host
        assert sum(seconds < HOUR.total_seconds() - JITTER_S for seconds in between) <= (site.id in CUT_SHORT), host
        days = Counter(datetime.fromtimestamp(at, UTC).date() for at in times)
        assert max(days.values()) <= BUDGET, (host, days)
        for entry, after in pairwise(asked):
            patience = {503: 10800, 429: 3600}.get(entry["status"], 0)
            assert after["at"] - entry["at"] > patience - JITTER_S, (host, entry)


def check_nothing_missed(room: Newsroom, url: str, prefix: str, now: datetime) -> None:
    """Every article that was out when its feed was last polled before the last daily run is in the index, and no feed waited longer than a day."""
    held, midnight = {document["url"] for document in documents(url, prefix)}, now.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    for site in room.sites.values():
        asked = [entry for entry in room.log if entry["host"] == site.address and entry["path"] == site.feed]
        polls = [entry["at"] for entry in asked if entry["status"] in (200, 304) and entry["at"] < midnight]
        assert midnight - max(polls) < DAY.total_seconds(), site.id
        out = [s for s in room.stories if s.site == site.id and s.slug.startswith("soak") and s.moment.timestamp() < max(polls)]
        assert {room.url(site.id, render.path_of(site, s)) for s in out} - held == set(), site.id
