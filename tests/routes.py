"""Every address of the search page's application, made from its routes: a new route is looked at without anybody thinking of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from string import Formatter

from fastapi import FastAPI
from fastapi.routing import APIRoute


def addresses(app: FastAPI, samples: Mapping[str, Sequence[str]], queries: Sequence[str]) -> Iterator[str]:
    """Each route with all values that `samples` has for its parameters, as it is and with each of the `queries`."""
    for route in app.routes:
        if not isinstance(route, APIRoute):
            assert route.path == "/static", f"{route.path} is no plain route: say here how it is asked"
            continue
        names = [name for _, name, *_ in Formatter().parse(route.path_format) if name]
        missing = set(names) - samples.keys()
        assert not missing, f"{route.path_format} has a parameter without a sample: {missing}; add one to the tests that walk all routes"
        for values in product(*(samples[name] for name in names)):
            path = route.path_format.format(**dict(zip(names, values, strict=True)))
            yield from (f"{path}{query}" for query in ("", *queries))
