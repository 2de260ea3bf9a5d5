"""All that extracting a page needs, loaded by importing this module: for a fork server, whose workers then begin with it (`isolate`)."""

from __future__ import annotations

import os
import threading
from importlib import import_module


def _load() -> None:
    # Numpy's algebra would start threads of its own, and a process with threads is none to fork.
    os.putenv("OPENBLAS_NUM_THREADS", "1")
    before = set(threading.enumerate())
    for name in ("numpy", "lxml.html", "selectolax.lexbor", "trafilatura", "htmldate", "py3langid.langid"):
        import_module(name)
    from igwire.extract import article, languages
    from igwire.urls import domain_of

    article.stamp()
    # One page in fifty asks for the list of public suffixes, whose reader takes as long to start as three pages to read.
    domain_of("example.org")
    languages.loading().result()
    for thread in set(threading.enumerate()) - before:
        thread.join()


_load()
