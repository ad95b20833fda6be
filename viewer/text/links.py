"""Links from a drawing to the source, for those who ask for them: they hold the paths of files on this machine."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

# Adding a program that opens files is adding an entry here.
LINKS = {
    "file": "file://{file}#L{line}",
    "vscode": "vscode://file{file}:{line}",
    "pycharm": "pycharm://open?file={file}&line={line}",
}


def check_links(links: str | None) -> None:
    """Raise ValueError unless `links` is the name of a kind of link, or an address with `{file}` in it."""
    if links is None or links in LINKS:
        return
    if "{file}" not in links or set(re.findall(r"{[^}]*}", links)) - {"{file}", "{line}"}:
        raise ValueError(
            f"no links {links!r}; there are: {', '.join(LINKS)}, or an address with {{file}} and {{line}} in it, "
            "such as 'vscode://file{file}:{line}'"
        )


def link(links: str | None, file: str, line: int) -> str:
    """The address of a line of a file; none if no links are asked for, or nothing is known."""
    if links is None or not file or file.startswith("<"):
        return ""
    path = quote(Path(file).as_posix(), errors="replace")
    return (
        LINKS.get(links, links)
        .replace("{file}", path if path.startswith("/") else f"/{path}")
        .replace("{line}", str(line))
    )
