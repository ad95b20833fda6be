/** The middle of the page: the picture to zoom, open, close and select in, with its controls. */

import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { save } from "./exports.ts";
import { type Detail, modelOf, pathTo } from "./graph.ts";
import { type Measured, measures } from "./heat.ts";
import { title } from "./labels.ts";
import { usePage } from "./page.ts";
import "./picture.css";
import { type Info, Scene } from "./scene.ts";
import type { State } from "./store.ts";
import { Steps } from "./strips.tsx";

const DETAILS: Record<Detail, string> = { function: "functions", line: "lines", op: "operations" };
const HEATS: Record<Measured, string> = {
  time: "time",
  bytes: "bytes",
  gradient: "greatest ∇",
  "least-gradient": "least ∇",
};
const MOVES: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The scene of the page, for keys that work everywhere; null before it is shown. */
export const current: { scene: Scene | null } = { scene: null };

/** The picture of the state of the page; `first` is the one that the page came with. */
export function Picture({ first }: { first: SVGSVGElement | null }) {
  const { page, data, state } = usePage();
  const { store } = page;
  const stage = useRef<HTMLDivElement>(null);
  const [info, setInfo] = useState<Info>({ note: "", isBusy: true, legend: [] });
  // Before the next paint, so that the first picture does not go away for a moment; its own one
  // comes after that paint.
  useLayoutEffect(() => {
    const made = (current.scene = new Scene(page, stage.current!, first, setInfo));
    const update = () => made.update(store.get());
    requestAnimationFrame(() => setTimeout(update));
    return store.subscribe(update);
  }, []);
  const { selected } = state;
  const { group, node } = { group: 0, node: 0, ...selected };
  const around = group ? [...pathTo(data, { group }), group] : node ? pathTo(data, { node }) : [];
  const isLeft = node > 0 && !modelOf(data, node);
  const note = isLeft ? `v${node} is outside the focus of this picture.` : info.note;
  return (
    <section class="picture" aria-label="picture">
      <style>{colours(data.header.looks.dark)}</style>
      <Tools />
      <div class="ground">
        {around.length + node > 0 && <Crumbs around={around} node={node} />}
        <div
          ref={stage}
          class={`stage${info.isBusy ? " busy" : ""}`}
          tabIndex={0}
          role="group"
          aria-label="Arrows go from box to box, Enter opens and closes, + and − zoom"
          aria-busy={info.isBusy}
          onKeyDown={(event) => current.scene && onKey(event, current.scene, state)}
        />
        {note && (
          <p class="note" role="status">
            {note}
          </p>
        )}
      </div>
      {state.heat && <Legend legend={info.legend} />}
      {around
        .filter((g) => data.times(g))
        .map((g) => (
          <Steps key={g} group={g} node={node} />
        ))}
    </section>
  );
}

/** The levels of the heat; as high while it is empty, so that the picture stays where it is. */
function Legend({ legend: [about, ...levels] }: { legend: string[] }) {
  const { heat } = usePage().data.header.looks;
  return (
    <p class="legend" tabIndex={0}>
      {about && `${about}:`}
      {levels.map((level, n) => (
        <span>
          <svg width="12" height="12" class="autograd-tools" aria-hidden="true">
            <rect width="12" height="12" fill={heat[n]!} />
          </svg>{" "}
          {level}
        </span>
      ))}
    </p>
  );
}

/** The controls above the picture. */
function Tools() {
  const { page, data, state } = usePage();
  const { store } = page;
  const known = useMemo(() => measures(data), [data]);
  const other = state.direction === "down" ? "right" : "down";
  const canvas = () => current.scene!.canvas;
  const saving = (format: "svg" | "png") => {
    const failed = (error: Error) => page.say(error.message);
    const name = format.toUpperCase();
    const does = () => save(canvas(), data.header.title, format).catch(failed);
    return button(`save as ${name}`, name, does);
  };
  return (
    <div class="tools" role="toolbar" aria-label="picture">
      <span class="choices" role="group" aria-label="smallest boxes">
        {(Object.keys(DETAILS) as Detail[]).map((detail) => (
          <button
            type="button"
            aria-pressed={state.detail === detail}
            onClick={() => store.set({ detail })}
          >
            {DETAILS[detail]}
          </button>
        ))}
      </span>
      <select
        aria-label="heat"
        value={state.heat}
        onChange={(event) => store.set({ heat: event.currentTarget.value as State["heat"] })}
      >
        <option value="">no heat</option>
        {known.map((heat) => (
          <option value={heat}>{HEATS[heat]}</option>
        ))}
      </select>
      <span class="choices" role="group" aria-label="history and zoom">
        {button("back", "←", () => history.back())}
        {button("forward", "→", () => history.forward())}
        {button("zoom out", "−", () => canvas().zoom(0.8))}
        {button("zoom in", "+", () => canvas().zoom(1.25))}
        {button("show all (0)", "⤢", () => canvas().fit())}
        {button(`let values flow ${other}`, other === "right" ? "⇥" : "⤓", () =>
          store.set({ direction: other }),
        )}
      </span>
      <span class="choices" role="group" aria-label="save">
        {saving("svg")}
        {saving("png")}
      </span>
    </div>
  );
}

function button(name: string, sign: string, does: () => unknown) {
  return (
    <button type="button" title={name} aria-label={name} onClick={() => void does()}>
      {sign}
    </button>
  );
}

/** The groups around what is selected, outermost first. */
function Crumbs({ around, node }: { around: number[]; node: number }) {
  const { page, data, state } = usePage();
  const whole = () => {
    page.select(null);
    current.scene?.canvas.start();
  };
  const crumbs: [text: string, does: () => void][] = [
    [data.header.title, whole],
    ...around.map((group): [string, () => void] => [
      title(data, group, state.copy),
      () => page.select({ group }),
    ]),
  ];
  if (node) crumbs.push([data.label(node), () => page.show({ node })]);
  return (
    <nav class="crumbs" aria-label="groups around the selection">
      {crumbs.map(([text, does], n) => (
        <span>
          {n > 0 && " › "}
          <button type="button" onClick={does}>
            {text}
          </button>
        </span>
      ))}
    </nav>
  );
}

/** Arrows go to the next box, with Shift they move the picture; Enter opens and closes. */
function onKey(event: KeyboardEvent, scene: Scene, state: State): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { canvas } = scene;
  const move = MOVES[event.key];
  const id = scene.idOf(state.selected);
  if (move && event.shiftKey) canvas.pan(move[0] * 80, move[1] * 80);
  else if (move) {
    const next = canvas.next(id, ...move);
    if (next) scene.select(next);
    if (next) canvas.reveal(next);
  } else if ((event.key === "Enter" || event.key === " ") && id) scene.toggle(id);
  else if (event.key === "+" || event.key === "=") canvas.zoom(1.25);
  else if (event.key === "-") canvas.zoom(0.8);
  else if (event.key === "0" || event.key === "f") canvas.fit();
  else if (event.key === "Home") canvas.start();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/** Return rules for a dark screen; the attributes in an SVG are for a light one. */
function colours(dark: Record<string, string>): string {
  const rules = Object.entries(dark).flatMap(([light, other]) =>
    ["fill", "stroke"].map(
      (property) => `.autograd-tools [${property}="${light}"] { ${property}: ${other}; }`,
    ),
  );
  return `@media (prefers-color-scheme: dark) {\n${rules.join("\n")}\n}`;
}
