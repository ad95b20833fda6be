/** The flame chart of a profiled run, on a canvas. */

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { type Chart, type Row, type Slice } from "./flame.ts";
import { samplesOf, sliceAt, timelineOf, visible } from "./flame.ts";
import { Gestures, type Moves } from "./gestures.ts";
import { timeText } from "./numbers.ts";
import { usePage } from "./page.ts";
import { Key } from "./source.tsx";

const ROW = 18; // pixels
const TITLE = 22;
const AXIS = 22;
const LETTER = 6.3; // width of a letter of the font
const SHORTEST = 50; // ns: there is nothing to see in less

interface View {
  from: number; // ns
  to: number;
  top: number; // pixels
}

export function Timeline() {
  const { data } = usePage();
  const chart = useMemo(() => timelineOf(data), [data]);
  const samples = useMemo(() => samplesOf(data), [data]);
  return (
    <div class="time">
      <div class="bar">
        <Key names={["forward", "backward", "engine"]} />
        <span>{data.header.timeline?.note}</span>
        <span class="end" title="A click selects the line, a double click zooms to the slice.">
          wheel zooms, drag moves
        </span>
      </div>
      {chart && <Flame chart={chart} label="Timeline of the run" />}
      {samples && <Flame chart={samples} label="Call tree of Python" />}
    </div>
  );
}

function Flame({ chart, label }: { chart: Chart; label: string }) {
  const { page, data, state } = usePage();
  const canvas = useRef<HTMLCanvasElement>(null);
  const whole = { from: 0, to: chart.length || 1, top: 0 };
  const [view, setView] = useState<View>(whole);
  const [[width, height], setSize] = useState([0, 0] as [number, number]);
  const [tip, setTip] = useState<{ x: number; y: number; hit: Hit } | null>(null);
  const gestures = useRef<Gestures | null>(null);
  const moves = useRef<Moves | null>(null);
  const place = page.placeOf(state.selected);

  useLayoutEffect(() => {
    const element = canvas.current!;
    const watch = new ResizeObserver(() => setSize([element.clientWidth, element.clientHeight]));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);

  const isChosen = useMemo(() => {
    if (!place) return null;
    const known = new Map<number, boolean>();
    return (slice: number) => {
      const own = known.has(slice) ? null : chart.slice(slice).place;
      if (!known.has(slice)) known.set(slice, own?.file === place.file && own.line === place.line);
      return known.get(slice)!;
    };
  }, [chart, place?.file, place?.line]);

  useEffect(() => {
    if (!width || !height) return;
    const draw = () => paint(canvas.current!, chart, view, isChosen);
    draw();
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", draw);
    return () => dark.removeEventListener("change", draw);
  }, [chart, view, width, height, isChosen]);

  const limit = (next: View): View => {
    const length = Math.min(Math.max(next.to - next.from, SHORTEST), whole.to);
    const from = Math.max(0, Math.min(next.from, chart.length - length));
    const top = Math.max(0, Math.min(next.top, heightOf(chart) - height));
    return { from, to: from + length, top };
  };
  const zoom = (factor: number, x = width / 2) =>
    setView(({ from, to, top }) => {
      const at = from + ((to - from) * x) / width;
      return limit({ from: at - (at - from) * factor, to: at + (to - at) * factor, top });
    });
  const move = (dx: number, dy = 0) =>
    setView(({ from, to, top }) => {
      const ns = (dx * (to - from)) / width;
      return limit({ from: from + ns, to: to + ns, top: top + dy });
    });

  moves.current = {
    pan: move,
    zoom: (factor, { x }) => zoom(1 / factor, x - canvas.current!.getBoundingClientRect().left),
  };
  useEffect(() => {
    gestures.current = new Gestures(canvas.current!, () => moves.current!);
  }, []);

  const hitBy = (event: MouseEvent) => hitAt(chart, view, width, event.offsetX, event.offsetY);
  const onPointerMove = (event: PointerEvent) => {
    const hit = event.buttons ? null : hitBy(event);
    setTip(hit && { x: event.offsetX, y: event.offsetY, hit });
  };
  const onClick = (event: MouseEvent) => {
    const slice = !gestures.current!.isDrag && hitBy(event)?.slice;
    if (!slice) return;
    const { strings } = data.header;
    const group = data.column("g_title").findIndex((title) => strings[title] === slice.name);
    if (slice.place) page.select(slice.place);
    else if (group > 0) page.select({ group });
  };
  const onDblClick = (event: MouseEvent) => {
    const hit = hitBy(event);
    if (hit)
      setView(limit({ ...view, from: hit.start - hit.ns * 0.1, to: hit.start + hit.ns * 1.1 }));
  };
  const keys: Record<string, () => void> = {
    ArrowLeft: () => move(-width / 6),
    ArrowRight: () => move(width / 6),
    ArrowUp: () => move(0, -3 * ROW),
    ArrowDown: () => move(0, 3 * ROW),
    "+": () => zoom(0.7),
    "=": () => zoom(0.7),
    "-": () => zoom(1 / 0.7),
    f: () => setView(whole),
    Home: () => setView(whole),
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!keys[event.key] || event.ctrlKey || event.metaKey) return;
    keys[event.key]!();
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="flame" style={{ flexGrow: heightOf(chart) }}>
      <canvas
        ref={canvas}
        tabIndex={0}
        role="img"
        aria-label={`${label}, ${timeText(chart.length)}. Arrows move, + and − zoom.`}
        onPointerMove={onPointerMove}
        onPointerLeave={() => setTip(null)}
        onClick={onClick}
        onDblClick={onDblClick}
        onKeyDown={onKeyDown}
      />
      {tip && (
        <div
          class="tip"
          style={{
            left: `${Math.min(tip.x + 14, Math.max(width - 280, 0))}px`,
            top: `${tip.y + (tip.y > height - 90 ? -80 : 16)}px`,
          }}
        >
          <b>{tip.hit.slice.name}</b> {timeText(tip.hit.ns)}
          <br />
          <span class="dim">
            at {timeText(tip.hit.start)}
            {tip.hit.slice.place && ` · ${page.placeText(tip.hit.slice.place)}`}
          </span>
        </div>
      )}
    </div>
  );
}

interface Hit {
  slice: Slice;
  start: number;
  ns: number;
}

/** Call `visit` for each row with its top; a negative depth is the title of a track. */
function layout(chart: Chart, visit: (name: string, row: Row | null, top: number) => void): number {
  let top = AXIS;
  for (const { name, rows } of chart.tracks) {
    visit(name, null, top);
    top += TITLE;
    for (const row of rows) {
      visit(name, row, top);
      top += ROW;
    }
  }
  return top;
}

const heightOf = (chart: Chart) => layout(chart, () => {}) + 6;

function hitAt(chart: Chart, view: View, width: number, x: number, y: number): Hit | null {
  const time = view.from + ((view.to - view.from) * x) / width;
  const pixel = (view.to - view.from) / width;
  let found: Hit | null = null;
  layout(chart, (_, row, top) => {
    if (!row || y < AXIS || y + view.top < top || y + view.top >= top + ROW) return;
    let number = sliceAt(row, time);
    if (number < 0) number = sliceAt(row, time - pixel); // one that is drawn a pixel wide
    if (number < 0) return;
    const at = row.slice.indexOf(number);
    const start = row.start[at]!;
    found = { slice: chart.slice(number), start, ns: row.end[at]! - start };
  });
  return found;
}

function paint(
  canvas: HTMLCanvasElement,
  chart: Chart,
  view: View,
  isChosen: ((slice: number) => boolean) | null,
): void {
  const style = getComputedStyle(canvas);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const ratio = window.devicePixelRatio || 1;
  [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
  const to = canvas.getContext("2d")!;
  to.scale(ratio, ratio);
  to.font = "11px system-ui, sans-serif";
  to.textBaseline = "middle";
  const pixel = (view.to - view.from) / width;
  const fills = ["script", "forward", "backward", "engine"].map(colour);
  const [text, dim, line, paper] = ["text", "dim", "line", "page"].map(colour);
  layout(chart, (name, row, offset) => {
    const top = offset - view.top;
    if (top > height || top < AXIS - TITLE) return;
    if (!row) {
      to.fillStyle = dim!;
      to.fillText(name, 8, top + TITLE / 2 + 2);
      return;
    }
    visible(row, view.from, view.to, pixel, (start, end, number) => {
      const x = Math.max((start - view.from) / pixel, -1);
      const wide = Math.min((end - view.from) / pixel, width + 1) - x;
      const { phase, name: own } = chart.slice(number);
      to.globalAlpha = !isChosen || isChosen(number) ? 1 : 0.3;
      to.fillStyle = fills[phase] ?? fills[0]!;
      to.fillRect(x, top, Math.max(wide - (wide > 3 ? 1 : 0), 1), ROW - 1);
      if (wide > 26) {
        to.fillStyle = phase ? "#fff" : text!;
        const most = Math.floor((wide - 8) / LETTER);
        const short = own.length > most ? `${own.slice(0, most - 1)}…` : own;
        to.fillText(short, Math.max(x, 0) + 4, top + ROW / 2);
      }
    });
    to.globalAlpha = 1;
  });
  to.fillStyle = paper!;
  to.fillRect(0, 0, width, AXIS);
  const step = niceStep((view.to - view.from) / Math.max(width / 110, 1));
  for (let at = Math.ceil(view.from / step) * step; at < view.to; at += step) {
    const x = (at - view.from) / pixel;
    to.fillStyle = dim!;
    if (x < width - 40) to.fillText(at ? timeText(at) : "0", x + 4, AXIS / 2);
    to.fillStyle = line!;
    to.fillRect(x, 0, 1, AXIS);
  }
  to.fillStyle = line!;
  to.fillRect(0, AXIS - 1, width, 1);
}

/** Return 1, 2 or 5 times a power of ten that is not below a number. */
export function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5].find((n) => n * power >= least) ?? 10) * power;
}
