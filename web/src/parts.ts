/** The parts of the SVG of a picture: their titles and roles, and the signs that open and close. */

import type { Picture } from "./compose.ts";

const SVG = "http://www.w3.org/2000/svg";
const BARS = /^[▁▂▃▄▅▆▇█·–?!]{2,}$/;

/** Return the SVG of a text. It is parsed as XML, so that no text in it becomes markup of the page. */
export function parse(text: string): SVGSVGElement {
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  if (parsed.tagName !== "svg") throw new Error("Graphviz made no picture");
  return document.adoptNode(parsed) as unknown as SVGSVGElement;
}

/** Give boxes, frames and arrows their titles, roles and classes. */
export function prepare(svg: SVGSVGElement, picture: Picture, direction: string): void {
  svg.classList.add("autograd-tools", direction);
  svg.setAttribute("role", "group");
  svg.querySelector("title")?.remove();
  for (const part of svg.querySelectorAll(".node, .edge, .cluster")) {
    const [shape, frame] = [picture.shapes.get(part.id), picture.frames.get(part.id)];
    const title = picture.arrow(part.id)?.title ?? shape?.lines.join("\n") ?? frame?.title ?? "";
    part.querySelector("title")!.textContent = title;
    if (!shape && !frame) continue;
    part.setAttribute("role", shape ? "button" : "group");
    part.setAttribute("aria-label", title);
    part.setAttribute("tabindex", "-1");
    if (part.id.startsWith("g")) part.setAttribute("aria-expanded", String(!shape));
    for (const text of part.querySelectorAll("text")) {
      if (BARS.test(text.textContent ?? "") && !shape?.faint)
        text.setAttribute("fill", picture.looks.strip);
    }
  }
}

/** Put a sign to open or close a group with into the corner of its box or frame. */
export function addToggle(element: SVGGElement, isOpen: boolean): void {
  const shape = element.querySelector("path, polygon");
  const rim = shape?.getAttribute(shape.tagName === "path" ? "d" : "points") ?? "";
  const numbers = (rim.match(/-?[\d.]+/g) ?? []).map(Number); // getBBox would need a layout
  if (!numbers.length) return;
  const least = (first: number) => Math.min(...numbers.filter((_, n) => n % 2 === first));
  const made = (name: string, given: Record<string, string>) => {
    const part = document.createElementNS(SVG, name);
    for (const [key, text] of Object.entries(given)) part.setAttribute(key, text);
    return part;
  };
  const transform = `translate(${least(0) + 1} ${least(1) + 1})`;
  const about = { class: "toggle", "data-id": element.id, "aria-hidden": "true", transform };
  const toggle = made("g", about);
  toggle.append(
    made("circle", { r: "9", class: "touch" }),
    made("circle", { r: "5.5" }),
    made("path", { d: isOpen ? "M-3 0H3" : "M-3 0H3M0 -3V3" }),
  );
  element.append(toggle);
}
