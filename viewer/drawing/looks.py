"""How boxes, groups and arrows look: Graphviz's attributes by kind, and the colours of a dark screen.

What a thing is shows in its shape or line as well as in its colour. Adding a kind is adding an entry here.
"""

from __future__ import annotations

FONT = "Arial"  # by which Graphviz knows how wide text is; a browser takes what is like it
QUIET = "#56657a"  # of text that is no name

GRAPH = {
    "bgcolor": "transparent",
    "rankdir": "TB",
    "nodesep": "0.28",
    "ranksep": "0.36",
    "fontname": FONT,
    "fontsize": "12",
    "pad": "0.2",
}
NODE = {
    "fontname": FONT,
    "fontsize": "11",
    "shape": "box",
    "style": "rounded,filled",
    "margin": "0.17,0.07",
    "height": "0.3",
    "color": "#5b6b7f",
}
EDGE = {
    "fontname": FONT,
    "fontsize": "9",
    "fontcolor": QUIET,
    "color": "#7a8797",
    "arrowsize": "0.6",
}
HEADING = {"fontsize": "12", "fontcolor": QUIET, "labelloc": "t", "labeljust": "l"}

BOXES = {
    "param": {"shape": "box", "style": "filled,bold", "fillcolor": "#d7ead9", "color": "#3c7a46"},
    "input": {
        "shape": "hexagon",
        "margin": "0,0.02",
        "style": "filled",
        "fillcolor": "#e8e3f4",
        "color": "#6a5a9a",
    },
    "result": {"fillcolor": "#f5f7fa"},
    "final": {
        "shape": "ellipse",
        "margin": "0.06,0.02",
        "style": "filled,bold",
        "fillcolor": "#fbe6c9",
        "color": "#b3731d",
    },
    "group": {
        "shape": "box",
        "style": "filled,rounded",
        "fillcolor": "#dfe9f5",
        "color": "#40648f",
    },
    "stack": {
        "shape": "box",
        "style": "filled,rounded",
        "fillcolor": "#dfe9f5",
        "color": "#40648f",
        "peripheries": "3",
    },
    "constant": {
        "shape": "plaintext",
        "style": "",
        "fontcolor": QUIET,
        "fontsize": "10",
        "height": "0.2",
        "margin": "0.02",
    },
    "elsewhere": {"shape": "note", "style": "dashed", "fontcolor": QUIET, "fontsize": "9"},
    "legend": {"shape": "box", "fontsize": "10", "margin": "0,0.06"},
    "key": {"shape": "box", "fontsize": "10", "height": "0.2", "margin": "0.1,0.05"},  # of a mark
}
SCOPE = {
    "style": "rounded",
    "color": "#b4bfcc",
    "fontcolor": QUIET,
    "labeljust": "l",
    "fontsize": "10",
    "margin": "10",
}
CLUSTERS = {
    "scope": SCOPE,
    "folded": {
        **SCOPE,
        "style": "rounded,bold",
        "color": "#40648f",
        "fontcolor": "#40648f",
        "fontsize": "11",
        "margin": "12",
    },
    "behind": {
        **SCOPE,
        "color": "#40648f",
        "margin": "4",
    },  # the rim of the cards below the first of a stack
}
ARROWS = {
    "value": {},
    "constant": {"style": "dashed", "arrowhead": "none"},
    "carried": {
        "style": "dashed",
        "color": "#40648f",
        "fontcolor": "#40648f",
        "constraint": "false",
    },
    "backward": {
        "style": "dashed",
        "color": "#b3731d",
        "fontcolor": "#b3731d",
        "constraint": "false",
    },
    "up": {
        "constraint": "false"
    },  # against the order of the boxes: it must not turn the picture upside down
}
# A mark of a node, as two traces are compared: how its boxes look, and the sign in front of their names.
MARKS = {
    "added": ("+", {"fillcolor": "#c9e8cf", "color": "#1d7a34", "penwidth": "2.5"}),
    "removed": (
        "−",
        {"fillcolor": "#f6d0cd", "color": "#b3261e", "penwidth": "2.5", "style": "filled,dashed"},
    ),
    "changed": ("≠", {"fillcolor": "#f7e7a9", "color": "#8a6d00", "penwidth": "2.5"}),
}
# One hue by lightness, so that it can be read without seeing colours; on a dark screen more is lighter.
HEAT = ("#fff6ea", "#fee0bb", "#fdc68c", "#f8a65c", "#ec8638", "#d96a1e")

# Each colour above, and what it is on a dark screen; on both, text can be read on what it stands on.
DARK = {
    QUIET: "#a3b1c2",
    "#5b6b7f": "#7f8fa3",
    "#7a8797": "#8b98a8",
    "#b4bfcc": "#4d5a69",
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
    **dict(
        zip(HEAT, ("#26211c", "#3b2b1c", "#54371b", "#6f4519", "#8a5217", "#a45f14"), strict=True)
    ),
}
