"""YAML that people write: faults have a line, entries know theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from igwire import yamlfile
from igwire.errors import CatalogueError


@pytest.mark.parametrize(("content", "line"), [(b"a: b\n- c\n", 2), (b"a: b\n\td: e\n", 2), (b"a: \xff\xfe", None)])
def test_what_is_no_yaml_is_named_by_file_and_line(content, line):
    with pytest.raises(CatalogueError, match="not readable as YAML") as raised:
        yamlfile.read(content, Path("mine.yaml"))
    assert (raised.value.file, raised.value.line) == ("mine.yaml", line)


def test_entries_know_their_lines():
    assert yamlfile.lines(b"# head\n- a\n\n- b: 1\n  c: 2\n- d\n") == [2, 4, 6]
    assert yamlfile.lines(b"name: x\nlist:\n  - a\n  - b\n", "list") == [3, 4]


@pytest.mark.parametrize(("content", "key"), [(b"", None), (b"a: b", None), (b"a: b", "list"), (b"list: text", "list"), (b"- a", "list")])
def test_without_a_list_there_are_no_lines(content, key):
    assert yamlfile.lines(content, key) == []
