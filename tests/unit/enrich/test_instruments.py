from __future__ import annotations

import time

import pytest

from igwire.enrich.instruments import instruments


@pytest.mark.parametrize(
    ("text", "kind", "surface"),
    [
        ("published as RFC 9114 in June", "instrument", "RFC 9114"),
        ("see draft-ietf-dnsop-svcb-https-12 for this", "instrument", "draft-ietf-dnsop-svcb-https-12"),
        ("General Assembly document A/RES/70/125 says", "instrument", "A/RES/70/125"),
        ("Human Rights Council report A/HRC/47/24 found", "instrument", "A/HRC/47/24"),
        ("under resolution 2713 (2023) of the Council", "instrument", "resolution 2713 (2023)"),
        ("Regulation (EU) 2022/2065 applies", "instrument", "Regulation (EU) 2022/2065"),
        ("Directive 2000/31/EC protects hosts", "instrument", "Directive 2000/31/EC"),
        ("the House passed H.R. 7521 in March", "instrument", "H.R. 7521"),
        ("Bill C-63 died on the order paper", "instrument", "Bill C-63"),
        ("o PL 2630/2020 foi adiado", "instrument", "PL 2630/2020"),
        ("закон 149-ФЗ изменён", "instrument", "149-ФЗ"),
        ("comments in WC Docket No. 17-108 closed", "instrument", "WC Docket No. 17-108"),
        ("in Case C-311/18 the court held", "instrument", "Case C-311/18"),
        ("the hole, CVE-2021-44228, was open", "identifier", "CVE-2021-44228"),
        ("announced by AS12479 for hours", "identifier", "AS12479"),
        ("the prefix 203.0.113.0/24 vanished", "identifier", "203.0.113.0/24"),
        ("whoever owns example.org today", "identifier", "example.org"),
    ],
)
def test_each_form_is_found_whole(text, kind, surface):
    assert [(f.type, text[f.start : f.end]) for f in instruments(text)] == [(kind, surface)]


@pytest.mark.parametrize("text", ["write to desk@example.org", "It ended.In time", "as of 2015", "pages 3-4", "version 1.2.3", "https://example.org/page"])
def test_what_only_looks_like_one(text):
    assert instruments(text) == []


@pytest.mark.parametrize("text", ["a." * 300_000, "draft-" + "a-" * 300_000, "A/" * 300_000, "1." * 300_000, "AS1" * 200_000, "resolution 1/" * 60_000])
def test_hostile_text_takes_linear_time(text):
    start = time.process_time()
    instruments(text)
    assert time.process_time() - start < 5
