"""Where a redirect leads."""

from __future__ import annotations

import contextlib

import pytest

from igwire.errors import Elsewhere, FetchError
from igwire.fetch.redirects import next_hop
from igwire.urls import slot_host


def hops(*urls: str):
    return tuple((301, url) for url in urls)


@pytest.mark.parametrize("location", ["/b", "https://x.example/a", "http://www.x.example/a", "http://x.example:8080/a"])
def test_the_same_host_is_followed(location):
    assert slot_host(next_hop(hops("http://x.example/a"), location)) == "x.example"


@pytest.mark.parametrize("location", ["http://y.example/", "//blog.x.example/", "http://93.184.216.34/"])
def test_another_host_is_handed_back(location):
    with pytest.raises(Elsewhere) as met:
        next_hop(hops("http://x.example/a"), location)
    assert met.value.hops == hops("http://x.example/a")
    assert next_hop(hops("http://x.example/a"), location, across=True) == met.value.target


def test_hops_are_counted_over_all_hosts():
    five = hops(*(f"http://{name}.example/" for name in "abcde"))
    with pytest.raises(Elsewhere):
        next_hop(five, "http://f.example/")
    with pytest.raises(FetchError, match="more than 5"):
        next_hop((*five, (301, "http://f.example/")), "http://g.example/")


def test_a_circle_ends_at_once():
    with pytest.raises(FetchError, match="circle") as met:
        next_hop(hops("http://x.example/", "http://y.example/"), "http://x.example/")
    assert met.value.reason == "too_many_redirects"


@pytest.mark.parametrize("location", ["http://x.example/b", "http://y.example/", "//x.example/b"])
def test_no_redirect_leads_out_of_https_where_nothing_else_is_wanted(location):
    clear = location.startswith("http:")
    with pytest.raises(FetchError, match="only asked by https") if clear else contextlib.nullcontext():
        next_hop(hops("https://x.example/a"), location, across=True, https_only=True)
