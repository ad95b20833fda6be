"""JSON documents with a format and a version: written whole, checked when read."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

LONGEST = 300  # characters of a file in an error
# Formats of saved files, by kind: a new kind of file is an entry here.
SAVED = {"autograd_tools.trace": "trace", "autograd_tools.timer": "profile"}
_FORMAT = re.compile(r'"format"\s*:\s*"([^"]*)"')


def kind_of_file(path: str | os.PathLike[str]) -> str | None:
    """Return "trace" or "profile" for a saved one, or None for any other file.

    The contents decide: a JSON object whose "format" names the kind, in any layout. A file that was
    cut off is recognized by its first lines.
    """
    with Path(path).open("rb") as file:
        start = file.read(4096)
        text = start.decode(json.detect_encoding(start), "replace").lstrip()
        if not text.startswith("{"):
            return None
        found = _FORMAT.search(text)
        if found is None or text[1 : found.start()].strip():
            try:  # "format" is not the first key
                return SAVED.get(str(json.loads(start + file.read()).get("format")))
            except (ValueError, RecursionError):
                pass
    return found and SAVED.get(found[1])


def write_document(path: str | Path, document: dict[str, Any]) -> None:
    """Write `document` as JSON to `path`, replacing the file only once all is written."""
    write_bytes(path, json.dumps(document, separators=(",", ":")).encode())


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write a temporary file, then rename it: a failure leaves the old file unchanged."""
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"cannot write {path}: there is no folder {path.parent}")
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
    except OSError as error:
        raise type(error)(error.errno, f"cannot write {path}: {error.strerror or error}") from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).chmod(path.stat().st_mode if path.exists() else 0o666 & ~_umask())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def read_document(
    path: str | Path,
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
    text = Path(path).read_bytes()
    try:
        document = json.loads(text)
    except UnicodeDecodeError:
        raise ValueError(f"{path} is a binary file, expected JSON") from None
    except (ValueError, RecursionError) as error:
        fault = f"not complete JSON; it may have been cut off: {error}" if text else "empty"
        raise ValueError(f"{path} is {fault}") from None
    kind = document.get("format") if isinstance(document, dict) else None
    if kind != format and isinstance(kind, str) and kind in SAVED:
        wanted = f"a saved {SAVED[format]}" if format in SAVED else repr(format)
        raise ValueError(f"{path} is a saved {SAVED[kind]}, expected {wanted}")
    if kind != format:
        raise ValueError(f"{path} has the format {_start(kind)}, expected {format!r}")
    found = document.get("version")
    has = f"{path} has version {_start(found)} of format {format!r}; this version reads"
    if not isinstance(found, int) or found > version:
        raise ValueError(f"{has} up to {version}; upgrade autograd_tools")
    if found < oldest:
        raise ValueError(f"{has} from {oldest}; save it again with this version of autograd_tools")
    try:
        return parse(document)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise ValueError(
            f"{path} is damaged: {type(error).__name__}: {error!s:.{LONGEST}}"
        ) from error


def _start(x: Any) -> str:
    """Return a value of a file, shortened for a message."""
    return repr(x if not isinstance(x, str) else x[:LONGEST])[:LONGEST]
