"""Guids and addresses that lie: no article is lost, and none is taken twice, over sequences of polls."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from igwire.ledger.sources import Known, printed
from igwire.model import FeedEntry
from igwire.pipeline.matching import Match, match, only_tokens_differ
from igwire.urls import document_id

WEEKLY = FeedEntry(
    source_id="s", guid="N/A", url="http://x.example/w1", title="Weekly roundup", published="2026-11-02T09:00:00+00:00", summary="What happened in week one."
)
NEXT = replace(WEEKLY, url="http://x.example/w2", published="2026-11-09T09:00:00+00:00", summary="What happened in week two.")


class Memory:
    """What the ledger would hold of one source."""

    def __init__(self) -> None:
        self.seen: dict[str, Known] = {}

    def poll(self, *entries: FeedEntry) -> Match:
        matched = match(entries, list(self.seen.values()))
        for entry, item_id in [*((e, document_id(e.url)) for e in matched.new), *((e, was.item_id) for e, was in matched.paired)]:
            self.seen[item_id] = Known(item_id=item_id, **printed(entry))
        return matched

    def new(self, *entries: FeedEntry) -> list[str]:
        return [entry.url.rsplit("/", 1)[1] for entry in self.poll(*entries).new]


@pytest.mark.parametrize(
    "second",
    [
        NEXT,
        replace(NEXT, summary=WEEKLY.summary),
        replace(NEXT, summary=None),
        replace(NEXT, published=None),
        replace(NEXT, published=None, updated="2026-11-09T09:00:00Z"),
        replace(NEXT, published=None, summary=None),
    ],
    ids=["all differs", "date differs", "no text", "no date", "updated differs", "nothing to go by"],
)
def test_a_recurring_headline_under_one_guid_is_another_article(second):
    memory = Memory()
    assert memory.new(WEEKLY) == ["w1"]
    assert memory.new(second) == ["w2"]
    third = replace(
        second, url="http://x.example/w3", published="2026-11-16T09:00:00+00:00" if second.published else None, summary="What happened in week three."
    )
    assert memory.new(third, second, WEEKLY) == ["w3"]
    assert memory.new(third) == []


def test_a_guid_that_named_two_articles_is_told_once_and_never_believed_again():
    memory = Memory()
    assert memory.poll(WEEKLY).spoilt == frozenset()
    assert memory.poll(NEXT).spoilt == {"N/A"}
    # Date and text of the second agree, but the guid has lost its word.
    assert memory.poll(replace(NEXT, url="http://x.example/w3"), NEXT).new[0].url.endswith("w3")
    assert memory.poll(replace(NEXT, url="http://x.example/w4", published="2026-11-23T09:00:00+00:00"), NEXT).spoilt == frozenset()


@pytest.mark.parametrize(
    "moved",
    [
        {"summary": "Corrected."},
        {"title": "Weekly roundup, corrected"},
        {"published": "2026-11-02T10:00:00+01:00"},
        {},
    ],
    ids=["text edited", "headline edited", "zone changed", "only moved"],
)
def test_a_moved_address_with_the_guid_and_the_date_stays_one(moved):
    memory = Memory()
    memory.poll(WEEKLY)
    again = replace(WEEKLY, url="http://x.example/w1-moved", **moved)
    assert memory.new(again) == []
    # From now on the new address is known with the guid, whatever else is edited.
    assert memory.new(replace(again, title="Another headline", summary="Another text.", published="2026-11-03T09:00:00+00:00")) == []


def test_a_moved_address_without_a_date_is_known_by_its_text():
    memory = Memory()
    memory.poll(replace(WEEKLY, published=None))
    assert memory.new(replace(WEEKLY, published=None, url="http://x.example/moved")) == []


def test_a_day_without_a_clock_names_no_article_when_the_texts_differ():
    memory = Memory()
    day = replace(WEEKLY, published="2026-11-02T00:00:00+00:00")
    memory.poll(day)
    assert memory.new(replace(day, url="http://x.example/second", summary="Another consultation.")) == ["second"]


def articles(count: int, **fields: str | None) -> list[FeedEntry]:
    return [
        replace(
            WEEKLY, guid=f"g{n}", url=f"http://x.example/a{n}", title=f"Title {n}", published=f"2026-11-{n + 1:02}T09:{n:02}:00+00:00", summary=f"Text {n}."
        )
        for n in range(count)
    ]


def disguised(entry: FeedEntry, chance: random.Random, *, guid: str) -> FeedEntry:
    """The entry as a server prints it that makes up a session's id for each visitor."""
    session = "".join(chance.choices("0123456789abcdef", k=30)) + "a1"
    guids = {"made up": session, "address": f"{entry.url}?sid={session}", "one for all": "N/A", "honest": entry.guid, "none": None}
    return replace(entry, url=f"{entry.url}?sid={session}", guid=guids[guid])


@pytest.mark.parametrize("guid", ["made up", "address", "one for all", "honest", "none"])
@pytest.mark.parametrize("dated", [True, False])
def test_addresses_made_up_for_each_visitor_give_each_article_once(guid, dated):
    memory, chance, found = Memory(), random.Random(7), []
    everything = [entry if dated else replace(entry, published=None) for entry in articles(12)]
    for end in range(4, 13):
        answer = [disguised(entry, chance, guid=guid) for entry in everything[end - 4 : end]]
        matched = memory.poll(*answer)
        assert not matched.volatile or guid != "honest"
        found += [entry.title for entry in matched.new]
    assert found == [entry.title for entry in everything]


def test_made_up_addresses_hide_no_second_article_of_a_headline():
    memory, chance = Memory(), random.Random(7)
    memory.poll(disguised(WEEKLY, chance, guid="made up"))
    assert len(memory.poll(disguised(NEXT, chance, guid="made up")).new) == 1
    # Two that print the same are two, also when they were one before.
    assert len(memory.poll(*(disguised(NEXT, chance, guid="made up") for _ in range(2))).new) == 1


def test_stable_addresses_are_never_overruled_by_what_entries_print():
    memory, (first, second, third) = Memory(), articles(3)
    memory.poll(first, second)
    twin = replace(second, guid="other", url="http://x.example/twin")
    assert memory.new(twin, first, third) == ["twin", "a2"]


def test_a_schedule_that_prints_the_same_every_day_is_new_every_day():
    memory = Memory()

    def day(number: int) -> list[FeedEntry]:
        names = ("Morning", "Noon", "Evening")
        return [FeedEntry(source_id="s", guid=n, url=f"http://x.example/{n}-{number}", title=n, summary=f"The {n} news.") for n in map(str.lower, names)]

    def fresh_guids(entries: list[FeedEntry]) -> list[FeedEntry]:
        return [replace(entry, guid=entry.url) for entry in entries]

    assert [len(memory.poll(*fresh_guids(day(number))).new) for number in (24, 25, 26)] == [3, 3, 3]


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from(["N/A", "slug", "", "x"]), st.booleans(), st.booleans()), min_size=1, max_size=12),
    st.integers(1, 5),
    st.integers(1, 4),
)
def test_with_addresses_that_stay_no_article_is_lost_or_doubled(drawn, window, step):
    """Whatever titles and guids repeat: every article has an address of its own, and a date or a text of its own."""
    everything = []
    for number, (title, guid, dated, told) in enumerate(drawn):
        date = f"2026-11-01T09:{number:02}:00+00:00" if dated else None
        text = f"Text {number}." if told or not dated else None
        everything.append(FeedEntry(source_id="s", guid=guid or None, url=f"http://x.example/{number}", title=title, published=date, summary=text))
    memory, found = Memory(), []
    for end in range(1, len(everything) + step, step):
        found += memory.new(*reversed(everything[max(0, min(end, len(everything)) - max(window, step)) : end]))
    assert sorted(found, key=int) == [str(number) for number in range(len(everything))]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("/a?sid=0a1b2c3d4e5f", "/a?sid=ffee00112233aa", True),
        ("/s/0a1b2c3d4e5f/a", "/s/ffee00112233/a", True),
        ("/a?id=17", "/a?id=18", False),
        ("/a?day=2026-11-24", "/a?day=2026-11-25", False),
        ("/a?day=20261124", "/a?day=20261125", False),
        ("/weekly-roundup-24", "/weekly-roundup-25", False),
        ("/a?sid=0a1b2c3d4e5f", "/a", False),
        ("/a?sid=0a1b2c3d4e5f", "/b?sid=0a1b2c3d4e5f", False),
    ],
)
def test_only_random_signs_may_differ(one, other, same):
    assert only_tokens_differ("http://x.example" + one, "http://x.example" + other) is same
