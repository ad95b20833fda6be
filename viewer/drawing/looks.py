"""The looks of boxes, groups and arrows: Graphviz's attributes by kind, and colours for the dark.

Each kind has its own shape or line as well as its own colour. To add a kind, add an entry here.
"""

from __future__ import annotations

# The widest of the fonts that a browser may take; Graphviz knows its widths.
FONT = "DejaVu Sans"
QUIET = "#56657a"  # text that is no name


def _look(attributes: str) -> dict[str, str]:
    """Return attributes written as `shape=box color=#40648f`."""
    return dict(attribute.split("=", 1) for attribute in attributes.split())


_FONT = {"fontname": FONT}
GRAPH = _FONT | _look("bgcolor=transparent nodesep=0.2 ranksep=0.26 fontsize=12 pad=0.2")
NODE = _FONT | _look(
    "fontsize=11 shape=box style=rounded,filled margin=0.1,0.05 height=0.3 color=#5b6b7f"
)
EDGE = _FONT | _look(f"fontsize=9 fontcolor={QUIET} color=#7a8797 arrowsize=0.6")
HEADING = _look(f"fontsize=12 fontcolor={QUIET} labelloc=t labeljust=l")

_GROUP = "shape=box style=filled,rounded fillcolor=#dfe9f5 color=#40648f"
_SMALL = f"fontcolor={QUIET} fontsize=9"
BOXES = {
    "param": _look("shape=box style=filled,bold fillcolor=#d7ead9 color=#3c7a46"),
    "input": _look("shape=hexagon margin=0,0.02 style=filled fillcolor=#e8e3f4 color=#6a5a9a"),
    "result": _look("fillcolor=#f5f7fa"),
    "final": _look(
        "shape=ellipse margin=0.06,0.02 style=filled,bold fillcolor=#fbe6c9 color=#b3731d"
    ),
    "group": _look(_GROUP),
    "end": _look("shape=box style=filled,rounded,bold fillcolor=#fbe6c9 color=#b3731d"),
    "stack": _look(f"{_GROUP} peripheries=3"),
    "constant": _look(
        f"shape=plaintext style= fontcolor={QUIET} fontsize=10 height=0.2 margin=0.02"
    ),
    "elsewhere": _look(f"shape=note style=dashed {_SMALL}"),
    "key": _look("shape=box fontsize=10 height=0.2 margin=0.1,0.05"),  # of a mark
}
SCOPE = _look(f"style=rounded color=#b4bfcc fontcolor={QUIET} labeljust=l fontsize=10 margin=10")
CLUSTERS = {
    "scope": SCOPE,
    "folded": {
        **SCOPE,
        **_look("style=rounded,bold color=#40648f fontcolor=#40648f fontsize=11 margin=12"),
    },
    "behind": {**SCOPE, **_look("color=#40648f margin=4")},  # the rim of the cards below the first
}
_BACK = "style=dashed constraint=false"
_FLOW = "color=#b3731d fontcolor=#b3731d dir=both arrowtail=vee"  # of a gradient, up to the tail
FAINT = {"color": "#b4bfcc", "fontcolor": "#8995a3", "fillcolor": "#ffffff00"}
ARROWS = {
    "value": {},
    "constant": _look("style=dashed arrowhead=none"),
    "carried": _look(f"{_BACK} color=#40648f fontcolor=#40648f"),
    "backward": _look(_FLOW),
    "back": _look(f"{_BACK} {_FLOW}"),  # to the step before
    "up": _look("constraint=false"),  # against the order of the boxes; it must not reverse it
}
# The marks of a comparison of two traces: the sign before a name, and the look of the box.
MARKS = {
    "added": ("+", _look("fillcolor=#c9e8cf color=#1d7a34 penwidth=2.5")),
    "removed": ("−", _look("fillcolor=#f6d0cd color=#b3261e penwidth=2.5 style=filled,dashed")),
    "changed": ("≠", _look("fillcolor=#f7e7a9 color=#8a6d00 penwidth=2.5")),
    "numbers": ("±", _look("fillcolor=#e8e3f4 color=#6a5a9a penwidth=2.5")),
}
# One hue by lightness, which can be read without seeing colours; in the dark, more is lighter.
SQUARE = "■"  # of a level of heat in the heading
HEAT = ("#fff6ea", "#fee0bb", "#fdc68c", "#f8a65c", "#ec8638", "#d96a1e")
STRIP = "#16325c"  # of the bars in a box, on any of its colours

# Each colour above, and its counterpart on a dark screen; text is legible on both.
DARK = {
    QUIET: "#a3b1c2",
    "#5b6b7f": "#7f8fa3",
    "#7a8797": "#8b98a8",
    "#b4bfcc": "#4d5a69",
    "#8995a3": "#76828f",
    "#f5f7fa": "#222a33",
    "#d7ead9": "#1f3b25",
    "#3c7a46": "#5fa86b",
    "#e8e3f4": "#2d2745",
    "#6a5a9a": "#9585c9",
    "#fbe6c9": "#4a3413",
    "#b3731d": "#d39a4a",
    "#dfe9f5": "#1f2f42",
    "#40648f": "#7ba3d3",
    "#c9e8cf": "#1c4526",
    "#1d7a34": "#4fbf6b",
    "#f6d0cd": "#55211e",
    "#b3261e": "#f2857e",
    "#f7e7a9": "#4d4010",
    "#8a6d00": "#d9b62b",
    STRIP: "#c4defc",
}
DARK |= zip(HEAT, ("#26211c", "#3b2b1c", "#54371b", "#6f4519", "#8a5217", "#a45f14"), strict=True)
