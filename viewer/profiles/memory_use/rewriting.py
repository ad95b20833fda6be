"""The lines to change: calls wrapped in `ag.checkpoint`, and loops that run in parts."""

from __future__ import annotations

import ast
import builtins
import functools
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from viewer.profiles.memory_use.program_parts import Part

PACKAGE, AG = "autograd_tools", "ag"
LEAVES_EARLY = (ast.Break, ast.Return, ast.Yield, ast.YieldFrom, ast.Await)
Around = ast.FunctionDef | ast.Module
SCOPES_WITH_NAMES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
SCOPES = (*SCOPES_WITH_NAMES, ast.Lambda)
IMPORTS = (ast.Import, ast.ImportFrom)
BUILT_IN = frozenset(dir(builtins))
METHODS = frozenset(name for kind in (np.ndarray, list, dict, str) for name in dir(kind))


class Unchangeable(Exception):  # noqa: N818  a reason rather than an error
    """The reason why a part cannot be wrapped."""


@dataclass(frozen=True)
class Change:
    """Lines of a file before and after parts in them are wrapped: calls on one line, or a loop.

    With `needs_import`, the file does not import autograd_tools yet.
    """

    parts: tuple[Part, ...]
    before: str
    after: str
    needs_import: bool = False

    @property
    def file(self) -> str:
        """The file that changes."""
        return self.parts[0].file

    @property
    def line(self) -> int:
        """The first line that changes."""
        return self.parts[0].line


def change_of(parts: tuple[Part, ...], source: str, name: str = "") -> Change:
    """Return the change of a source that wraps calls on a line or a loop.

    `name` is that of autograd_tools, by default as in the source. Raise Unchangeable for a part
    that cannot be found or wrapped.
    """
    tree = _tree(source)
    if tree is None:
        raise Unchangeable("its source cannot be read")
    own = _name_of_package(tree)
    make = _loop_in_parts if parts[0].steps else _wrapped
    before, after = make(parts, source, tree, name or own or AG)
    return Change(parts, before, after, not own)


@functools.lru_cache(16)
def _tree(source: str) -> ast.Module | None:
    try:
        return ast.parse(source) if source else None
    except (SyntaxError, ValueError):
        return None


def _name_of_package(tree: ast.Module) -> str:
    """Return the name under which a module imports autograd_tools, if it does."""
    imports = (node for node in tree.body if isinstance(node, ast.Import))
    names = (alias for node in imports for alias in node.names)
    return next((n.asname or n.name for n in names if n.name == PACKAGE), "")


def changed(source: str, changes: Iterable[Change], name: str) -> str:
    """Return a source with changes, and `name` for autograd_tools; later lines move down."""
    lines = source.split("\n")
    named = (change_of(change.parts, source, name) for change in changes)
    for change in sorted(named, key=lambda change: -change.line):
        size = change.before.count("\n") + 1
        lines[change.line - 1 : change.line - 1 + size] = change.after.split("\n")
    return "\n".join(lines)


# Calls.


def _wrapped(parts: tuple[Part, ...], source: str, tree: ast.Module, name: str) -> tuple[str, str]:
    """Return a line before and after calls on it are wrapped."""
    line = parts[0].line
    before = source.split("\n")[line - 1]
    after = before.encode()
    called = {node.func for part in parts for node in _calls_of(part, tree)}
    for node in sorted(called, key=lambda node: -node.col_offset):
        start, end = node.col_offset, node.end_col_offset or 0
        if node.end_lineno != line:
            raise Unchangeable("the called function is an expression of several lines")
        wrapped = f"{name}.checkpoint(".encode() + after[start:end] + b")"
        after = after[:start] + wrapped + after[end:]
    return before, after.decode()


def _calls_of(part: Part, tree: ast.Module) -> list[ast.Call]:
    """Return the calls of a function on a line."""
    short = part.name.rpartition(".")[2]
    if any(_is_generator(node) for node in ast.walk(tree) if getattr(node, "name", "") == short):
        raise Unchangeable(f"{short} is a generator or a coroutine")
    on_line = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.lineno == part.line
    ]
    named = [node for node in on_line if _name_of(node.func) == short]
    is_class = short.lstrip("_")[:1].isupper()
    if is_class and not named:
        named = [node for node in on_line if _may_be_instance(node.func, tree)]
    if not named and len(on_line) != 1:
        what = f"{short} or an instance of it" if is_class else short
        raise Unchangeable(f"no call of {what} is on this line")
    return named or on_line


def _may_be_instance(called: ast.expr, tree: ast.Module) -> bool:
    """Return whether an expression may be an instance, whose class is the name of its call.

    It is neither of an imported module, nor a function or class of the source, nor built in.
    """
    if _name_of(called) in (BUILT_IN if isinstance(called, ast.Name) else METHODS):
        return False
    whole = [*ast.walk(tree)]
    defined = {node.name for node in whole if isinstance(node, SCOPES_WITH_NAMES)}
    names = (alias for node in whole if isinstance(node, IMPORTS) for alias in node.names)
    modules = {(alias.asname or alias.name).partition(".")[0] for alias in names}
    first = called
    while isinstance(first, (ast.Attribute, ast.Subscript)):
        first = first.value
    return (
        isinstance(first, ast.Name) and first.id not in modules and _name_of(called) not in defined
    )


def _is_generator(node: ast.AST) -> bool:
    if isinstance(node, ast.AsyncFunctionDef):
        return True
    return isinstance(node, ast.FunctionDef) and any(
        isinstance(inner, (ast.Yield, ast.YieldFrom)) for inner in _own(node.body)
    )


def _name_of(node: ast.AST) -> str:
    return getattr(node, "attr", getattr(node, "id", ""))


# Loops.


def _loop_in_parts(
    parts: tuple[Part, ...], source: str, tree: ast.Module, name: str
) -> tuple[str, str]:
    """Return a loop, and the same with its body as a function of a part of its items."""
    (part,) = parts
    loop, around = _find_loop(part, tree)
    _check_body(loop)
    before = _Before(loop, around)
    carried, given = before.carried(), before.given()
    lines = source.encode().splitlines()
    indent = lines[loop.lineno - 1][: loop.col_offset].decode()
    target, items = (ast.get_source_segment(source, node) for node in (loop.target, loop.iter))
    results, arguments = ", ".join(carried), ", ".join([*carried, *given])
    function, all_items, start = (_free(word, tree) for word in ("part", "items", "start"))
    after = [
        f"def {function}({all_items}, {arguments}):",
        f"    for {target} in {all_items}:",
        textwrap.indent(_body(loop, lines), " " * 8),
        f"    return {results}",
        "",
        f"{all_items} = list({items})",
        f"for {start} in range(0, len({all_items}), {part.steps}):",
        f"    {results} = {name}.checkpoint({function})(",
        f"        {all_items}[{start} : {start} + {part.steps}], {arguments}",
        "    )",
    ]
    old = b"\n".join(lines[loop.lineno - 1 : loop.end_lineno]).decode()
    return old, textwrap.indent("\n".join(after), indent)


def _find_loop(part: Part, tree: ast.Module) -> tuple[ast.For, Around]:
    """Return the loop on a line, and the function around it."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.Module)):
            for inner in _own(node.body):
                if isinstance(inner, ast.For) and inner.lineno == part.line:
                    return inner, node
    raise Unchangeable("no `for` statement begins on this line")


def _check_body(loop: ast.For) -> None:
    """Raise Unchangeable for a body that does more than to compute values."""
    inside = [*_own(loop.body)]
    own = set(_names(inside, ast.Store))
    if loop.orelse:
        raise Unchangeable("it has an `else`")
    for node in inside:
        if isinstance(node, LEAVES_EARLY):
            word = type(node).__name__.lower().replace("from", "")
            raise Unchangeable(f"its body has a `{word}`")
        if isinstance(node, (ast.Global, ast.Nonlocal, ast.Delete)):
            raise Unchangeable("its body has a `global`, `nonlocal` or `del`")
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            name = _name_of(node.value.func)
            if name != "print":
                raise Unchangeable(f"its body calls {name} for an effect, which would happen twice")
        if isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, ast.Store):
            base = next((n.id for n in ast.walk(node) if isinstance(n, ast.Name)), "")
            if base not in own:
                raise Unchangeable(f"its body writes into {base}")
        if isinstance(node, ast.Constant) and node.lineno != node.end_lineno:
            raise Unchangeable("its body has a string of several lines")


def _body(loop: ast.For, lines: Sequence[bytes]) -> str:
    first = loop.body[0]
    if first.lineno == loop.lineno:
        return lines[first.lineno - 1][first.col_offset :].decode()
    return textwrap.dedent(b"\n".join(lines[loop.lineno : loop.end_lineno]).decode())


class _Before:
    """The variables around a loop."""

    def __init__(self, loop: ast.For, around: Around) -> None:
        inside, whole = {*ast.walk(loop)}, [*_own(around.body)]
        rest = [node for node in whole if node not in inside]
        arguments = getattr(around, "args", None)
        bound = (
            {node.arg for node in ast.walk(arguments) if isinstance(node, ast.arg)}
            if arguments
            else set()
        )
        self.bound = bound | {*_names([n for n in rest if _line(n) < loop.lineno], ast.Store)}
        self.after = {*_names([n for n in rest if _line(n) > loop.lineno], ast.Store)}
        self.later = {*_names(rest, ast.Load)}
        self.stored = {*_names(_own([loop]), ast.Store)}
        self.loaded = {*_names(ast.walk(ast.Module(loop.body, [])), ast.Load)}

    def carried(self) -> list[str]:
        """Return the variables that the body changes for the next step, or for what follows."""
        carried = {name for name in self.stored if name in self.bound or name in self.later}
        lacking = carried - self.bound
        for name in sorted(lacking - self.after):
            raise Unchangeable(f"{name} has no value before the loop")
        if not carried - lacking:
            raise Unchangeable("its body changes no variable")
        return sorted(carried - lacking)

    def given(self) -> list[str]:
        """Return the variables around the loop that the body only reads."""
        return sorted((self.loaded & self.bound) - self.stored)


def _own(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Yield the nodes of statements without those of functions and classes inside."""
    todo = [*body]
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, SCOPES):
            todo += ast.iter_child_nodes(node)


def _names(nodes: Iterable[ast.AST], kind: type[ast.expr_context]) -> Iterator[str]:
    return (n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, kind))


def _line(node: ast.AST) -> int:
    return getattr(node, "lineno", 0)


def _free(word: str, tree: ast.Module) -> str:
    """Return a name that the source does not use."""
    used = {name for node in ast.walk(tree) for name in (_name_of(node), getattr(node, "arg", ""))}
    while word in used:
        word += "_"
    return word
