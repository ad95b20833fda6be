/** The right, below: all facts of what is selected. */

import { useMemo } from "preact/hooks";

import { inCopy, normsOf } from "./copies.ts";
import { figuresOf } from "./facts.ts";
import { idsOf, membersOf } from "./graph.ts";
import { operationsOf, title } from "./labels.ts";
import { Around, Link, Links } from "./links.tsx";
import { JOINS } from "./metrics.ts";
import { Node } from "./node.tsx";
import { general, grouped, joined } from "./numbers.ts";
import { type Page, type Place, usePage } from "./page.ts";
import { shownCopy, stepName } from "./steps.ts";

const NAMED = 10; // operations

export function Inspector() {
  const { selected } = usePage().state;
  return (
    <section class="inspector" aria-label="Facts">
      <div class="facts" tabIndex={0}>
        {!selected && <Whole />}
        {selected && "node" in selected && <Node id={selected.node} />}
        {selected && "group" in selected && <Group group={selected.group} />}
        {selected && "line" in selected && <OfLine place={selected} />}
      </div>
    </section>
  );
}

/** The whole graph, when nothing is selected. */
function Whole() {
  const { page, data } = usePage();
  const params = useMemo(() => {
    const kinds = Array.from(data.column("kind"), (kind, row) => [data.header.kinds[kind], row]);
    return kinds.flatMap(([kind, row]) => (kind === "param" ? [Number(row) + 1] : []));
  }, [data]);
  return (
    <>
      <h2>{data.header.title}</h2>
      {data.header.notes.map((note) => (
        <p class="where">{note}</p>
      ))}
      <Figures nodes={data.nodes} figures={figuresOf(page, 0)} />
      {data.header.result > 0 && <Links heading="result" ids={[data.header.result]} />}
      <Links heading="Params" ids={params} />
    </>
  );
}

function Group({ group }: { group: number }) {
  const { page, data, state } = usePage();
  const ids = useMemo(() => idsOf(data, group), [data, group]);
  const inside = Array.from(membersOf(data, group), (member) =>
    member > 0 ? inCopy(data, state.copy, member) : member,
  );
  const about = joined([data.groupKind(group), data.groupInstance(group)], " · ");
  const place = page.placeOf({ group });
  return (
    <>
      <h2>{title(data, group, state.copy) || "the whole graph"}</h2>
      <p class="where">
        {about}
        {place && " · "}
        <Around target={{ group }} place={place} />
      </p>
      <Figures nodes={ids.length} figures={figuresOf(page, group)} />
      {data.times(group) > 1 && <Copies group={group} />}
      <Operations ids={ids} />
      <Links heading="inside" ids={inside} />
    </>
  );
}

function OfLine({ place }: { place: Place }) {
  const { page } = usePage();
  const ids = page.nodesAt(place);
  return (
    <>
      <h2 class="code">{page.codeAt(place) || page.placeText(place)}</h2>
      <p class="where">
        {page.placeText(place)} ·{" "}
        <Link text="show in the graph" does={() => page.showLine(place)} />
      </p>
      {ids.length > 0 && <Figures nodes={ids.length} figures={figuresAt(page, ids)} />}
      <Links heading="computed here" ids={ids} />
      <Links heading="begins here" ids={page.groupsAt(place).map((group) => -group)} />
    </>
  );
}

/** Return what the nodes of a line come to together. */
function figuresAt({ measured }: Page, ids: number[]): ReturnType<typeof figuresOf> {
  return measured.flatMap(({ metric, nodes }) => {
    const join = JOINS[metric.fold];
    const text = metric.text(ids.reduce((all, id) => join(all, nodes[id - 1]!), NaN));
    return text && metric.name !== "self" ? [[metric.title, text, metric.help]] : [];
  });
}

function Figures({ nodes, figures }: { nodes: number; figures: ReturnType<typeof figuresOf> }) {
  return (
    <table>
      <tbody>
        {[["nodes", grouped(nodes), ""], ...figures].map(([name, text, help]) => (
          <tr title={help}>
            <th scope="row">{name}</th>
            <td class="number">{text}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The steps of a folded group with the first, the last, the least and the largest gradient. */
function Copies({ group }: { group: number }) {
  const { page, data, state } = usePage();
  const norms = useMemo(() => normsOf(data, group, state.copy), [data, group, state.copy]);
  const known = norms.filter((norm) => norm !== null).sort((a, b) => a - b);
  const rows: [string, number][] = [
    ["first", 0],
    ["last", norms.length - 1],
    ["smallest", norms.indexOf(known[0]!)],
    ["largest", norms.indexOf(known.at(-1)!)],
  ];
  const at = (copy: number) => new Map([...state.copy, [group, copy]]);
  return (
    <>
      <h3>
        copies · {shownCopy(data, group, state.copy) || `all ${grouped(norms.length)}`} shown
      </h3>
      <table>
        <tbody>
          {rows
            .filter(([, copy]) => copy >= 0)
            .map(([name, copy]) => (
              <tr>
                <th scope="row">{name}</th>
                <td>
                  <Link
                    text={stepName(data, group, at(copy)) || shownCopy(data, group, at(copy))}
                    does={() => page.showCopy(group, copy)}
                  />
                </td>
                <td class="number">
                  {norms[copy] == null ? "" : `∇ ${general(norms[copy], 3)}`}
                </td>
              </tr>
            ))}
        </tbody>
      </table>
    </>
  );
}

function Operations({ ids }: { ids: Int32Array }) {
  const { page, data } = usePage();
  const found = useMemo(() => operationsOf(data, ids).filter(([op]) => op), [data, ids]);
  if (!found.length) return null;
  return (
    <>
      <h3>operations</h3>
      <p class="where">
        {found.slice(0, NAMED).map(([op, count]) => (
          <>
            <Link text={op} look="code" does={() => page.store.set({ query: `op=${op}` })} />
            {count > 1 && <span class="dim"> ×{grouped(count)}</span>}
            {"  "}
          </>
        ))}
        {found.length > NAMED && `… ${found.length - NAMED} more`}
      </p>
    </>
  );
}
