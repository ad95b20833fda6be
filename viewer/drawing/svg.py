"""Graphviz's SVG completed: colours for light and dark screens, titles for screen readers."""

from __future__ import annotations

import re
from html import escape

from autograd_tools.base.text import one_line
from viewer.drawing.looks import DARK, FAINT, FONT, HEAT, SQUARE, STRIP
from viewer.drawing.picture import Picture
from viewer.text.strips import BARS

# Graphviz writes the key of an element into its title, which all browsers show as a tooltip, and
# the tooltip into an attribute, which few browsers show.
TITLE = re.compile(
    r"""<title>[^<]*</title>\n"""
    r"""(<g id="a_[^"]*"><a(?: xlink:href="[^"]*")?) xlink:title="([^"]*)\""""
)
EDGE_TITLE = re.compile(r"""(<g id="edge(\d+)" class="edge">\n<title>)[^<]*""")

# The roles of groups of elements for screen readers, which read the title of each.
ROLES = {"cluster": "group", "node": "img", "edge": "img"}
ROLE = re.compile(r'<g id="[^"]*" class="(cluster|node|edge)[^"]*"')

PALE = FAINT["fontcolor"]
BAR_LINE = re.compile(rf'(?: fill="(?!{PALE})[^"]*"|(?<!{PALE}"))>([{BARS}·–?!]{{2,}})</text>')

NAME = "autograd-tools"  # the class of our pictures, so that their rules affect no others

# Colours follow the reader's light or dark screen; the attributes in the SVG are for a light one.
STYLE = f"""<style>
svg.{NAME} {{ background: #ffffff; }}
.{NAME} text {{ font-family: Helvetica, Arial, sans-serif; }}
.{NAME} .edge text {{ paint-order: stroke; stroke: #ffffff; stroke-width: 3px; }}
@media (prefers-color-scheme: dark) {{
  svg.{NAME} {{ background: #14181d; }}
  .{NAME} text {{ fill: #e3e8ee; }}
  .{NAME} .edge text {{ stroke: #14181d; }}
"""
for _light, _dark in DARK.items():
    for _property in ("fill", "stroke"):
        STYLE += f'  .{NAME} [{_property}="{_light}"] {{ {_property}: {_dark}; }}\n'
STYLE += "}\n</style>\n"


def _coloured(svg: str, drawn: Picture) -> str:
    """Give the squares of the legend in the heading the colours of the levels."""
    if not drawn.legend:
        return svg
    colours = iter(HEAT)
    title = re.escape(escape(drawn.legend[0]))
    return re.sub(
        rf">({title}: .*)</text>",
        lambda line: re.sub(
            SQUARE,
            lambda square: f'<tspan fill="{next(colours, HEAT[-1])}">{square[0]}</tspan>',
            line[0],
        ),
        svg,
        count=1,
    )


def finish(svg: str, drawn: Picture) -> str:
    """Add the style sheet, tooltips and the describing sentence to an SVG of Graphviz."""
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = svg.replace("<title>trace</title>\n", "", 1).replace(f' font-family="{FONT}"', "")
    svg = TITLE.sub(r"<title>\2</title>\n\1", svg)
    svg = EDGE_TITLE.sub(
        lambda match: match[1] + escape(drawn.arrows[int(match[2]) - 1].tooltip), svg
    )
    svg = _coloured(svg, drawn)
    svg = BAR_LINE.sub(rf' fill="{STRIP}">\1</text>', svg)
    sentence = escape(drawn.root.title)
    svg = ROLE.sub(lambda match: f'{match[0]} role="{ROLES[match[1]]}"', svg)
    classes = f"{NAME} right" if drawn.direction == "right" else NAME
    head = f'class="{classes}" role="group" aria-label="{sentence}"'
    about = (
        f"<title>{sentence}</title>\n<desc>{escape('; '.join(map(one_line, drawn.notes)))}</desc>\n"
    )
    return re.sub(
        r"<svg([^>]*)>\s*", lambda match: f"<svg {head}{match[1]}>\n{about}{STYLE}", svg, count=1
    )
