"""Output files: regular files are replaced atomically, anything else is written to.

A regular file is replaced by a temporary one beside it, `.NAME.….autograd_tools`, so that a failure
leaves the old one. Its writer holds a lock on it. A writer that was killed leaves it; the next one
of the same file finds no lock and removes it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from autograd_tools.base.text import one_line

if sys.platform != "win32":
    import fcntl
else:  # nobody can remove an open file there
    fcntl = None

AnyPath: TypeAlias = str | bytes | os.PathLike[str] | os.PathLike[bytes]

LEVEL = 6  # of compression
ENDING = ".autograd_tools"  # of temporary files
# Reasons why a file can be written into, but not replaced: its folder or its owner is another's, or
# it is mounted by itself.
FIXED = (errno.EACCES, errno.EPERM, errno.EBUSY, errno.EROFS, errno.EXDEV)
DESCRIPTORS = ("/dev/fd", "/proc/self/fd", "/proc/thread-self/fd")
SEPARATORS = tuple(filter(None, (os.sep, os.altsep)))
BINARY = getattr(os, "O_BINARY", 0)


@dataclass(frozen=True)
class FixedPath(os.PathLike[str]):
    """A path that keeps its meaning when the program changes its folder; shown as it was given."""

    given: str
    place: str

    @classmethod
    def of(cls, path: str) -> FixedPath:
        """Return the path with its present meaning; raise OSError if its folder is missing."""
        fixed = cls(path, os.path.join(os.getcwd(), path) if path else "")  # noqa: PTH109, PTH118  a Path drops / at the end
        folder = os.path.dirname(path)  # noqa: PTH120
        if folder and not os.path.isdir(folder):  # noqa: PTH112
            reason = f"there is no folder {one_line(folder)}"
            raise FileNotFoundError(f"cannot write {shown(fixed)}: {reason}")
        return fixed

    def __fspath__(self) -> str:
        return self.place

    def __str__(self) -> str:
        return self.given


def shown(path: AnyPath) -> str:
    """Return a path as the user gave it, on one line."""
    return one_line(str(path) if isinstance(path, FixedPath) else os.fsdecode(path)) or "''"


def is_regular(path: AnyPath) -> bool:
    """Return whether a file at `path` would be replaced: it is a regular one, or a new one."""
    place = os.fsdecode(path)
    if _descriptor(place) is not None:
        return False
    info = _info(place)
    return info is None or stat.S_ISREG(info.st_mode)


def write_bytes(path: AnyPath, content: bytes) -> None:
    """Write a file, compressed if its name ends in .gz.

    A regular file is replaced once all is written: a failure leaves the old one. If the user may
    write into it but not replace it, it is overwritten. A link is followed. A device or a pipe is
    written into; a pipe without a reader waits for one.

    Raises
    ------
    OSError
        If it cannot be written; the message names the file and the reason.
    ValueError
        For a path that no file can have.
    """
    if os.fsdecode(path).lower().endswith(".gz"):
        import gzip

        content = gzip.compress(content, LEVEL, mtime=0)  # the same at any time
    try:
        _write(os.fsdecode(path), content)
    except OSError as error:
        reason = error.strerror or str(error)
        found = type(error)(f"cannot write {shown(path)}: {reason}")
        found.errno = error.errno
        raise found from None
    except ValueError as error:
        raise ValueError(f"cannot write {shown(path)}: {error}") from None


def saved(text: str, path: AnyPath | None) -> str:
    """Return a text, and write it to a file if there is a path."""
    if path is not None:
        write_bytes(path, text.encode())
    return text


def _write(path: str, content: bytes) -> None:
    if not path:
        raise FileNotFoundError(errno.ENOENT, "expected the name of a file, got an empty one")
    if "\0" in path:
        raise ValueError("embedded null character, which no name can have")
    descriptor = _descriptor(path)
    if descriptor is not None:
        _flush()
        _write_into(os.dup(descriptor), content)
        return
    info = _info(path)
    if info is not None and not stat.S_ISREG(info.st_mode):
        _check_kind(info.st_mode)
        _write_into(os.open(path, os.O_WRONLY | BINARY), content)
        return
    target = os.path.realpath(path)
    folder, name = os.path.split(target)
    if info is None and path.endswith(SEPARATORS):
        raise FileNotFoundError(errno.ENOENT, f"there is no folder {one_line(path)}")
    if info is None and not os.path.isdir(folder):  # noqa: PTH112
        missing = folder if os.path.islink(path) else os.path.dirname(path)  # noqa: PTH114, PTH120
        raise FileNotFoundError(errno.ENOENT, f"there is no folder {one_line(missing)}")
    if info is not None and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, "the file is read-only")
    try:
        # Through another process's descriptor a path may lead to a file that has no name.
        if info is not None and not os.path.samestat(info, os.stat(target)):  # noqa: PTH116
            raise PermissionError(errno.EPERM, "it has no name of its own")
        _replace(folder, name, content, info)
    except OSError as error:
        if info is None or sys.platform == "win32" or error.errno not in FIXED:
            raise
        _write_into(os.open(path, os.O_WRONLY | os.O_TRUNC), content)


def _info(path: str) -> os.stat_result | None:
    """Return what stands at a path, links followed; None for nothing."""
    try:
        return os.stat(path)  # noqa: PTH116  a Path drops / at the end
    except FileNotFoundError:
        return None


def _check_kind(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    if stat.S_ISSOCK(mode):
        raise OSError(errno.ENXIO, "it is a socket")


def _descriptor(path: str) -> int | None:
    """Return the number of the open file that a path leads to, such as 1 for /dev/stdout.

    Such a path is not opened again: what the shell made of `> file` continues where it is.
    """
    if os.name != "posix":
        return None
    folders = {os.path.realpath(folder) for folder in DESCRIPTORS}
    for _ in range(40):  # links, as many as the system follows
        folder, name = os.path.split(path)
        if os.path.realpath(folder) in folders and name.isdecimal():
            return int(name)
        try:
            path = os.path.join(folder, os.readlink(path))  # noqa: PTH115, PTH118
        except OSError:
            break
    return None


def _flush() -> None:
    """Write what waits in our streams, which may lead to the same file."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError, OSError):
            stream.flush()


def _write_into(handle: int, content: bytes) -> None:
    with open(handle, "wb") as file:
        file.write(content)


def _replace(folder: str, name: str, content: bytes, old: os.stat_result | None) -> None:
    """Write a temporary file and give it the name; the old one's owner and permissions stay."""
    start = f".{name[:50]}."  # the longest names have 255 bytes
    _remove_litter(folder, start)
    with _temporary(os.path.join(folder, start), 0o666 if old is None else 0o600) as (  # noqa: PTH118
        handle,
        temporary,
    ):
        try:
            _write_into(os.dup(handle), content)  # closing reports what a network drive refuses
            if old is not None and sys.platform != "win32":
                made = os.fstat(handle)
                if (made.st_uid, made.st_gid) != (old.st_uid, old.st_gid):
                    os.fchown(handle, old.st_uid, old.st_gid)
                os.fchmod(handle, stat.S_IMODE(old.st_mode))
        finally:
            if sys.platform == "win32":
                os.close(handle)  # Windows renames closed files only
        os.replace(temporary, os.path.join(folder, name))  # noqa: PTH105, PTH118


@contextlib.contextmanager
def _temporary(start: str, mode: int) -> Iterator[tuple[int, str]]:
    """Create and lock a file, which is removed at the end unless it has got another name."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY
    while True:
        path = f"{start}{os.urandom(8).hex()}{ENDING}"
        handle = os.open(path, flags, mode)
        if sys.platform == "win32":
            break
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            break
        os.close(handle)  # another writer took it for litter before we had the lock
    try:
        yield handle, path
    finally:
        with contextlib.suppress(OSError):
            os.unlink(path)  # noqa: PTH108
        if sys.platform != "win32":
            os.close(handle)


def _remove_litter(folder: str, start: str) -> None:
    """Remove the temporary files whose writers are dead."""
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):  # noqa: PTH208
            if name.startswith(start) and name.endswith(ENDING):
                with contextlib.suppress(OSError):
                    _remove_dead(os.path.join(folder, name))  # noqa: PTH118


def _remove_dead(path: str) -> None:
    if sys.platform == "win32":  # removing an open file raises PermissionError
        os.unlink(path)  # noqa: PTH108
        return
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(path)  # noqa: PTH108
    finally:
        os.close(handle)
