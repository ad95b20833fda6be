"""Views of gradients: in the terminal, as diagrams, as tables of hotspots, along time.

Every function takes a `Tape`, a `Trace` or the path of a saved one; those about time take a `Timer` or the path of a
saved one, too. The ones that end in `_text`, `_dot` and `_svg` return strings.
The passes `group`, `fold`, `focus`, `prune`, `leaves_apart` and `fit` return a graph, which passes and views take as well.
"""

from autograd_tools import why_none
from viewer.annotate import annotate
from viewer.arithmetic import arithmetic
from viewer.compare import compare, draw_compared
from viewer.dot import to_dot
from viewer.draw import draw, to_svg
from viewer.explain import explain
from viewer.hotspots import hotspot_rows, hotspots
from viewer.mermaid import to_mermaid
from viewer.passes import fit, focus, fold, group, leaves_apart, prune
from viewer.peaks import Peaks, peaks
from viewer.text import show, to_text
from viewer.timeline import to_chrome_trace, to_collapsed, to_speedscope
from viewer.tips import tips

__all__ = [
    "Peaks",
    "annotate",
    "arithmetic",
    "compare",
    "draw",
    "draw_compared",
    "explain",
    "fit",
    "focus",
    "fold",
    "group",
    "hotspot_rows",
    "hotspots",
    "leaves_apart",
    "peaks",
    "prune",
    "show",
    "tips",
    "to_chrome_trace",
    "to_collapsed",
    "to_dot",
    "to_mermaid",
    "to_speedscope",
    "to_svg",
    "to_text",
    "why_none",
]
