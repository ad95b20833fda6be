"""Views of gradients: in the terminal, as diagrams, as tables of hotspots, along time.

Every function takes a `Tape`, a `Trace` or the path of a saved one; those about time take a `Timer` or the path of a
saved one, too. The ones that end in `_text`, `_dot` and `_svg` return strings.
The passes `group`, `fold`, `focus`, `prune`, `leaves_apart` and `fit` return a graph, which passes and views take as well.
"""

from autograd_tools import why_none
from viewer.comparing.comparison import compare, draw_compared
from viewer.drawing.dot import to_dot
from viewer.drawing.files import draw, to_svg
from viewer.drawing.mermaid import to_mermaid
from viewer.passes import fit, focus, fold, group, leaves_apart, prune
from viewer.profiles.annotation import annotate
from viewer.profiles.hotspot_tables import hotspot_rows, hotspots
from viewer.profiles.machine_peaks import Peaks, peaks
from viewer.profiles.patterns import tips
from viewer.profiles.roofline import arithmetic
from viewer.profiles.timeline import to_chrome_trace, to_collapsed, to_speedscope
from viewer.terminal.explanation import explain
from viewer.terminal.text import show, to_text

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
