"""Every error that igwire raises, as one tree.

IgwireError
├── UsageError            the caller asked for something that cannot be; exit code 2
│   ├── ConfigError       a setting is missing or wrong; names the variable
│   ├── CatalogueError    a catalogue or knowledge-base file is malformed; names file and line
│   └── QueryError        a search query cannot be read; carries the position and a hint
├── BadUrl                a URL that must not be fetched or stored; carries the reason
├── FetchError            one request failed; carries URL and a reason from `FETCH_REASONS`
├── ContentError          one body cannot be read (feed, page, PDF); carries the reason
├── StoreError            the raw store cannot give or take a record; names segment and offset
├── LedgerError           the ledger refused; a lost lease is `LeaseLost`
│   └── LeaseLost
├── Unfinished            a task of a backfill used up its time; its next try goes on where it stopped
└── Unavailable           a whole service is away (Elasticsearch, ledger); `worth_retrying` is true

A bad page is a *value* in the report (a `Disposition`), never an exception that crosses a batch. An exception that
leaves a stage means "retry the batch", and only `Unavailable` is worth that.
"""

from __future__ import annotations


class IgwireError(Exception):
    """Base of all errors of igwire; `str()` is a sentence for people that says what to do."""

    worth_retrying = False


class UsageError(IgwireError):
    """The caller asked for something that cannot be."""


class ConfigError(UsageError):
    """A setting is missing or wrong."""


class CatalogueError(UsageError):
    """A data file of the project or the user is malformed.

    `file` and `line` (1-based, or None when the whole file is meant) tell where.
    """

    def __init__(self, message: str, *, file: str, line: int | None = None) -> None:
        where = file if line is None else f"{file}:{line}"
        super().__init__(f"{where}: {message}")
        self.file = file
        self.line = line


class QueryError(UsageError):
    """A search cannot be read; `position` is the 0-based character of the query (None: the fault lies elsewhere), `hint` says how to write it."""

    def __init__(self, message: str, *, hint: str, position: int | None = None) -> None:
        where = "" if position is None else f" at character {position + 1}"
        super().__init__(f"{message}{where}. {hint}")
        self.message = message
        self.position = position
        self.hint = hint


class BadUrl(IgwireError):
    """A URL that must not be fetched or stored; `reason` is one word of the contract (`scheme`, `no_host`, …)."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"refused URL ({reason}): {url[:300]!r}")
        self.url = url
        self.reason = reason


class FetchError(IgwireError):
    """One request failed.

    `reason` is one word (`blocked_address`, `bad_redirect`, `too_many_redirects`, `deadline`, `too_large`, `decode_error`,
    `short_body`, `connection`, `tls`, `dns`, `bad_response`, `downgrade`); `detail` a sentence.
    """

    def __init__(self, url: str, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {url[:300]}" + (f" ({detail})" if detail else ""))
        self.url = url
        self.reason = reason
        self.detail = detail


class Elsewhere(FetchError):
    """The answer is a redirect to another host, which has a slot, a budget and a robots file of its own: whoever asks goes on there.

    `target` is where it leads, `hops` every address left so far with its status, oldest first.
    """

    def __init__(self, target: str, hops: tuple[tuple[int, str], ...]) -> None:
        super().__init__(hops[-1][1], "elsewhere", f"redirects to another host: {target[:300]}")
        self.target = target
        self.hops = hops


class ContentError(IgwireError):
    """One body cannot be read; `reason` is one word (`not_a_feed`, `too_deep`, `parser_timeout`, …)."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class StoreError(IgwireError):
    """The raw store cannot give or take a record; the message names segment and offset."""


class LedgerError(IgwireError):
    """The ledger refused an operation."""


class LeaseLost(LedgerError):
    """Another worker took over the lease: stop, the work is in other hands."""


class Unfinished(IgwireError):
    """A task used up its time and has more to do: no fault, its next try goes on."""

    worth_retrying = True


class Unavailable(IgwireError):
    """A whole service is away; what was fetched is kept and the next run goes on."""

    worth_retrying = True
