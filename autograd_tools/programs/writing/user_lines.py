"""The user's lines: the variable that one assigns, the loops around it, its text."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autograd_tools.location.code_files import lines_as_run
from autograd_tools.programs.steps.program import Site
from autograd_tools.programs.writing.call_text import is_name

WIDEST = 88  # characters of a line in a comment
COMPREHENSIONS = (ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)


class UserLines:
    """The statements of the files that a program comes from."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[str, dict[int, list[ast.stmt]]]] = {}

    def target(self, site: Site) -> str:
        """Return the variable that a line assigns, or the function that it returns from."""
        found = self._statements(site)
        if not found or "<" in site.function.rpartition(".")[2]:
            return ""
        statement = found[-1]
        if isinstance(statement, ast.Return):
            *owners, name = site.function.split(".")
            if name == "__call__" and owners:
                name = owners[-1].lower()
            return name if is_name(name) else ""
        if isinstance(statement, ast.Assign) and isinstance(statement.value, COMPREHENSIONS):
            return ""
        targets = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
        target = targets[0]
        if isinstance(statement, (ast.For, ast.AsyncFor)):
            return ""
        if isinstance(target, ast.Attribute):
            return target.attr
        return target.id if isinstance(target, ast.Name) else ""

    def text(self, site: Site) -> str:
        """Return the statement of a line on one line; an empty string if it cannot be read."""
        found = self._statements(site)
        if not found:
            return ""
        whole = self._files[site.file][0]
        statement = found[-1]
        if hasattr(statement, "body"):  # its head only
            text = whole.splitlines()[site.line - 1].strip()
        else:
            text = (ast.get_source_segment(whole, statement) or "").strip()
            text = ast.unparse(statement) if "\n" in text else text
        if len(text) > WIDEST:
            text = whole.splitlines()[site.line - 1].strip()
        return text if len(text) <= WIDEST else text[: WIDEST - 4] + " ..."

    def counters(self, site: Site) -> list[str]:
        """Return the variables of the loops around a line, from the outermost."""
        return [
            statement.target.id
            for statement in self._statements(site)
            if isinstance(statement, ast.For) and isinstance(statement.target, ast.Name)
            if isinstance(statement.iter, ast.Call)
            and getattr(statement.iter.func, "id", "") == "range"
        ]

    def _statements(self, site: Site) -> list[ast.stmt]:
        """Return the statements around a line, from the outermost."""
        if site.file not in self._files:
            text = "".join(lines_as_run(site.file)) if site.file else ""
            try:
                around: dict[int, list[ast.stmt]] = {}
                for statement in _all(ast.parse(text)):
                    for line in range(statement.lineno, (statement.end_lineno or 0) + 1):
                        around.setdefault(line, []).append(statement)
            except (SyntaxError, ValueError, RecursionError):
                around = {}
            self._files[site.file] = text, around
        return self._files[site.file][1].get(site.line, [])


def _all(tree: ast.AST) -> Iterator[ast.stmt]:
    """Yield the statements of a file, each before those in it."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.stmt):
            yield node
        yield from _all(node)
