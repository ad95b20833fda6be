"""Links from a drawing to the source: optional, because they contain paths of this machine."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

from autograd_tools.base.text import unknown

# The programs that open a file, by name. To add one, add an entry with its address and a case to
# `test_a_box_leads_to_its_line`.
LINKS = {
    "file": "file://{file}#L{line}",
    "vscode": "vscode://file{file}:{line}",
    "pycharm": "pycharm://open?file={file}&line={line}",
}
ADDRESS = "an address with {file} and {line}, such as 'vscode://file{file}:{line}'"


def check_links(links: str | None) -> None:
    """Raise ValueError unless `links` names an entry of `LINKS` or is an address with `{file}`."""
    if links is None or (isinstance(links, str) and links in LINKS):
        return
    is_address = isinstance(links, str) and "{file}" in links
    if not is_address or set(re.findall(r"{[^}]*}", links)) - {"{file}", "{line}"}:
        raise unknown("links", links, [*LINKS, f"or {ADDRESS}"])


def link(links: str | None, file: str, line: int) -> str:
    """Return the address of a line of a file, or an empty string without `links` or a file."""
    if links is None or not file or file.startswith("<"):
        return ""
    path = quote(Path(file).as_posix(), errors="replace")
    address = LINKS.get(links, links)
    absolute = path if path.startswith("/") else f"/{path}"
    return address.replace("{file}", absolute).replace("{line}", str(line))
