"""Named places at which a test may end the process, as a power cut or kill -9 would: see tests/soak/test_kill_loop.py.

Nothing in the package arms them; an unarmed one costs a look at an empty dictionary.
"""

from __future__ import annotations

import os
import signal

# Each with what it leaves behind.
NAMES = {
    "raw_written": "answers are in the raw store, and the ledger does not know it",
    "sealing": "a segment is whole, and still has the name of an open one",
    "before_commit": "a transaction is complete, and is rolled back",
    "after_commit": "a transaction is committed, and nobody acts on it",
    "bulk_sent": "Elasticsearch has taken documents, and the ledger does not know it",
}
# As NAMES; a run does not pass them.
OF_CARE = {
    "erasing": "a step of an erasure is done, and the next one is not",
    "rewriting": "a segment without the erased records is whole, and the old one is still in its place",
    "migrating": "every migration is done, and none is committed",
    "applying": "templates are there, and the index of one kind is not",
    "swapping": "a new index is whole, and the aliases still point to the old one",
    "swapped": "the aliases point to the new index, and nobody has looked for what was written meanwhile",
}
_armed: dict[str, int] = {}


def arm(name: str, passes: int = 0) -> None:
    """End this process at the place `name`, after it was passed so many times. Raises KeyError for an unknown name."""
    if name not in NAMES | OF_CARE:
        raise KeyError(f"no failpoint {name!r}; there are {', '.join(NAMES | OF_CARE)}")
    _armed[name] = passes


def reach(name: str) -> None:
    """The place `name` is reached."""
    if name not in _armed:
        return
    if _armed[name] <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
    _armed[name] -= 1
