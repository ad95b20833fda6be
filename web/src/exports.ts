/** The picture as a file: SVG or PNG. */

import type { Canvas } from "./canvas.ts";

const LARGEST = 8192; // pixels of a side

/** Return the whole picture as the text of an SVG that stands alone. */
export function svgText(canvas: Canvas): string {
  const copy = canvas.svg!.cloneNode(true) as SVGSVGElement;
  for (const part of copy.querySelectorAll(".toggle")) part.remove();
  for (const part of copy.querySelectorAll("[tabindex]")) part.removeAttribute("tabindex");
  const { width, height } = canvas.whole;
  copy.setAttribute("viewBox", canvas.wholeBox);
  copy.setAttribute("width", `${width}pt`);
  copy.setAttribute("height", `${height}pt`);
  const style = document.createElementNS("http://www.w3.org/2000/svg", "style");
  style.textContent =
    "svg { background: #ffffff; } text { font-family: Helvetica, Arial, sans-serif; }" +
    " .lit .node:not(.on), .lit .edge:not(.on) { opacity: 0.25; }";
  copy.prepend(style);
  return new XMLSerializer().serializeToString(copy);
}

/** Save the picture in the format "svg" or "png". */
export async function save(canvas: Canvas, name: string, format: "svg" | "png"): Promise<void> {
  const svg = new Blob([svgText(canvas)], { type: "image/svg+xml" });
  const blob = format === "svg" ? svg : await pixels(svg, canvas);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${name}.${format}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function pixels(svg: Blob, canvas: Canvas): Promise<Blob> {
  const { width, height } = canvas.whole;
  const scale = Math.min(8 / 3, LARGEST / width, LARGEST / height);
  const image = new Image();
  image.src = URL.createObjectURL(svg);
  await image.decode();
  const made = document.createElement("canvas");
  made.width = Math.ceil(width * scale);
  made.height = Math.ceil(height * scale);
  made.getContext("2d")!.drawImage(image, 0, 0, made.width, made.height);
  URL.revokeObjectURL(image.src);
  return new Promise((resolve, reject) =>
    made.toBlob((blob) =>
      blob ? resolve(blob) : reject(new Error("the picture is too large for a PNG")),
    ),
  );
}
