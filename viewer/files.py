"""Drawings as files; the file extension selects the format."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Unpack

from autograd_tools.base.output import is_regular, write_bytes
from viewer.drawing.dot import to_dot
from viewer.drawing.images import laid_out, to_svg
from viewer.drawing.mermaid import to_mermaid
from viewer.graph import Graph
from viewer.inputs import Traceable
from viewer.map.page import map_page
from viewer.options import DrawingOptions, check_drawing


def draw(
    x: Traceable | Graph, path: str | os.PathLike[str], **options: Unpack[DrawingOptions]
) -> Path:
    """Draw a computation graph into a file.

    Parameters
    ----------
    x : Tape, Trace, Graph or path
        A path must be that of a saved trace. A graph returned by a pass is drawn unchanged.
    path : path
        The file to write; an existing file is replaced. Its extension selects the format: .svg,
        .html (the interactive map), .dot, .mmd (Mermaid), .png or .pdf; a further .gz compresses
        it. A pipe or device without an extension, such as /dev/stdout, gets SVG.
    **options
        The options of `to_dot`.

    Returns
    -------
    Path
        The path of the file.

    Raises
    ------
    ValueError
        For another extension, an option that does not apply to it (`links` for .html and .png), and
        as `to_dot`.
    TypeError
        If `x` has no trace, or for an unknown option.
    FileNotFoundError
        For .png and .pdf if Graphviz's `dot` is not on the PATH, and if the folder is missing.
    RuntimeError
        If Graphviz cannot lay out even a simplified picture.

    Examples
    --------
    >>> import tempfile, numpy as np, autograd_tools as ag, viewer
    >>> J = ag.diff(lambda: np.sin(ag.Param(2.0, name="x")))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     viewer.draw(J, f"{folder}/graph.svg").name
    'graph.svg'
    """
    ending = format_of(path)
    check_drawing(options, ending)
    write_bytes(path, FORMATS[ending](x, options, Path(str(path).removesuffix(".gz")).stem))
    return Path(path)


def format_of(path: str | os.PathLike[str]) -> str:
    """Return the ending that names the format of a file; raise ValueError for an unknown one."""
    name = str(path).removesuffix(".gz")
    ending = Path(name).suffix.lower()
    if not ending and not is_regular(path):
        return ".svg"
    if ending not in FORMATS:
        given = Path(name).suffix or Path(name).name
        hint = "; `autograd-tools show --save` writes a trace" if ending == ".json" else ""
        raise ValueError(f"cannot draw {given!r}; supported: {', '.join(FORMATS)}{hint}")
    return ending


# The formats by the ending of a file. To add one, add an entry with a function that returns the
# bytes of the file, and a test in tests/viewer/drawing/test_draw.py.
FORMATS: dict[str, Callable[[Traceable | Graph, DrawingOptions, str], bytes]] = {
    ".svg": lambda x, options, title: to_svg(x, **options).encode(),
    ".dot": lambda x, options, title: to_dot(x, **options).encode(),
    ".html": lambda x, options, title: map_page(x, title, **options).encode(),
    ".mmd": lambda x, options, title: to_mermaid(x, **options).encode(),
    ".png": lambda x, options, title: laid_out(x, "png", **options)[0],
    ".pdf": lambda x, options, title: laid_out(x, "pdf", **options)[0],
}
