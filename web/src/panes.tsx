/** The panels, whose dividers move by pointer and keys, and close and open them. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { joined } from "./numbers.ts";

const LEAST = 75; // pixels of a panel
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

const NAMES: Record<Side, string> = {
  left: "Width of the tree",
  right: "Width of the source",
  lower: "Height of the facts",
};

export function Panes({ left, middle, upper, lower, flows }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [sizes, setSizes] = useState<Partial<Record<Side, number>>>({});
  const [closed, setClosed] = useState<ReadonlySet<Side>>(new Set());
  const right = Boolean(upper || lower);
  const toggle = (side: Side) => {
    const next = new Set(closed);
    if (!next.delete(side)) next.add(side);
    setClosed(next);
  };
  const sizeOf = (side: Side) => {
    const pane = box.current!.querySelector<HTMLElement>(side === "lower" ? ".under" : `.${side}`)!;
    return side === "lower" ? pane.offsetHeight : pane.offsetWidth;
  };
  const resize = (side: Side, size: number) => {
    const { offsetHeight, offsetWidth } = box.current!;
    const other = side === "lower" ? 0 : sizeOf(side === "left" ? "right" : "left");
    const most = side === "lower" ? offsetHeight - LEAST : offsetWidth - other - MIDDLE;
    setSizes({ ...sizes, [side]: Math.round(Math.max(LEAST, Math.min(size, most))) });
  };
  const divider = (side: Side) => (
    <Divider
      side={side}
      isClosed={closed.has(side)}
      size={sizes[side]}
      sizeOf={() => sizeOf(side)}
      onResize={(size) => resize(side, size)}
      onToggle={() => toggle(side)}
    />
  );
  const named = Object.entries(sizes).map(([side, size]) => [`--${side}`, `${size}px`]);
  const looks = [
    "panes",
    (!left || closed.has("left")) && "no-left",
    (!right || closed.has("right")) && "no-right",
    !left && "never-left",
    !right && "never-right",
  ];
  return (
    <div
      ref={box}
      class={joined(looks)}
      style={Object.fromEntries(named)}
    >
      <nav class="pane left" aria-label="Tree">
        {left}
      </nav>
      {left ? divider("left") : <div />}
      <section aria-label="Graph" class={`pane middle ${flows ? "flows" : ""}`}>
        {middle}
      </section>
      {right ? divider("right") : <div />}
      <aside class={`pane right ${upper && lower ? "" : "single"}`} aria-label="Source and facts">
        {upper && <div class="over">{upper}</div>}
        {upper && lower && divider("lower")}
        {lower && <div class="under">{lower}</div>}
      </aside>
    </div>
  );
}

interface DividerProps {
  side: Side;
  isClosed: boolean;
  size: number | undefined; // as chosen by the user
  sizeOf: () => number;
  onResize: (size: number) => void;
  onToggle: () => void;
}

function Divider({ side, isClosed, size, sizeOf, onResize, onToggle }: DividerProps) {
  const [now, setNow] = useState(0);
  useEffect(() => setNow(sizeOf()), [size, isClosed]);
  const start = useRef<{ at: number; size: number } | null>(null);
  const sign = side === "left" ? 1 : -1;
  const position = (event: PointerEvent) => (side === "lower" ? event.clientY : event.clientX);
  const onPointerDown = (event: PointerEvent) => {
    if (isClosed || event.target !== event.currentTarget) return;
    (event.target as Element).setPointerCapture(event.pointerId);
    start.current = { at: position(event), size: sizeOf() };
  };
  const onPointerMove = (event: PointerEvent) => {
    const from = start.current;
    if (from) onResize(from.size + sign * (position(event) - from.at));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -sign, ArrowRight: sign, ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (event.key === "Enter" && side !== "lower") onToggle();
    else if (step) onResize(sizeOf() + STEP * step);
    else return;
    event.preventDefault();
  };
  return (
    <div
      class={`divider at-${side} ${isClosed ? "closed" : ""}`}
      role="separator"
      tabIndex={0}
      aria-orientation={side === "lower" ? "horizontal" : "vertical"}
      aria-label={NAMES[side]}
      aria-valuenow={now}
      aria-valuetext={isClosed ? "closed" : `${now} pixels`}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={() => (start.current = null)}
      onKeyDown={onKeyDown}
    >
      {side !== "lower" && (
        <button
          class="fold"
          tabIndex={-1}
          onClick={onToggle}
          aria-label={isClosed ? "Open the panel" : "Close the panel"}
        >
          {isClosed === (side === "left") ? "›" : "‹"}
        </button>
      )}
    </div>
  );
}
