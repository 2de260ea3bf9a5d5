"""Credits of agencies and press releases, and texts that only talk about them."""

from __future__ import annotations

import pytest

from igwire.enrich.syndication import credit_of

BODY = " The board decided on the root zone, and Reuters was first to say so, as AFP and Business Wire later wrote." + " More of it." * 60


@pytest.mark.parametrize(
    ("text", "authors", "kind", "agency"),
    [
        ("GENEVA (Reuters) - Delegates met." + BODY, (), "wire", "Reuters"),
        ("PARIS, 5 Jan 2026 (AFP) – Delegates met." + BODY, (), "wire", "Agence France-Presse"),
        ("WASHINGTON (AP) — Delegates met." + BODY, (), "wire", "Associated Press"),
        ("新华社北京1月5日电 代表们开会。" + BODY, (), "wire", "Xinhua"),
        ("Delegates met." + BODY + "\n© 2026 AFP", (), "wire", "Agence France-Presse"),
        ("Delegates met." + BODY + "\nSource: Xinhua", (), "wire", "Xinhua"),
        ("Delegates met." + BODY, ("Reuters",), "wire", "Reuters"),
        ("LONDON, Jan. 5, 2026 /PRNewswire/ -- Alpha Inc sells names." + BODY, (), "press_release", "PR Newswire"),
        ("SAN FRANCISCO--(BUSINESS WIRE)--Alpha Inc sells names." + BODY, (), "press_release", "Business Wire"),
        ("FOR IMMEDIATE RELEASE\nAlpha Inc sells names." + BODY, (), "press_release", None),
    ],
)
def test_credits(text, authors, kind, agency):
    found = credit_of(text, authors)
    assert found is not None
    assert (found.kind, found.agency) == (kind, agency)


@pytest.mark.parametrize("text", ["", "Reuters reported on Tuesday that delegates met." + BODY, "AP exams begin." + BODY, "Delegates met." + BODY])
def test_texts_that_only_talk_about_agencies(text):
    assert credit_of(text, ("Jane Doe",)) is None
