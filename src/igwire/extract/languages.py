"""The reader of languages: py3langid, restricted to the languages of the field, with its tables kept unpacked on the disk.

Its model is 68 MB in an archive that takes half a second to unpack, in each process. Unpacked once into the user's cache folder
(`~/.cache/igwire`, 55 MB) it is mapped instead: in 20 ms, and in memory once for all processes. Where the folder cannot be
written, or holds something else, the archive is unpacked as before. The folder may be deleted at any time.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

# Languages of the catalogue's regions; a closed list keeps rare languages from stealing short English texts.
_CODES = "en fr es de pt it nl ru uk ar fa tr hi id zh ja ko pl cs sk ro hu bg sr hr sl el he sv da nb fi et lv lt vi th ur bn ms sw ca bs gu ta te kn ml mr pa ne si km lo ka hy am az kk ky mn ps ku is ga mt eu gl sq mk xh zu"
LANGUAGES = _CODES.split()
# Tables of the identifier that are mapped, and attributes that are small enough to be read.
_TABLES = {"nb_ptc": "<f2", "nb_pc": "<f4", "tk_nextmove": "<u4", "tk_row": "<u2", "tk_output": "<i4"}


@lru_cache(maxsize=1)
def loading() -> Future[Any]:
    """The identifier, loaded on a thread: should it have to be unpacked, the first page's parsing need not wait for it."""
    threads = ThreadPoolExecutor(1)
    found = threads.submit(load)
    threads.shutdown(wait=False)
    return found


def load(cache: Path | None = None) -> Any:
    """The identifier (`classify(text)` gives code and probability), from the folder `cache` (None: the user's) or unpacked and kept there."""
    with suppress(OSError, RuntimeError):
        # The home folder may be unknown.
        folder = (cache or Path.home() / ".cache" / "igwire") / _name()
        with suppress(OSError, ValueError, KeyError, TypeError):
            return _mapped(folder)
        # What is there and cannot be read is replaced.
        shutil.rmtree(folder, ignore_errors=True)
        identifier = _unpacked()
        with suppress(OSError, ValueError, TypeError):
            _keep(identifier, folder)
        return identifier
    return _unpacked()


@lru_cache(maxsize=1)
def _name() -> str:
    """Another release or another choice of languages gets another folder."""
    return f"py3langid-{version('py3langid')}-{sha256(_CODES.encode()).hexdigest()[:8]}"


def _unpacked() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([code for code in LANGUAGES if code in identifier.labels])
    return identifier


def _mapped(folder: Path) -> Any:
    import numpy as np
    from py3langid.langid import LanguageIdentifier

    facts = json.loads((folder / "facts.json").read_text("utf-8"))
    tables = {}
    for name, kind in _TABLES.items():
        tables[name] = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        if list(tables[name].shape) != facts["shapes"][name] or tables[name].dtype != np.dtype(kind):
            raise ValueError(f"{folder} holds other tables")
    # Plain numbers come out of a memoryview in a third of the time that numpy takes.
    moves = memoryview(tables["tk_nextmove"])
    return LanguageIdentifier(
        tables["nb_ptc"], tables["nb_pc"], facts["classes"], moves, tables["tk_output"].tolist(), norm_probs=True, tk_row=tables["tk_row"].tolist()
    )


def _keep(identifier: Any, folder: Path) -> None:
    """Write the tables beside their place and put them there in one step: another process may be doing the same."""
    import numpy as np

    tables = {name: np.asarray(getattr(identifier, name)) for name in _TABLES}
    if any(tables[name].dtype.kind != kind[1] and tables[name].dtype.kind not in "iu" for name, kind in _TABLES.items()):
        raise TypeError("the identifier's tables are of other types than this code knows")
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    try:
        for name, kind in _TABLES.items():
            np.save(beside / f"{name}.npy", np.ascontiguousarray(tables[name].astype(kind)), allow_pickle=False)
        facts = {"classes": list(identifier.nb_classes), "shapes": {name: table.shape for name, table in tables.items()}}
        (beside / "facts.json").write_text(json.dumps(facts), "utf-8")
        beside.rename(folder)
    except OSError:
        shutil.rmtree(beside, ignore_errors=True)
