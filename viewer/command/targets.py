"""Programs to run, as Python runs them: scripts, folders, zip files, modules, code, notebooks."""

from __future__ import annotations

import builtins
import importlib.machinery
import io
import linecache
import os
import runpy
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from pkgutil import get_importer, read_code
from typing import Any, NamedTuple

from autograd_tools.base.documents import kind_of_file
from viewer.command.notebook_cells import load_notebook

Names = dict[str, Any]  # the global variables of a program
Body = Callable[[], object]  # runs a program
SAVED = "saved file"
_sources: dict[str, str] = {}  # of code without a file, by the name in tracebacks
other_sources: dict[str, str] = {}  # in place of those of files, by their name
MEASURING = ("autograd_tools", "numpy")  # never loaded a second time


@dataclass(frozen=True)
class Target:
    """A program: its kind in `PROGRAMS`, its path, module or code, and its arguments.

    `hint` is a line for the user, which `script.run` prints first. With `as_autograd` the program
    gets `autograd_tools.compat` for HIPS autograd. `adapted` are the packages of `ag.adapt`.
    """

    kind: str
    name: str
    args: tuple[str, ...] = ()
    hint: str = ""
    as_autograd: bool = False
    adapted: tuple[str, ...] = ()

    def __str__(self) -> str:
        return PROGRAMS[self.kind].label.format(self.name)

    @property
    def is_path(self) -> bool:
        """True if the name is the path of a file or folder."""
        return not PROGRAMS[self.kind].word

    @property
    def stem(self) -> str:
        """The name for files about it, without an ending."""
        if self.is_path:
            return Path(self.name).stem.strip(".") or Path(self.name).resolve().name
        return self.name if self.kind == "module" else self.kind

    def load(self) -> Body:
        """Set up `sys` and `__main__` as Python does, and return a function that runs the program.

        Raise ValueError or OSError if the program cannot be read.
        """
        kind = PROGRAMS[self.kind]
        main = types.ModuleType("__main__")
        names = main.__dict__
        names.update(__annotations__={}, __builtins__=builtins)
        names.update(__loader__=importlib.machinery.BuiltinImporter)
        body = kind.load(self.name, names)
        sys.argv = [kind.word or self.name, *self.args]
        sys.modules["__main__"] = main
        if not sys.flags.safe_path:
            sys.path[0] = kind.folder(self.name)
        elif self.kind == "application":
            sys.path.insert(0, kind.folder(self.name))
        return body


def target_of(words: Sequence[str]) -> Target:
    """Return the program that words name, as after `python`; raise ValueError if there is none."""
    first, *args = words
    if first == "-":
        return Target("stdin", first, tuple(args))
    if first[:2] in WORDS:
        if not words[1:] and first in WORDS:
            raise ValueError(f"expected {EXPECTED[first]} after {first}, got nothing")
        name, *args = args if first in WORDS else [first[2:], *args]
        return Target(WORDS[first[:2]], name, tuple(args))
    if not Path(first).exists():
        raise ValueError(f"there is no file {first}")
    paths = (name for name, kind in PROGRAMS.items() if not kind.word and kind.fits(first))
    return Target(next(paths), first, tuple(args))


@contextmanager
def replaced_modules(folder: str) -> Iterator[None]:
    """Unload the modules of ours that the program's folder has itself, for the time of a block.

    Python would find those of the folder, because it has not yet imported what we have.
    """
    tops = {name.partition(".")[0] for name in sys.modules} - {*MEASURING, "__main__"}
    theirs = {name for name in tops if _is_replaced(name, folder or str(Path.cwd()))}
    ours = {name: sys.modules[name] for name in sys.modules if name.partition(".")[0] in theirs}
    for name in ours:
        del sys.modules[name]
    try:
        yield
    finally:
        sys.modules.update(ours)


def _is_replaced(name: str, folder: str) -> bool:
    """Return whether `folder` has a module that is not the one of this name that is loaded."""
    # Python imports the frozen modules, such as `os`, before it looks into the folder.
    if name in sys.builtin_module_names or importlib.machinery.FrozenImporter.find_spec(name):
        return False
    return _has(folder, name, getattr(sys.modules.get(name), "__file__", None))


def _has(folder: str, name: str, other: str | None = None) -> bool:
    """Return whether a folder or zip file has a module, in another file than `other`."""
    try:
        spec = importlib.machinery.PathFinder.find_spec(name, [folder])
    except SyntaxError:  # of the module, which is compiled if it is in a zip file
        return True
    return spec is not None and spec.loader is not None and spec.origin != other


def _absolute(path: str) -> str:
    """Return an absolute path as Python makes it, which keeps `./` and `..`."""
    return os.path.join(os.getcwd(), path)  # noqa: PTH109, PTH118


def _parent(path: str) -> str:
    return str(Path(path).resolve().parent)


def _load_script(path: str, names: Names) -> Body:
    file = _absolute(path)
    with io.open_code(path) as stream:
        content = stream.read()
    compiled = read_code(io.BytesIO(content))
    if compiled is None and path.endswith(".pyc"):
        raise ValueError(f"{path} is not bytecode of Python {sys.version.split()[0]}")
    loader = "SourceFileLoader" if compiled is None else "SourcelessFileLoader"
    names.update(__file__=file, __cached__=None)
    names.update(__loader__=getattr(importlib.machinery, loader)("__main__", file))
    return lambda: exec(compiled or _compiled(content, file), names)


def _load_stdin(name: str, names: Names) -> Body:
    content = sys.stdin.buffer.read()
    names.update(__file__="<stdin>", __cached__=None)

    def run() -> None:
        _execute(content.decode(errors="replace"), _compiled(content, "<stdin>"), names)
        del names["__file__"], names["__cached__"]

    return run


def _execute(source: str, code: types.CodeType, names: Names) -> None:
    """Execute code without a file; `show_lines` shows its lines."""
    _sources[code.co_filename] = source
    if sys.version_info >= (3, 13) and code.co_filename == "<string>":
        show_lines()  # for tracebacks, as Python itself does
    exec(code, names)


def show_lines() -> None:
    """Let reports show the lines of code without a file, once its tracebacks are printed."""
    for file, source in _sources.items():
        linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file


def _compiled(content: bytes | str, file: str) -> types.CodeType:
    return compile(other_sources.get(file, content), file, "exec", dont_inherit=True)


def _load_code(code: str, names: Names) -> Body:
    return lambda: _execute(code, _compiled(code, "<string>"), names)


def _load_module(name: str, names: Names) -> Body:
    return lambda: _as_main(name, True)


def _load_application(path: str, names: Names) -> Body:
    if not _has(path, "__main__"):
        raise ValueError(f"there is no __main__.py in {path}")
    return lambda: _as_main("__main__", False)


def _is_saved(path: str) -> bool:
    """Return whether a path is that of a saved trace or profile, or means to be."""
    # What is no regular file can be read only once, by its program.
    return Path(path).is_file() and (path.endswith(".json") or kind_of_file(path) is not None)


def _load_saved(path: str, names: Names) -> Body:
    raise ValueError(f"expected a script to run, got {path}, a saved file")


# The function that Python itself calls. `run_module` and `run_path` of the same module make another
# `__main__`, which is gone when functions of `atexit` run.
_as_main: Callable[[str, bool], object] = runpy._run_module_as_main  # type: ignore[attr-defined]


class Kind(NamedTuple):
    """A kind of program.

    `word` stands before its name on the command line, and `label` names it in messages. `folder`
    returns the first entry of `sys.path` for a name. `load` sets global variables, and returns a
    function that runs the program in them. `fits` tells whether a path is of this kind.
    """

    word: str
    label: str
    folder: Callable[[str], str]
    load: Callable[[str, Names], Body]
    fits: Callable[[str], bool] = lambda path: True


# The kinds of programs; the first that fits a path is taken. To add one, add an entry.
PROGRAMS: dict[str, Kind] = {
    "module": Kind("-m", "-m {}", lambda name: str(Path.cwd()), _load_module),
    "code": Kind("-c", "-c", lambda name: "", _load_code),
    "stdin": Kind("-", "standard input", lambda name: "", _load_stdin),
    SAVED: Kind("", "{}", _parent, _load_saved, _is_saved),
    "notebook": Kind("", "{}", _parent, load_notebook, lambda path: path.endswith(".ipynb")),
    "application": Kind(
        "", "{}", _absolute, _load_application, lambda path: bool(get_importer(path))
    ),
    "script": Kind("", "{}", _parent, _load_script),
}
EXPECTED = {"-m": "a module", "-c": "code"}
WORDS = {kind.word: name for name, kind in PROGRAMS.items() if len(kind.word) == 2}
