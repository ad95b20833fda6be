/** Links to nodes and groups. */

import { useEffect, useState } from "preact/hooks";

import type { Statistics } from "./data.ts";
import { pathTo } from "./graph.ts";
import { title } from "./labels.ts";
import { general, grouped } from "./numbers.ts";
import { copiesOf } from "./copies.ts";
import { type Page, usePage } from "./page.ts";

const A_PAGE = 40; // links
const MOST = 3; // axes of a shape

/** The functions, loops and steps around something, as links. */
export function Around({ target }: { target: { node: number } | { group: number } }) {
  const { page, data } = usePage();
  const copies =
    "node" in target ? new Map(copiesOf(data, target.node)) : new Map<number, number>();
  const around = pathTo(data, target).filter((group) => data.groupTitle(group));
  return (
    <>
      {around.map((group) => (
        <>
          {" › "}
          <button class="link" onClick={() => page.select({ group })}>
            {data.groupTitle(group)}
          </button>
          {copies.has(group) && ` ${copies.get(group)! + 1} of ${grouped(data.times(group))}`}
        </>
      ))}
    </>
  );
}

/** Links to nodes, and to groups as -g; a page of them at a time. */
export function Links({ heading, ids }: { heading: string; ids: readonly number[] }) {
  const { page, data } = usePage();
  const [from, setFrom] = useState(0);
  useEffect(() => setFrom(0), [ids.length, ids[0]]);
  if (!ids.length) return null;
  return (
    <>
      <h3>
        {heading}
        {ids.length > 1 && ` · ${grouped(ids.length)}`}
      </h3>
      <div class="list">
        {ids.slice(from, from + A_PAGE).map((member) => (
          <button onClick={() => page.show(member < 0 ? { group: -member } : { node: member })}>
            <span class="id">{member < 0 ? "▣" : `v${member}`}</span>
            <span class="name code">{member < 0 ? title(data, -member) : data.label(member)}</span>
            <span class="dim">
              {member < 0 ? briefGroup(page, -member) : brief(data.value, data.gradient, member)}
            </span>
          </button>
        ))}
      </div>
      {ids.length > A_PAGE && (
        <div class="pages">
          <button class="link" disabled={!from} onClick={() => setFrom(from - A_PAGE)}>
            ‹ before
          </button>
          <span>
            {grouped(from + 1)} to {grouped(Math.min(from + A_PAGE, ids.length))} of{" "}
            {grouped(ids.length)}
          </span>
          <button
            class="link"
            disabled={from + A_PAGE >= ids.length}
            onClick={() => setFrom(from + A_PAGE)}
          >
            after ›
          </button>
        </div>
      )}
    </>
  );
}

function brief(value: Statistics, gradient: Statistics, id: number): string {
  const shape = value.form(id)?.[1];
  const text = shape?.length
    ? shape.slice(0, MOST).join("×") + (shape.length > MOST ? "×…" : "")
    : "";
  const norm = gradient.has(id) ? gradient.norm(id) : NaN;
  return [text, Number.isNaN(norm) ? "" : `∇ ${general(norm, 3)}`].filter(Boolean).join("  ");
}

function briefGroup({ measured }: Page, group: number): string {
  const facts = ["total", "grad"].map((name) =>
    measured.find(({ metric }) => metric.name === name),
  );
  const texts = facts.map((one) => one?.metric.text(one.groups[group]!) ?? "");
  return [texts[0], texts[1] && `∇ ${texts[1]}`].filter(Boolean).join("  ");
}
