"""The alerts file, read with its faults named; and the feed that an alert becomes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from igwire.errors import CatalogueError
from igwire.search.alerts import Line, Message, atom, load

ROOT = Path(__file__).parents[3]
AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
GOOD = """\
operators: [mail:ops@example.org]
alerts:
  - id: wuzhen
    title: Wuzhen
    search: {q: '"World Internet Conference"', language: [en, fr], from: 2020-01-01}
    to: [atom, mail:desk@example.org, webhook:https://example.org/hook]
"""


def written(tmp_path, text):
    file = tmp_path / "alerts.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_good_file(tmp_path):
    found = load(written(tmp_path, GOOD))
    (alert,) = found.alerts
    assert alert.request.text == '"World Internet Conference"'
    assert alert.request.languages == ("en", "fr")
    assert alert.targets == ("atom", "mail:desk@example.org", "webhook:https://example.org/hook")
    assert found.operators == ("mail:ops@example.org",)


def test_no_file_is_no_alert_and_the_example_is_a_good_one(tmp_path):
    assert load(tmp_path / "none.yaml").alerts == ()
    assert load(ROOT / "config" / "alerts.example.yaml").alerts


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (("id: wuzhen", "id: Wu zhen"), 3, "must be lower-case"),
        (("q: '\"World Internet Conference\"'", "q: '\"open'"), 3, "quotation mark"),
        (("language:", "langage:"), 3, "no parameter 'langage'"),
        (("mail:desk@example.org", '"mail:desk@example.org\\nBcc: x@y.z"'), 3, "no target"),
        (("language: [en, fr]", "source: 2024"), 3, "'2024' cannot be read as source"),
        (("language: [en, fr]", "language: [no]"), 3, "between quotation marks"),
        (("language: [en, fr]", "1: 2"), 3, "no parameter '1'"),
        (("webhook:https://example.org/hook", "webhook:file:///etc/passwd"), 3, "no target"),
        (("    title: Wuzhen\n", "    titel: Wuzhen\n"), 3, "an alert has the fields"),
        (("alerts:\n", "alarms:\n"), 1, "lists named"),
        (("  - id", "  - - id"), None, "not readable as YAML"),
    ],
)
def test_faults_are_named_by_file_and_line(tmp_path, change, line, words):
    file = written(tmp_path, GOOD.replace(*change))
    with pytest.raises(CatalogueError, match=words) as raised:
        load(file)
    assert str(file) in str(raised.value)
    if line:
        assert raised.value.line == line


def test_a_bare_no_is_a_no(tmp_path):
    (alert,) = load(written(tmp_path, GOOD.replace("language: [en, fr]", "collapse: no"))).alerts
    assert alert.request.collapse is False


def test_two_alerts_of_one_id(tmp_path):
    second = GOOD.partition("alerts:\n")[2]
    with pytest.raises(CatalogueError, match="used twice") as raised:
        load(written(tmp_path, GOOD + second))
    assert raised.value.line == 7


def test_hostile_titles_stay_text_in_the_feed():
    line = Line(title="<script>alert(1)</script> & more", url="https://a.example/?a=1&b=2", source="A <b>", key="d1", changed_at=AT.isoformat())
    feed = ElementTree.fromstring(atom(Message(id="x", title="X", at=AT, lines=(line,), total=1), link="urn:x"))
    ns = {"a": "http://www.w3.org/2005/Atom"}
    entry = feed.find("a:entry", ns)
    assert entry.findtext("a:title", namespaces=ns) == line.title
    assert entry.find("a:link", ns).get("href") == line.url
    assert feed.find(".//{*}script") is None


def test_a_text_says_what_it_leaves_out():
    lines = (Line(title="One", url="https://a.example/1", source="A", day="2026-11-24"),)
    text = Message(id="x", title="X", at=AT, lines=lines, total=3).as_text()
    assert text == "One\n2026-11-24 · A\nhttps://a.example/1\n\nand 2 more\n"
