/** The panels, whose dividers move by pointer and keys, and close and open them. */

import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";

const LEAST = 150; // pixels of a panel
const MIDDLE = 260;
const STEP = 24; // of a key

interface Props {
  left: ComponentChildren;
  middle: ComponentChildren;
  upper: ComponentChildren;
  lower: ComponentChildren;
  flows: boolean; // the middle is a text, which is as high as it is
}

type Side = "left" | "right" | "lower";

export function Panes({ left, middle, upper, lower, flows }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [sizes, setSizes] = useState<Partial<Record<Side, number>>>({});
  const [closed, setClosed] = useState<ReadonlySet<Side>>(new Set());
  const isClosed = (side: Side, content: ComponentChildren) => !content || closed.has(side);
  const toggle = (side: Side) => {
    const next = new Set(closed);
    if (!next.delete(side)) next.add(side);
    setClosed(next);
  };
  const sizeOf = (side: Side) => {
    const pane = box.current!.querySelector<HTMLElement>(
      side === "lower" ? ".right > .under" : `.${side}`,
    )!;
    return side === "lower" ? pane.offsetHeight : pane.offsetWidth;
  };
  const resize = (side: Side, size: number) => {
    const whole = side === "lower" ? box.current!.offsetHeight : box.current!.offsetWidth;
    const other = side === "lower" ? 0 : sizeOf(side === "left" ? "right" : "left");
    const most = side === "lower" ? whole - LEAST / 2 : whole - other - MIDDLE;
    setSizes((before) => ({
      ...before,
      [side]: Math.round(Math.max(LEAST / 2, Math.min(size, most))),
    }));
  };
  const divider = (side: Side, hasContent: boolean) =>
    hasContent && (
      <Divider
        side={side}
        isClosed={closed.has(side)}
        sizeOf={() => sizeOf(side)}
        onResize={(size) => resize(side, size)}
        onToggle={() => toggle(side)}
      />
    );
  const right = Boolean(upper || lower);
  const style = Object.fromEntries(
    Object.entries(sizes).map(([side, size]) => [`--${side}`, `${size}px`]),
  );
  const marks = [
    isClosed("left", left) && "no-left",
    isClosed("right", right) && "no-right",
    !left && "never-left",
    !right && "never-right",
  ];
  return (
    <div ref={box} class={["panes", ...marks.filter(Boolean)].join(" ")} style={style}>
      <nav class="pane left" aria-label="Tree">
        {left}
      </nav>
      {divider("left", Boolean(left)) || <div />}
      <section aria-label="Graph" class={`pane middle ${flows ? "flows" : ""}`}>
        {middle}
      </section>
      {divider("right", right) || <div />}
      <aside class={`pane right ${upper && lower ? "" : "single"}`} aria-label="Source and facts">
        {upper && <div class="over">{upper}</div>}
        {upper && lower && divider("lower", true)}
        {lower && <div class="under">{lower}</div>}
      </aside>
    </div>
  );
}

interface DividerProps {
  side: Side;
  isClosed: boolean;
  sizeOf: () => number;
  onResize: (size: number) => void;
  onToggle: () => void;
}

function Divider({ side, isClosed, sizeOf, onResize, onToggle }: DividerProps) {
  const start = useRef<{ at: number; size: number } | null>(null);
  const sign = side === "left" ? 1 : -1;
  const position = (event: PointerEvent) => (side === "lower" ? event.clientY : event.clientX);
  const [shut, opened] = side === "left" ? ["‹", "›"] : ["›", "‹"];
  return (
    <div
      class={`divider at-${side} ${isClosed ? "closed" : ""}`}
      role="separator"
      tabIndex={0}
      aria-orientation={side === "lower" ? "horizontal" : "vertical"}
      aria-label={
        side === "left"
          ? "Width of the tree"
          : side === "right"
            ? "Width of the source"
            : "Height of the facts"
      }
      onPointerDown={(event) => {
        if (isClosed || event.target !== event.currentTarget) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = { at: position(event), size: sizeOf() };
      }}
      onPointerMove={(event) => {
        if (start.current)
          onResize(start.current.size + sign * (position(event) - start.current.at));
      }}
      onPointerUp={() => {
        start.current = null;
      }}
      onKeyDown={(event) => {
        const step = { ArrowLeft: -sign, ArrowRight: sign, ArrowUp: 1, ArrowDown: -1 }[event.key];
        if (event.key === "Enter" && side !== "lower") onToggle();
        else if (step) onResize(sizeOf() + STEP * step);
        else return;
        event.preventDefault();
      }}
    >
      {side !== "lower" && (
        <button
          class="fold"
          tabIndex={-1}
          onClick={onToggle}
          aria-label={isClosed ? "Open the panel" : "Close the panel"}
        >
          {isClosed ? opened : shut}
        </button>
      )}
    </div>
  );
}
