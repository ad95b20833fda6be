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

# The wheel zooms at the pointer, dragging moves, a double click shows all again, as the keys do. At
# first all is shown, or where letters would be too small, the beginning: the heading and the first
# box, a little smaller if need be.
SCRIPT = """<script>
const svg = document.querySelector("svg"), all = svg.viewBox.baseVal;
const whole = [all.x, all.y, all.width, all.height];
const LETTER = 11, LEAST = 9, GOOD = 12, MARGIN = 20;
let view, held = null;
const show = () => svg.setAttribute("viewBox", view.join(" "));
const start = () => {
  const scale = Math.min(innerWidth / whole[2], innerHeight / whole[3]);
  view = whole.slice();
  show();
  if (LETTER * scale >= LEAST) return;
  const good = [innerWidth * LETTER / GOOD, innerHeight * LETTER / GOOD];
  const end = endOfFirst();
  const more = Math.min(GOOD / LEAST, Math.max(1, ...good.map((size, n) => end[n] / size)));
  const size = good.map(side => side * more);
  const [x, y] = [0, 1].map(n => whole[n] + Math.max(0, end[n] - size[n]));
  view = [x + Math.min(0, (whole[2] - size[0]) / 2), y, ...size];
  show();
};
// From the corner of the picture to the far corner of the first box on its first row, and a margin.
const endOfFirst = () => {
  const [from, to, along] = svg.classList.contains("right")
    ? ["left", "right", "top"] : ["top", "bottom", "left"];
  const boxes = [...svg.querySelectorAll(".node")].map(box => box.getBoundingClientRect());
  const row = Math.min(...boxes.map(box => box[to]));
  const [first] = boxes.filter(box => box[from] < row).sort((a, b) => a[along] - b[along]);
  if (!first) return [0, 0];
  const end = at({clientX: first.right, clientY: first.bottom});
  return [end.x - whole[0] + MARGIN, end.y - whole[1] + MARGIN];
};
const at = e => new DOMPoint(e.clientX, e.clientY).matrixTransform(svg.getScreenCTM().inverse());
const zoom = (p, k) => {
  view = [p.x + (view[0] - p.x) * k, p.y + (view[1] - p.y) * k, view[2] * k, view[3] * k];
  show();
};
svg.addEventListener("wheel", e => {
  e.preventDefault();
  zoom(at(e), Math.exp(Math.max(-100, Math.min(100, e.deltaY)) / 400));
}, {passive: false});
svg.addEventListener("pointerdown", e => { if (e.target.tagName !== "text") held = at(e); });
addEventListener("pointerup", () => { held = null; });
svg.addEventListener("pointermove", e => {
  if (held === null) return;
  e.preventDefault();
  const p = at(e);
  view[0] += held.x - p.x;
  view[1] += held.y - p.y;
  show();
});
svg.addEventListener("dblclick", () => { view = whole.slice(); show(); });
const KEYS = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
  PageUp: [0, -8], PageDown: [0, 8],
};
addEventListener("keydown", e => {
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  const middle = {x: view[0] + view[2] / 2, y: view[1] + view[3] / 2};
  if (e.key in KEYS) {
    view[0] += KEYS[e.key][0] * view[2] / 10;
    view[1] += KEYS[e.key][1] * view[3] / 10;
    show();
  } else if (e.key === "+" || e.key === "=") zoom(middle, 0.8);
  else if (e.key === "-") zoom(middle, 1.25);
  else if (e.key === "0") { view = whole.slice(); show(); }
  else if (e.key === "Home") start();
  else return;
  e.preventDefault();
});
addEventListener("beforeprint", () => svg.setAttribute("viewBox", whole.join(" ")));
addEventListener("afterprint", show);
start();
</script>
"""
PAGE_STYLE = f"""<style>
html, body {{ margin: 0; height: 100%; background: #ffffff; }}
body > svg.{NAME} {{ display: block; width: 100%; height: 100%; touch-action: none; cursor: grab; }}
body > svg.{NAME} text {{ cursor: text; }}
@media (prefers-color-scheme: dark) {{ html, body {{ background: #14181d; }} }}
@media print {{
  html, body {{ height: auto; }}
  body > svg.{NAME} {{ width: auto; height: auto; max-width: 100%; }}
}}
</style>
"""


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


def page(svg: str, title: str) -> str:
    """Return a page with an SVG to zoom and pan in; it loads nothing from the network."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    head = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{escape(title)}</title>
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width">
"""
    return f"{head}{PAGE_STYLE}{svg[svg.index('<svg') :]}{SCRIPT}</html>\n"
