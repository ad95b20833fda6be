/** Links to lines, nodes and groups. */

import { useEffect, useState } from "preact/hooks";

import { copiesOf } from "./copies.ts";
import { figuresOf } from "./facts.ts";
import { pathTo, type Target } from "./graph.ts";
import { title } from "./labels.ts";
import { general, grouped, joined } from "./numbers.ts";
import { type Page, type Place, usePage } from "./page.ts";
import { heading, shownCopy, stepName } from "./steps.ts";

const A_PAGE = 40; // links
const MOST = 3; // axes of a shape

/** The line of something, and the functions, loops and steps around it, as links. */
export function Around({ target, place }: { target: Target; place: Place | null }) {
  const { page, data, state } = usePage();
  const copies = "node" in target ? new Map(copiesOf(data, target.node)) : state.copy;
  const around = pathTo(data, target).filter((group) => data.groupTitle(group));
  return (
    <>
      {place && <Link text={page.placeText(place)} does={() => page.select(place)} />}
      {around.map((group) => (
        <>
          {" › "}
          <Link text={heading(data, group, copies)} does={() => page.select({ group })} />
          {copies.has(group) && ` · ${stepName(data, group, copies) || shownCopy(data, group, copies)}`}
        </>
      ))}
    </>
  );
}

interface LinkProps {
  text: string;
  does: () => void;
  look?: string;
  title?: string;
}

export function Link({ text, does, look = "", title }: LinkProps) {
  return (
    <button class={`link ${look}`} title={title} onClick={does}>
      {text}
    </button>
  );
}

/** Links to nodes, and to groups as -g; a page of them at a time. */
export function Links({ heading, ids }: { heading: string; ids: readonly number[] }) {
  const { page, data, state } = usePage();
  const [from, setFrom] = useState(0);
  useEffect(() => setFrom(0), [ids.length, ids[0]]);
  if (!ids.length) return null;
  const to = Math.min(from + A_PAGE, ids.length);
  const turn = (text: string, by: number) => (
    <button class="link" disabled={!(from + by in ids)} onClick={() => setFrom(from + by)}>
      {text}
    </button>
  );
  return (
    <>
      <h3>
        {heading}
        {ids.length > 1 && ` · ${grouped(ids.length)}`}
      </h3>
      <div class="list">
        {ids.slice(from, to).map((member) => (
          <button onClick={() => page.show(member < 0 ? { group: -member } : { node: member })}>
            <span class="id">{member < 0 ? "▣" : data.numbered(member)}</span>
            <span class="name code">{member < 0 ? title(data, -member, state.copy) : data.label(member)}</span>
            <span class="dim">{brief(page, member)}</span>
          </button>
        ))}
      </div>
      {ids.length > A_PAGE && (
        <div class="pages">
          {turn("‹ before", -A_PAGE)}
          <span>{`${grouped(from + 1)} to ${grouped(to)} of ${grouped(ids.length)}`}</span>
          {turn("after ›", A_PAGE)}
        </div>
      )}
    </>
  );
}

/** Return the shape or time of a node or group, and its gradient. */
function brief(page: Page, member: number): string {
  const { value, gradient } = page.data;
  if (member < 0) {
    const figures = new Map(figuresOf(page, -member).map(([name, text]) => [name, text]));
    const norm = figures.get("∇ max");
    return joined([figures.get("total"), norm && `∇ ${norm}`], "  ");
  }
  const shape = value.form(member)?.[1] ?? [];
  const sizes = shape.slice(0, MOST).join("×") + (shape.length > MOST ? "×…" : "");
  const norm = gradient.has(member) ? gradient.norm(member) : NaN;
  return joined([sizes, !Number.isNaN(norm) && `∇ ${general(norm, 3)}`], "  ");
}
