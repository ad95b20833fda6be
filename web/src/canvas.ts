/** An SVG to zoom and pan in, whose boxes and frames are chosen by mouse, touch and keys. */

import { Gestures, type Point } from "./gestures.ts";

const LETTER = 11; // units of the letters of a box
const LEAST = 8;
const GOOD = 12; // pixels of letters that can be read
const MARGIN = 20;
const MOST = 6;

export interface Listener {
  select(id: string | null): void;
  toggle(id: string): void;
  hover(part: Element): void; // a box or frame
}
export interface Anchor {
  before: string;
  after: string;
}

export class Canvas {
  svg: SVGSVGElement | null = null;
  whole = { x: 0, y: 0, width: 1, height: 1 };
  private corner: Point = { x: 0, y: 0 };
  private scale = 1; // pixels of a unit
  private readonly gestures: Gestures;
  private atStart = true;
  private size = { width: 800, height: 600 }; // of the stage, in pixels
  private readonly print = matchMedia("print");

  constructor(private readonly stage: HTMLElement, private readonly on: Listener) {
    this.gestures = new Gestures(stage, () => this);
    stage.addEventListener("click", (event) => this.click(event));
    stage.addEventListener("dblclick", (event) => this.doubleClick(event));
    stage.addEventListener("pointerover", (event) => {
      const box = (event.target as Element).closest(".node, .cluster");
      if (box) on.hover(box);
    });
    new ResizeObserver(() => {
      if (!stage.clientWidth) return;
      this.measure();
      if (this.atStart) return this.start();
      this.show();
      const selected = this.svg?.querySelector(".selected"); // may be covered now
      if (selected) this.reveal(selected.id);
    }).observe(stage);
    this.print.addEventListener("change", () => stage.contains(this.svg) && this.show());
  }

  /** Show another picture. What had the id `before` stays where it was, as what has `after`. */
  replace(svg: SVGSVGElement, anchor: Anchor | null): void {
    this.measure(); // while the layout of the page is still valid
    const old = anchor && this.svg && this.rect(anchor.before);
    const { x, y, width, height } = svg.viewBox.baseVal;
    this.whole = { x, y, width: width || 1, height: height || 1 };
    svg.removeAttribute("width");
    svg.removeAttribute("height");
    svg.setAttribute("preserveAspectRatio", "xMinYMin meet");
    svg.style.setProperty("--whole", `${width}pt`); // on paper
    const before = this.svg;
    this.svg = svg;
    this.show(); // before it is inserted, as the layout of another part is slow
    if (before) before.replaceWith(svg);
    else this.stage.append(svg);
    if (this.atStart && !anchor) return this.start();
    const now = anchor && this.rect(anchor.after);
    if (old && now) this.pan(now.left - old.left, now.top - old.top);
    else this.keepInside();
  }

  /** Return the box or frame of an id. */
  element(id: string): SVGGElement | null {
    return this.svg?.querySelector<SVGGElement>(`#${CSS.escape(id)}`) ?? null;
  }

  /** Return where the rim of a box or frame is on the screen. */
  private rect(id: string): DOMRect | undefined {
    return this.element(id)?.querySelector("path, polygon, ellipse")?.getBoundingClientRect();
  }

  /** Return the box or frame that is nearest to the middle of the screen. */
  middle(): string | null {
    const { left, top, width, height } = this.stage.getBoundingClientRect();
    let [found, least]: [string | null, number] = [null, Infinity];
    for (const box of this.svg?.querySelectorAll(".node, .cluster") ?? []) {
      const at = box.getBoundingClientRect();
      const distance = Math.hypot(at.left - left - width / 2, at.top - top - height / 2);
      if (distance < least) [found, least] = [box.id, distance];
    }
    return found;
  }

  /** Move as little as shows a box or the beginning of a frame; false if the stage is hidden. */
  reveal(id: string): boolean {
    const box = this.rect(id);
    const stage = this.stage.getBoundingClientRect();
    if (!box || !stage.width) return false;
    const less = (low: number, high: number, from: number, to: number) =>
      low < from ? low - from : high > to ? Math.min(high - to, low - from) : 0;
    let dx = less(box.left - MARGIN, box.right + MARGIN, stage.left, stage.right);
    let dy = less(box.top - MARGIN, box.bottom + MARGIN, stage.top, stage.bottom);
    if (Math.hypot(dx, dy) > Math.min(stage.width, stage.height)) {
      dx = box.left + Math.min(box.width, stage.width) / 2 - stage.left - stage.width / 2;
      dy = box.top + Math.min(box.height, stage.height) / 2 - stage.top - stage.height / 2;
    }
    this.pan(dx, dy);
    return true;
  }

  /** Show all if letters can be read, else the beginning: the first box. */
  start(): void {
    this.fit();
    this.atStart = true;
    if (!this.svg || LETTER * this.scale >= LEAST) return;
    const { whole } = this;
    const { width, height } = this.size;
    this.scale = GOOD / LETTER;
    const [w, h] = [width / this.scale, height / this.scale];
    const end = this.endOfFirst();
    this.corner = {
      x: whole.x + Math.max(0, end.x - whole.x - w) + Math.min(0, (whole.width - w) / 2),
      y: whole.y + Math.max(0, end.y - whole.y - h),
    };
    this.show();
  }

  /** Keep what is shown where it is when the size of the window changes. */
  hold(): void {
    this.atStart = false;
  }

  /** Show the whole picture. */
  fit(): void {
    const { whole } = this;
    const { width, height } = this.size;
    this.atStart = false;
    this.scale = Math.min(width / whole.width, height / whole.height, 4 / 3);
    this.corner = {
      x: whole.x - (width / this.scale - whole.width) / 2,
      y: whole.y - Math.max(0, (height / this.scale - whole.height) / 2),
    };
    this.show();
  }

  /** Zoom by a factor at a point of the screen, or in the middle. */
  zoom(factor: number, at?: Point): void {
    const { left, top, width, height } = this.stage.getBoundingClientRect();
    const { x, y } = at ? { x: at.x - left, y: at.y - top } : { x: width / 2, y: height / 2 };
    const whole = Math.min(width / this.whole.width, height / this.whole.height);
    const scale = Math.max(Math.min(0.5, whole / 2), Math.min(MOST, this.scale * factor));
    this.corner.x += x / this.scale - x / scale;
    this.corner.y += y / this.scale - y / scale;
    this.scale = scale;
    this.atStart = false;
    this.show();
  }

  /** Move by pixels. */
  pan(dx: number, dy: number): void {
    if (!dx && !dy) return;
    this.corner.x += dx / this.scale;
    this.corner.y += dy / this.scale;
    this.atStart = false;
    this.show();
  }

  /** Return the box next to another one in a direction, or the first box. */
  next(id: string | null, dx: number, dy: number): string | null {
    const boxes = [...(this.svg?.querySelectorAll<SVGGElement>(".node[role=button]") ?? [])];
    const from = id ? this.rect(id) : undefined;
    if (!from) return boxes[0]?.id ?? null;
    const center = (box: DOMRect) => ({ x: box.left + box.width / 2, y: box.top + box.height / 2 });
    const start = center(from);
    let [found, least]: [string | null, number] = [null, Infinity];
    for (const box of boxes) {
      const end = center(box.getBoundingClientRect());
      const x = end.x - start.x;
      const y = end.y - start.y;
      const along = x * dx + y * dy;
      const across = Math.abs(x * dy) + Math.abs(y * dx);
      if (along > 1 && along + 2 * across < least && box.id !== id) {
        [found, least] = [box.id, along + 2 * across];
      }
    }
    return found;
  }

  /** The whole picture as a view box. */
  get wholeBox(): string {
    const { x, y, width, height } = this.whole;
    return [x, y, width, height].join(" ");
  }

  private measure(): void {
    const { clientWidth: width, clientHeight: height } = this.stage;
    if (width && height) this.size = { width, height };
  }

  private show(): void {
    const { width, height } = this.size;
    const { scale } = this;
    const { x, y } = this.corner;
    const part = [x, y, width / scale, height / scale].join(" ");
    this.svg?.setAttribute("viewBox", this.print.matches ? this.wholeBox : part);
    const seen = Math.min(width / this.whole.width, height / this.whole.height) / scale;
    this.stage.toggleAttribute("data-cut", this.atStart && seen < 0.99); // a hint, until it is moved
  }

  /** Move a picture into sight that is out of it. */
  private keepInside(): void {
    const { whole, corner, scale } = this;
    const { width, height } = this.size;
    const [x, y] = [corner.x - whole.x, corner.y - whole.y];
    const isBefore = x + width / scale < 0 || y + height / scale < 0;
    if (isBefore || x > whole.width || y > whole.height) this.start();
  }

  /** Return the far corner of the first box on the first row, and a margin. */
  private endOfFirst(): Point {
    const toScreen = this.svg!.getScreenCTM();
    const isRight = this.svg!.classList.contains("right");
    const [from, to, along] = isRight
      ? (["left", "right", "top"] as const)
      : (["top", "bottom", "left"] as const);
    const boxes = [...this.svg!.querySelectorAll(".node")].map((box) =>
      box.getBoundingClientRect(),
    );
    const row = Math.min(...boxes.map((box) => box[to]));
    const [first] = boxes.filter((box) => box[from] < row).sort((a, b) => a[along] - b[along]);
    if (!first || !toScreen) return this.whole;
    const end = new DOMPoint(first.right, first.bottom).matrixTransform(toScreen.inverse());
    return { x: end.x + MARGIN, y: end.y + MARGIN };
  }

  /** Return the id of the box, frame or arrow that an event is about; of a frame, its title or rim. */
  private target(event: MouseEvent): string | null {
    const hit = event.target as Element;
    const part = hit.closest(".node, .edge, .cluster");
    const isInside = part?.classList.contains("cluster") && hit.tagName !== "text";
    return part && !isInside ? part.id : null;
  }

  private click(event: MouseEvent): void {
    if (this.gestures.isDrag) return;
    this.hold();
    const toggle = (event.target as Element).closest(".toggle");
    if (toggle) this.on.toggle(toggle.getAttribute("data-id")!);
    else if (event.detail < 2) this.on.select(this.target(event));
  }

  private doubleClick(event: MouseEvent): void {
    if ((event.target as Element).closest(".toggle")) return;
    const id = this.target(event);
    if (id) this.on.toggle(id);
    else this.fit();
  }
}
