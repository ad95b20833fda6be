/** The picture of the state: laid out by the worker, and marked by what is selected. */

import { type Anchor, Canvas } from "./canvas.ts";
import { LONGEST_EDGE, nodesOf } from "./arrows.ts";
import { Picture } from "./compose.ts";
import type { Data } from "./data.ts";
import { dotOf } from "./dot.ts";
import { tipOf } from "./facts.ts";
import { pathToResult } from "./flow.ts";
import { hasFrame, idsOf, isClosed, membersOf, opened, pathTo, type Target } from "./graph.ts";
import { Shown } from "./shown.ts";
import { joined, plural } from "./numbers.ts";
import { type Layouts, prepared, Replaced, TooSlow } from "./layout.ts";
import type { Page } from "./page.ts";
import { addToggle, parse, prepare } from "./parts.ts";
import type { State } from "./store.ts";

const MOST_BOXES = 1500;
const PATIENCE = 400; // ms, after which another view gives a layout up
const SIMPLER = [
  { plain: false, longest: LONGEST_EDGE, copies: 80 },
  { plain: true, longest: 4, copies: 40 },
];

export interface Info {
  note: string; // what is wrong, or ""
  isBusy: boolean;
  legend: string[]; // of the heat: a title, and the text of each level
}

export class Scene {
  readonly canvas: Canvas;
  info: Info = { note: "", isBusy: false, legend: [] };
  private readonly data: Data;
  private layouts: Layouts | null = null;
  private view: Shown | null = null;
  private picture: Picture | null = null;
  private drawn = ""; // the key of the view that is drawn or being drawn
  private wanted: State | null = null;
  private anchor: Anchor | null = null;
  private isBusy = false;
  private chosen = ""; // the selection that is marked
  private seen = ""; // the one that the picture was moved to, or that was made in it

  constructor(
    private readonly page: Page,
    private readonly stage: HTMLElement,
    first: SVGSVGElement | null,
    private readonly tell: (info: Info) => void,
  ) {
    this.data = page.data;
    this.canvas = new Canvas(stage, {
      select: (id) => this.select(id),
      toggle: (id) => this.toggle(id),
      hover: (part) => this.describe(part),
    });
    if (first) this.canvas.replace(first, null);
    try {
      this.layouts = prepared();
    } catch (error) {
      this.inform({ note: `The picture cannot be updated: ${(error as Error).message}.` });
    }
  }

  /** Draw a state, and mark what is selected in it. */
  update(state: State): void {
    const { detail, heat, copy, direction } = state;
    const open = [...state.open].sort((a, b) => a - b);
    const key = [open, detail, heat, [...copy], direction].join("|");
    if (key !== this.drawn && this.layouts) {
      this.drawn = key;
      this.wanted = state;
      if (this.isBusy) this.layouts.giveUp(PATIENCE);
      else void this.run();
    } else if (!this.isBusy) {
      this.mark(state);
    }
  }

  /** Open or close the group of a box or frame; a node closes the line that it is in. */
  toggle(id: string): void {
    const { data, page } = this;
    const state = page.store.get();
    const group = this.groupOf(id);
    if (group === null || !this.view) return;
    this.canvas.hold();
    const frame = this.picture?.frames.get(id);
    const open = new Set(state.open);
    if (id === `g${group}` && this.view.boxes.has(id)) {
      if (state.open.has(group))
        return page.say("Choose “operations” to open lines and functions.");
      this.anchor = { before: id, after: id };
      page.store.set({ open: opened(data, state, group) });
    } else {
      const whole = frame ? frame.outer : group;
      open.delete(whole);
      this.anchor = { before: id, after: `g${whole}` };
      const selected = { group: whole };
      this.seen = JSON.stringify(selected);
      page.store.set({ open, selected });
    }
  }

  /** Select what has an id in the picture: a box, a frame, or the node of an arrow. */
  select(id: string | null): void {
    const selected = id === null ? null : this.targetOf(id);
    this.seen = JSON.stringify(selected);
    this.page.select(selected);
  }

  /** Return the id in the picture of what is selected, or of the box that it is in. */
  idOf(selected: State["selected"]): string | null {
    const { data, view } = this;
    if (!selected || !view || "line" in selected) return null;
    if ("node" in selected) return view.keyOf(selected.node);
    const key = `g${selected.group}`;
    if (this.has(key)) return key;
    const around = pathTo(data, selected).find((g) => isClosed(data, view.view, g));
    return around ? `g${around}` : view.keyOf(idsOf(data, selected.group)[0]!);
  }

  /** Return whether a box or frame has an id. */
  private has(id: string): boolean {
    return this.view!.boxes.has(id) || this.picture!.frames.has(id);
  }

  private targetOf(id: string): Target | null {
    const arrow = this.picture?.arrow(id);
    const [, kind, digits] = /^([gn])(\d+)(?:_.*)?$/.exec(id) ?? [];
    const { copy } = this.page.store.get();
    if (arrow) return arrow.edge && { node: nodesOf(this.data, arrow.edge, copy)[0]! };
    if (!this.view || !kind) return null; // Python has other numbers
    const number = Number(digits);
    if (kind === "g") return { group: number };
    const box = this.view.boxes.get(`n${number}`);
    return { node: (box && this.view.idsIn(box, copy)[0]) || number };
  }

  /** Add the facts of a box or frame to its tip. */
  private describe(part: Element): void {
    const tip = part.querySelector("title");
    const target = this.targetOf(part.id);
    if (!tip || !target || part.hasAttribute("data-described")) return;
    part.setAttribute("data-described", "");
    tip.textContent += `\n${tipOf(this.page, target)}`;
  }

  /** Return the group that a double click on a box, frame or node is about. */
  private groupOf(id: string): number | null {
    const { data } = this;
    if (/^g\d+$/.test(id)) return Number(id.slice(1));
    const around = /^n\d+$/.test(id)
      ? pathTo(data, { node: Number(id.slice(1)) }).at(-1)
      : undefined;
    return around !== undefined && !hasFrame(data, around) ? around : null;
  }

  private inform(change: Partial<Info>): void {
    this.info = { ...this.info, ...change };
    this.tell(this.info);
  }

  private async run(): Promise<void> {
    this.isBusy = true;
    this.inform({ isBusy: true });
    while (this.wanted) {
      const state = this.wanted;
      this.wanted = null;
      try {
        await this.draw(state);
      } catch (error) {
        if (error instanceof Replaced) continue;
        const isSlow = error instanceof TooSlow;
        const why = `The picture cannot be updated: ${(error as Error).message}.`;
        const note = isSlow ? "Graphviz found no layout in time: collapse some groups." : why;
        this.inform({ note });
      }
    }
    this.isBusy = false;
    this.inform({ isBusy: false });
    this.mark(this.page.store.get());
  }

  private async draw(state: State): Promise<void> {
    const { looks_at_first: given } = this.data.header;
    const view = new Shown(this.data, state);
    if (view.boxes.size > MOST_BOXES) {
      const note = `${view.boxes.size} boxes are too many to draw: collapse some groups.`;
      return this.inform({ note });
    }
    const { direction } = state;
    for (const [n, simpler] of SIMPLER.entries()) {
      const picture = new Picture(view, {
        copy: state.copy,
        heat: state.heat,
        shapes: given?.edges === "shape",
        gradients: given?.gradients ?? true,
        backward: given?.backward ?? false,
        ...simpler,
      });
      try {
        const text = await this.layouts!.layout(dotOf(picture, direction));
        this.put(parse(text), view, picture, direction);
        const missing = plural(picture.missing, "arrow");
        const note = joined([
          n > 0 && "Simplified, because the layout took too long.",
          picture.missing > 0 && `Omitted: ${missing} from far boxes.`,
        ]);
        return this.inform({ legend: picture.heat?.legend() ?? [], note });
      } catch (error) {
        if (!(error instanceof TooSlow) || n === SIMPLER.length - 1) throw error;
      }
    }
  }

  private put(svg: SVGSVGElement, view: Shown, picture: Picture, direction: string): void {
    const middle = this.view && this.canvas.middle();
    this.view = view;
    this.picture = picture;
    svg.setAttribute("aria-label", [this.data.header.title, ...this.data.header.notes].join("; "));
    prepare(svg, picture, direction);
    svg.querySelectorAll<SVGGElement>("[aria-expanded]").forEach((part) => {
      const isOpen = picture.frames.has(part.id);
      const isForced = !isOpen && view.view.open.has(Number(part.id.slice(1)));
      if (!isForced) addToggle(part, isOpen);
    });
    const anchor = this.anchor ?? (middle ? { before: middle, after: middle } : null);
    const hadFocus = this.stage.contains(document.activeElement);
    this.canvas.replace(svg, anchor && { ...anchor, after: this.placeOf(anchor.after) });
    if (hadFocus) this.stage.focus({ preventScroll: true }); // until the selection is marked
    this.anchor = null;
    this.chosen = "";
  }

  /** Return the id of a box or frame, or of the box where its first node is now. */
  private placeOf(id: string): string {
    if (this.has(id)) return id;
    let member = /^g\d/.test(id) ? -Number(id.slice(1)) : Number(id.slice(1).replace(/_.*/, ""));
    while (member < 0) member = membersOf(this.data, -member)[0] ?? 1;
    return this.view!.keyOf(member) ?? id;
  }

  /** Mark what is selected, and light the path of its gradient. */
  private mark(state: State): void {
    const { svg } = this.canvas;
    const { selected } = state;
    const key = JSON.stringify(selected);
    if (!svg || !this.view || this.chosen === key) return;
    this.chosen = key;
    const id = this.idOf(selected);
    const on = this.lit(selected);
    const matches = this.matches(selected);
    svg.classList.toggle("lit", on.size > 0);
    for (const part of svg.querySelectorAll(".node, .edge")) {
      const edge = this.picture?.arrow(part.id);
      const ends = edge ? [edge.tail, edge.head] : [part.id];
      const isOn = ends.every((end) => on.has(end.replace(/_.*/, "")));
      part.classList.toggle("on", isOn);
      part.classList.toggle("match", matches.has(part.id));
    }
    for (const part of svg.querySelectorAll(".selected")) {
      part.classList.remove("selected");
      part.setAttribute("tabindex", "-1");
    }
    const part = id === null ? null : this.canvas.element(id);
    part?.classList.add("selected");
    part?.setAttribute("tabindex", "0");
    if (this.stage.contains(document.activeElement)) part?.focus({ preventScroll: true });
    const found = id ?? [...matches][0];
    const isSeen = this.seen === key || !found || this.canvas.reveal(found);
    if (isSeen) this.seen = key;
    else this.chosen = ""; // once the picture is on the screen
  }

  /** Return the keys of the boxes on the path of the gradient of a node to the result. */
  private lit(selected: State["selected"]): Set<string> {
    const path = selected && "node" in selected ? pathToResult(this.data, selected.node) : [];
    const keys = new Set<string>();
    for (const id of path.length > 1 ? path : []) keys.add(this.view!.keyOf(id) ?? "");
    return keys;
  }

  /** Return the keys of the boxes with nodes of a selected line. */
  private matches(selected: State["selected"]): Set<string> {
    const ids = selected && "line" in selected ? this.page.nodesAt(selected) : [];
    return new Set(Array.from(ids, (id) => this.view!.keyOf(id) ?? ""));
  }
}
