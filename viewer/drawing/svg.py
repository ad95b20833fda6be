"""Graphviz's SVG completed: colours for light and dark screens, titles for screen readers."""

from __future__ import annotations

import re
from html import escape

from viewer.drawing.looks import DARK, FONT
from viewer.drawing.picture import Picture

# Graphviz writes the key of an element into its title, which all browsers show as a tooltip, and
# the tooltip into an attribute, which few browsers show.
TITLE = re.compile(
    r"""<title>[^<]*</title>\n"""
    r"""(<g id="a_[^"]*"><a(?: xlink:href="[^"]*")?) xlink:title="([^"]*)\""""
)
EDGE_TITLE = re.compile(r"""(<g id="edge(\d+)" class="edge">\n<title>)[^<]*""")

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

# The wheel zooms at the pointer, dragging moves, a double click shows all again.
SCRIPT = """<script>
const svg = document.querySelector("svg"), all = svg.viewBox.baseVal;
const whole = [all.x, all.y, all.width, all.height];
let view = whole.slice(), held = null;
const show = () => svg.setAttribute("viewBox", view.join(" "));
const at = e => new DOMPoint(e.clientX, e.clientY).matrixTransform(svg.getScreenCTM().inverse());
svg.addEventListener("wheel", e => {
  e.preventDefault();
  const p = at(e), k = Math.exp(Math.max(-100, Math.min(100, e.deltaY)) / 400);
  view = [p.x + (view[0] - p.x) * k, p.y + (view[1] - p.y) * k, view[2] * k, view[3] * k];
  show();
}, {passive: false});
svg.addEventListener("pointerdown", e => { held = at(e); });
addEventListener("pointerup", () => { held = null; });
svg.addEventListener("pointermove", e => {
  if (held === null) return;
  const p = at(e);
  view[0] += held.x - p.x;
  view[1] += held.y - p.y;
  show();
});
svg.addEventListener("dblclick", () => { view = whole.slice(); show(); });
</script>
"""
PAGE_STYLE = f"""<style>
html, body {{ margin: 0; height: 100%; background: #ffffff; }}
body > svg.{NAME} {{ display: block; width: 100%; height: 100%; }}
body > svg.{NAME} {{ touch-action: none; cursor: grab; user-select: none; }}
@media (prefers-color-scheme: dark) {{ html, body {{ background: #14181d; }} }}
</style>
"""


def finish(svg: str, drawn: Picture) -> str:
    """Add the style sheet, tooltips and the describing sentence to an SVG of Graphviz."""
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = svg.replace("<title>trace</title>\n", "", 1).replace(f' font-family="{FONT}"', "")
    svg = TITLE.sub(r"<title>\2</title>\n\1", svg)
    svg = EDGE_TITLE.sub(
        lambda match: match[1] + escape(drawn.arrows[int(match[2]) - 1].tooltip), svg
    )
    sentence = escape(drawn.root.title)
    head = f'class="{NAME}" role="img" aria-label="{sentence}"'
    return re.sub(
        r"<svg([^>]*)>\s*",
        lambda match: f"<svg {head}{match[1]}>\n<title>{sentence}</title>\n{STYLE}",
        svg,
        count=1,
    )


def page(svg: str) -> str:
    """Return a page with an SVG to zoom and pan in; it loads nothing from the network."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    head = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Gradient</title>
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width">
"""
    return f"{head}{PAGE_STYLE}{svg[svg.index('<svg') :]}{SCRIPT}</html>\n"
