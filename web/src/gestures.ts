/** The wheel, drags and pinches of an element as zooms and moves. */

export type Point = { x: number; y: number };

export interface Moves {
  pan(dx: number, dy: number): void; // pixels
  zoom(factor: number, at: Point): void; // a point of the screen
}

const DRAG = 4; // pixels, below which it is a click

export class Gestures {
  private readonly pointers = new Map<number, Point>();
  private moved = 0;

  constructor(private readonly element: HTMLElement, private readonly on: () => Moves) {
    element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    element.addEventListener("pointerdown", (event) => this.down(event));
    element.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"] as const) {
      element.addEventListener(name, (event) => this.pointers.delete(event.pointerId));
    }
  }

  /** Whether the last pointer that went down has moved since. */
  get isDrag(): boolean {
    return this.moved > DRAG;
  }

  /** Whether the element may keep the wheel: in a frame, only once it has the focus. */
  private get isInUse(): boolean {
    return window.parent === window || this.element.contains(document.activeElement);
  }

  private wheel(event: WheelEvent): void {
    const { deltaX, deltaY, shiftKey, ctrlKey } = event;
    if (!ctrlKey && !this.isInUse) return; // the wheel scrolls the notebook around the page
    event.preventDefault();
    if (shiftKey) return this.on().pan(0, deltaY || deltaX);
    if (Math.abs(deltaX) > Math.abs(deltaY)) return this.on().pan(deltaX, 0);
    const delta = Math.max(-100, Math.min(100, deltaY));
    this.on().zoom(Math.exp(-delta / (ctrlKey ? 100 : 400)), { x: event.clientX, y: event.clientY });
  }

  private down(event: PointerEvent): void {
    if (event.button) return;
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.moved = 0;
  }

  private move(event: PointerEvent): void {
    const before = this.pointers.get(event.pointerId);
    const now = { x: event.clientX, y: event.clientY };
    if (!before) return;
    if (event.pointerType === "mouse" && !event.buttons) return this.pointers.clear();
    const distance = (a: Point, b: Point) => Math.hypot(a.x - b.x, a.y - b.y);
    const other = [...this.pointers.values()].find((point) => point !== before);
    const share = other ? 2 : 1;
    this.on().pan((before.x - now.x) / share, (before.y - now.y) / share);
    if (other) {
      const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
      this.on().zoom(distance(now, other) / (distance(before, other) || 1), middle);
    }
    this.moved += distance(before, now);
    if (this.isDrag) this.element.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, now);
  }
}
