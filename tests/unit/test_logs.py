"""The log for machines: one JSON object a line, with the ids that belong to it."""

from __future__ import annotations

import json
import logging
import subprocess
import sys

from invented import LIVE, page, serve

from igwire import logs
from igwire.pipeline.run import run_all
from igwire.urls import document_id


def test_a_run_logs_every_step_of_an_article_with_run_source_and_item(bench, caplog):
    serve(bench, one=(200, page("One")))
    with caplog.at_level(logging.INFO, "igwire.trace"):
        run_all(bench.parts(gap_s=0), "r1", LIVE)
    lines = [json.loads(logs.JsonLines().format(record)) for record in caplog.records]
    item_id = document_id("http://news.example/one")
    steps = [line["what"] for line in lines if line.get("item_id") == item_id]
    assert {"extract", "enrich", "index"} <= set(steps)
    assert all(line["run_id"] == "r1" for line in lines if line.get("item_id") == item_id)
    assert any(line["what"] == "poll" and line["source_id"] == "example" for line in lines)
    assert {"at", "level", "logger", "message"} <= lines[0].keys()


def test_an_error_carries_its_traceback_on_the_same_line():
    try:
        raise ValueError("two\nlines")
    except ValueError:
        record = logging.LogRecord("igwire", logging.ERROR, __file__, 1, "it went %s", ("wrong",), sys.exc_info())
    text = logs.JsonLines().format(record)
    assert text.count("\n") == 0
    assert json.loads(text)["message"] == "it went wrong"
    assert "ValueError" in json.loads(text)["error"]


_TRACE = """
import sys
from igwire import logs
logs.to_stderr(sys.argv[1])
logs.to_stderr(sys.argv[1])
logs.trace("poll", "unchanged", run_id="r1", source_id="s")
"""


def test_it_goes_to_standard_error_once_and_only_when_asked():
    said = [subprocess.run([sys.executable, "-c", _TRACE, kind], capture_output=True, text=True, check=True).stderr for kind in ("json", "")]
    assert json.loads(said[0]) | {"at": ""} == {
        "at": "", "level": "info", "logger": "igwire.trace", "message": "unchanged", "what": "poll", "run_id": "r1", "source_id": "s",
    }  # fmt: skip
    assert said[1] == ""
