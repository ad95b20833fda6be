/** The middle of the page: the picture to zoom, open, close and select in, with its controls. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Data } from "./data.ts";
import { save } from "./exports.ts";
import { pathTo } from "./graph.ts";
import { type Measured, measures } from "./heat.ts";
import { title } from "./labels.ts";
import { usePage } from "./page.ts";
import "./picture.css";
import { type Info, Scene } from "./scene.ts";
import type { State, Store } from "./store.ts";
import { Steps } from "./strips.tsx";

const DETAILS: [State["detail"], string][] = [
  ["function", "functions"],
  ["line", "lines"],
  ["op", "operations"],
];
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

interface Props {
  data: Data;
  store: Store;
  state: State;
  first: SVGSVGElement | null; // the picture that the page came with
}

/** The picture of the state of the page. */
export function Picture({ data, store, state, first }: Props) {
  const { page } = usePage();
  const stage = useRef<HTMLDivElement>(null);
  const scene = useRef<Scene | null>(null);
  const [info, setInfo] = useState<Info>({ note: "", isBusy: true, legend: [] });
  useEffect(() => {
    const made = new Scene(page, stage.current!, first, setInfo);
    scene.current = current.scene = made;
    made.update(store.get());
    return store.subscribe(() => made.update(store.get()));
  }, []);
  const known = useMemo(() => measures(data), [data]);
  const { selected } = state;
  const other = state.direction === "down" ? "right" : "down";
  const group = selected && "group" in selected ? selected.group : -1;
  const node = selected && "node" in selected ? selected.node : -1;
  const around =
    group > 0 ? [...pathTo(data, { group }), group] : node > 0 ? pathTo(data, { node }) : [];
  return (
    <section class="picture" aria-label="picture">
      <style>{colours(data.header.looks.dark)}</style>
      <div class="tools" role="toolbar" aria-label="picture">
        <span class="choices" role="group" aria-label="smallest boxes">
          {DETAILS.map(([detail, name]) => (
            <button
              type="button"
              key={detail}
              aria-pressed={state.detail === detail}
              onClick={() => store.set({ detail })}
            >
              {name}
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
            <option key={heat} value={heat}>
              {HEATS[heat]}
            </option>
          ))}
        </select>
        <span class="choices" role="group" aria-label="history and zoom">
          <Button
            name={`let values flow ${other}`}
            sign={other === "right" ? "⇥" : "⤓"}
            does={() => store.set({ direction: other })}
          />
          <Button name="back" sign="←" does={() => history.back()} />
          <Button name="forward" sign="→" does={() => history.forward()} />
          <Button name="zoom out" sign="−" does={() => scene.current!.canvas.zoom(0.8)} />
          <Button name="zoom in" sign="+" does={() => scene.current!.canvas.zoom(1.25)} />
          <Button name="show all (0)" sign="⤢" does={() => scene.current!.canvas.fit()} />
        </span>
        <span class="choices" role="group" aria-label="save">
          {(["svg", "png"] as const).map((format) => (
            <Button
              key={format}
              name={`save as ${format.toUpperCase()}`}
              sign={format.toUpperCase()}
              does={() =>
                save(scene.current!.canvas, data.header.title, format).catch((error: Error) =>
                  page.say(error.message),
                )
              }
            />
          ))}
        </span>
      </div>
      {info.legend.length > 0 && (
        <p class="legend">
          {info.legend[0]}:
          {info.legend.slice(1).map((level, n) => (
            <span key={level}>
              <svg width="12" height="12" class="autograd-tools" aria-hidden="true">
                <rect width="12" height="12" fill={data.header.looks.heat[n]!} />
              </svg>{" "}
              {level}
            </span>
          ))}
        </p>
      )}
      {info.note && (
        <p class="note" role="status">
          {info.note}
        </p>
      )}
      <div class="ground">
        {around.length + node > 0 && <Crumbs around={around} node={node} />}
        <div
          ref={stage}
          class={`stage${info.isBusy ? " busy" : ""}`}
          tabIndex={0}
          role="group"
          aria-label="Arrows go from box to box, Enter opens and closes, + and − zoom"
          aria-busy={info.isBusy}
          onKeyDown={(event) => scene.current && onKey(event, scene.current, state)}
        />
      </div>
      {around
        .filter((g) => data.times(g))
        .map((g) => (
          <Steps
            key={g}
            data={data}
            group={g}
            node={node}
            copy={state.copy}
            choose={(copy) => store.set({ copy })}
          />
        ))}
    </section>
  );
}

function Button({ name, sign, does }: { name: string; sign: string; does: () => unknown }) {
  return (
    <button type="button" title={name} aria-label={name} onClick={() => void does()}>
      {sign}
    </button>
  );
}

/** The groups around what is selected, outermost first. */
function Crumbs({ around, node }: { around: number[]; node: number }) {
  const { page, data } = usePage();
  return (
    <nav class="crumbs" aria-label="groups around the selection">
      <button
        type="button"
        onClick={() => {
          page.select(null);
          current.scene?.canvas.start();
        }}
      >
        {data.header.title}
      </button>
      {around.map((group) => (
        <span key={group}>
          {" "}
          ›{" "}
          <button
            type="button"
            onClick={() => {
              page.select({ group });
            }}
          >
            {title(data, group)}
          </button>
        </span>
      ))}
      {node > 0 && (
        <span>
          {" "}
          ›{" "}
          <button type="button" onClick={() => page.show({ node })}>
            {data.label(node)}
          </button>
        </span>
      )}
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
