"""JSON documents with a format and a version: written atomically, checked when read."""

from __future__ import annotations

import io
import os
import re
import stat
from collections.abc import Callable
from typing import IO, Any, TextIO, TypeVar

from autograd_tools.base.output import AnyPath, shown, write_bytes

T = TypeVar("T")

LONGEST = 300  # characters of a file in an error
# What `parse` may raise for data of a wrong type, range, length or depth.
DAMAGE = (TypeError, ValueError, AttributeError, LookupError, OverflowError, RecursionError)
MAGIC = b"\x1f\x8b"  # the first bytes of a compressed file
START = 4096  # characters in which the first key of a document stands
# Formats of saved files, by kind: a new kind of file is an entry here.
SAVED = {
    "autograd_tools.trace": "trace",
    "autograd_tools.timer": "profile",
    "autograd_tools.history": "history",
}
_FORMAT = rf'"format"\s*:\s*"(?:{"|".join(map(re.escape, SAVED))})"'
_FIRST = r'\{\s*"format"\s*:\s*"([^"]*)"'


def kind_of_file(path: str | os.PathLike[str]) -> str | None:
    """Return "trace", "profile" or "history" for a saved one, or None for any other file.

    The contents decide: a JSON object whose "format" names the kind, in any layout. A file that was
    cut off is recognized by its first lines. A pipe is not read, for its bytes come only once.
    """
    import json
    from pathlib import Path

    if not stat.S_ISREG(Path(path).stat().st_mode):
        return None
    try:
        with _opened(path) as file:
            encoding = json.detect_encoding(file.read(4))
        with _opened(path) as file:
            text = io.TextIOWrapper(file, encoding, errors="replace")
            start = text.read(START).lstrip()
            first = re.match(_FIRST, start)
            if first is not None:
                return SAVED.get(first[1])
            if not start.startswith("{") or not _mentions(text, start):
                return None
        with _opened(path) as file:  # "format" is not the first key
            found = json.load(file)["format"]
    except (ValueError, RecursionError, KeyError):
        return None
    except _packing():
        return None
    return SAVED.get(found) if isinstance(found, str) else None


def _mentions(text: TextIO, part: str) -> bool:
    """Return whether a format of ours is in `part` or in the rest of a text, read bit by bit."""
    before = ""
    while part:
        if re.search(_FORMAT, before + part):
            return True
        before, part = part[-LONGEST:], text.read(1 << 20)
    return False


def write_document(path: AnyPath, document: dict[str, Any]) -> None:
    """Write `document` as JSON to `path`, as `write_bytes` does."""
    import json

    write_bytes(path, json.dumps(document, separators=(",", ":")).encode())


def _packing() -> tuple[type[Exception], ...]:
    """Return the errors of a file that is not completely compressed."""
    import gzip
    import zlib

    return (EOFError, gzip.BadGzipFile, zlib.error)


def _opened(path: str | os.PathLike[str]) -> IO[bytes]:
    """Open a file to read, unpacked if it is compressed, whatever its name."""
    import gzip
    from pathlib import Path

    with Path(path).open("rb") as file:
        is_packed = file.read(2) == MAGIC
    return gzip.open(path) if is_packed else Path(path).open("rb")  # type: ignore[return-value]


def read_document(
    path: str | os.PathLike[str],
    format: str,
    version: int,
    parse: Callable[[dict[str, Any]], T],
    *,
    oldest: int = 0,
) -> T:
    """Read a file of `write_document`, check its `format` and `version`, and `parse` it.

    Raise ValueError if the file is damaged, of another format, newer than `version`, or older than
    `oldest`.
    """
    import json

    name = shown(path)
    try:
        with _opened(path) as file:
            text = file.read()
    except _packing() as error:
        raise ValueError(f"{name} is not completely compressed: {error}") from None
    try:
        document = json.loads(text)
    except UnicodeDecodeError:
        raise ValueError(f"{name} is a binary file, expected JSON") from None
    except (ValueError, RecursionError) as error:
        fault = f"not complete JSON; it may have been cut off: {error}" if text else "empty"
        raise ValueError(f"{name} is {fault}") from None
    kind = document.get("format") if isinstance(document, dict) else None
    if kind != format:
        is_ours = isinstance(kind, str) and kind in SAVED
        is_what = f"is a saved {SAVED[str(kind)]}" if is_ours else f"has the format {_start(kind)}"
        is_what = "has no format" if kind is None else is_what
        wanted = f"a saved {SAVED[format]}" if format in SAVED else f"the format {format!r}"
        raise ValueError(f"{name} {is_what}, expected {wanted}")
    found = document.get("version")
    has = f"{name} has version {_start(found)} of format {format!r}; this version reads"
    if not isinstance(found, int) or found > version:
        raise ValueError(f"{has} up to {version}; upgrade autograd_tools")
    if found < oldest:
        raise ValueError(f"{has} from {oldest}; save it again with this version of autograd_tools")
    try:
        return parse(document)
    except DAMAGE as error:
        raise ValueError(
            f"{name} is damaged: {type(error).__name__}: {error!s:.{LONGEST}}"
        ) from error


def _start(x: Any) -> str:
    """Return a value of a file, shortened for a message."""
    return repr(x if not isinstance(x, str) else x[:LONGEST])[:LONGEST]
