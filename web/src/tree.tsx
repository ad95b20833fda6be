/** The left: the tree of functions, loops and lines, the results of a search. */

import { useEffect, useMemo, useState } from "preact/hooks";

import { inCopy } from "./copies.ts";
import type { Data } from "./data.ts";
import { kept, membersOf, modelOf, opened, pathTo, reveal, type Target } from "./graph.ts";
import { rowName } from "./labels.ts";
import { type Measured, sorted } from "./metrics.ts";
import { grouped, joined, plural } from "./numbers.ts";
import { usePage } from "./page.ts";
import { Rows } from "./rows.tsx";
import { find } from "./search.ts";
import { heading } from "./steps.ts";
import type { Selection } from "./store.ts";

const HEIGHT = 23; // of a row
const COLUMNS = ["changes", "total", "grad"]; // the first two that a page has, after what is sorted
const ARROWS = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 };
const STEPS: Record<string, number> = { ...ARROWS, Home: -1e9, End: 1e9 };

interface Line {
  member: number; // the id of a node, or a group as -g
  depth: number;
}

/** Return the rows of a tree whose groups are open or closed. */
function linesOf(members: (group: number) => Int32Array, open: ReadonlySet<number>): Line[] {
  const lines: Line[] = [];
  const add = (group: number, depth: number) => {
    for (const member of members(group)) {
      lines.push({ member, depth });
      if (open.has(-member)) add(-member, depth + 1);
    }
  };
  add(0, 0);
  return lines;
}

export function Tree() {
  const { page, data, state } = usePage();
  const { measured } = page;
  const { selected } = state;
  const [open, setOpen] = useState<ReadonlySet<number>>(page.store.first.open);
  const nans = measured.find(({ metric }) => metric.name === "nan");
  const chosen = measured.find(({ metric }) => metric.name === state.sort);
  const query = state.query.trim();
  const found = useMemo(() => (query ? find(data, query) : null), [data, query]);
  const inFocus = useMemo(() => found?.ids.filter((id) => modelOf(data, id) > 0), [data, found]);
  const left = found ? found.ids.length - inFocus!.length : 0;

  useEffect(() => {
    if (selected && !("line" in selected)) setOpen((before) => reveal(data, before, selected));
  }, [selected]);

  const results = useMemo(
    () => found && sorted(state.outside ? found.ids : inFocus!, chosen, false),
    [chosen, found, state.outside],
  );
  const tree = useMemo(
    () => (results ? [] : linesOf((group) => sorted(membersOf(data, group), chosen), open)),
    [data, open, chosen, results],
  );
  const count = results ? results.length : tree.length;
  const lineAt = (i: number): Line | undefined =>
    !results ? tree[i] : i in results ? { member: results[i]!, depth: 0 } : undefined;
  const targetOf = ({ member }: Line): Target =>
    member < 0 ? { group: -member } : { node: results ? member : inCopy(data, state.copy, member) };
  const at = useMemo(() => {
    if (results) return selected && "node" in selected ? results.indexOf(selected.node) : -1;
    const own = memberOf(data, selected);
    return own ? tree.findIndex(({ member }) => member === own) : -1;
  }, [results, tree, selected]);
  const columns = shownColumns(measured, chosen).slice(0, found ? 1 : 2);

  const toggle = (group: number, opens = !open.has(group)) => {
    const next = new Set(open).add(group);
    if (!opens) next.delete(group);
    setOpen(next);
  };
  const enter = (line: Line) => {
    const target = targetOf(line);
    if ("node" in target) return page.show(target);
    const { group } = target;
    const shown = reveal(data, state.open, target);
    const isOpen = state.open.has(group) && shown.size === state.open.size;
    if (isOpen) shown.delete(group);
    toggle(group, !isOpen);
    const next = isOpen ? shown : opened(data, { open: shown, detail: state.detail }, group);
    page.store.set({ open: next, selected: target, view: "graph" });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const line = lineAt(at);
    const group = line && line.member < 0 ? -line.member : 0;
    const step = STEPS[event.key];
    if (step) {
      const next = lineAt(Math.max(0, Math.min(count - 1, at < 0 ? 0 : at + step)));
      if (next) page.select(targetOf(next));
    } else if (event.key === "ArrowRight" && group) {
      if (open.has(group)) page.select(targetOf(lineAt(at + 1)!));
      else toggle(group);
    } else if (event.key === "ArrowLeft" && line && !results) {
      const around = pathTo(data, group ? { group } : { node: line.member }).at(-1);
      if (group && open.has(group)) toggle(group);
      else if (around) page.select({ group: around });
    } else if (event.key === "Enter" && line) enter(line);
    else return;
    event.preventDefault();
  };
  const sort = (name: string) => page.store.set({ sort: name });

  return (
    <>
      <div class="bar">
        <span aria-live="polite">
          {found ? `${plural(count, "node")} found` : plural(kept(data), "node")}
        </span>
        {left > 0 && (
          <button class="link" onClick={() => page.store.set({ outside: !state.outside })}>
            {state.outside ? "only in the focus" : `${grouped(left)} more outside the focus`}
          </button>
        )}
        <label class="end">
          sort{" "}
          <select value={state.sort} onChange={(event) => sort(event.currentTarget.value)}>
            <option value="">program order</option>
            {measured.map(({ metric }) => (
              <option value={metric.name} title={metric.help}>
                {metric.title}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div class="heads">
        <span class="name">{found ? "result" : "function, loop, line"}</span>
        {columns.map(({ metric: { name, title, help } }) => (
          <button
            title={`Sort by ${help}`}
            aria-pressed={name === state.sort}
            onClick={() => sort(name === state.sort ? "" : name)}
          >
            {title}
          </button>
        ))}
      </div>
      {found && !count ? (
        <Nothing error={found.error} />
      ) : (
        <Rows
          class="rows"
          role="tree"
          tabIndex={0}
          aria-label={found ? "Results of the search" : "Functions, loops and lines"}
          aria-activedescendant={at >= 0 ? `tree-${at}` : undefined}
          onKeyDown={onKeyDown}
          count={count}
          height={HEIGHT}
          at={at}
          key_of_at={`${at} ${count}`}
          row={(i) => {
            const line = lineAt(i)!;
            const target = targetOf(line);
            return (
              <Row
                key={line.member}
                number={i}
                depth={line.depth}
                target={target}
                isOpen={"group" in target ? open.has(target.group) : undefined}
                isAt={i === at}
                isWrong={line.member > 0 && numberOf(nans, line, !results) > 0}
                cells={columns.map((own) => [textOf(own, line, !results), own === chosen])}
                hasPlace={found !== null}
                onToggle={() => "group" in target && toggle(target.group)}
                onEnter={() => enter(line)}
              />
            );
          }}
        />
      )}
    </>
  );
}

function Nothing({ error }: { error: string }) {
  return (
    <div class="empty">
      <p class={error ? "bad" : ""}>{error || "Nothing matches."}</p>
      <p>
        Write an operation, a name, a line (<code>train.py:12</code>), a shape (<code>4×3</code>),{" "}
        <code>nan</code>, <code>inf</code>, <code>param</code>, or compare: <code>op=matmul</code>,{" "}
        <code>∇&gt;10</code>, <code>bytes&gt;1e6</code>, <code>time&gt;1ms</code>. All words must
        match.
      </p>
    </div>
  );
}

interface RowProps {
  number: number;
  depth: number;
  target: Target;
  isOpen: boolean | undefined;
  isAt: boolean;
  isWrong: boolean;
  cells: [text: string, isSorted: boolean][];
  hasPlace: boolean;
  onToggle: () => void;
  onEnter: () => void;
}

function Row({ number, depth, target, isOpen, isAt, isWrong, cells, hasPlace, onToggle, onEnter }: RowProps) {
  const { page, data, state } = usePage();
  const [group, node] = "group" in target ? [target.group, 0] : [0, target.node];
  const kind = group ? data.groupKind(group) : data.kind(node);
  const looks = ["row", kind, isAt && "chosen at", isWrong && "wrong", !group && data.mark(node)];
  const place = hasPlace ? page.placeOf({ node }) : null;
  const times = group ? data.times(group) : 0;
  const text = group ? heading(data, group, state.copy) : hasPlace ? data.label(node) : rowName(data, node);
  return (
    <div
      class={joined(looks)}
      role="treeitem"
      id={`tree-${number}`}
      aria-level={depth + 1}
      aria-expanded={isOpen}
      aria-selected={isAt}
      style={{ paddingLeft: `${6 + 13 * depth}px` }}
      onClick={() => page.select(target)}
      onDblClick={onEnter}
      title={text}
    >
      <span
        class="twist"
        onClick={(event) => {
          if (group) event.stopPropagation();
          onToggle();
        }}
      >
        {isOpen === undefined ? "" : isOpen ? "▼" : "▶"}
      </span>
      <span class={`name ${group && kind !== "line" ? "" : "code"}`}>{text}</span>
      {times > 0 && <span class="times">×{grouped(times)}</span>}
      {place && (
        <span class="place">
          {data.header.files.length > 1 && <span>{data.header.files[place.file]?.name}</span>}:
          {place.line}
        </span>
      )}
      {cells.map(([cell, isSorted]) => (
        <span class={`cell ${isSorted ? "sorted" : ""}`}>{cell}</span>
      ))}
    </div>
  );
}

/** Return the text of a row; a node in the tree means all that it stands for in folded groups. */
function textOf(measured: Measured, line: Line, all: boolean): string {
  return measured.metric.text(numberOf(measured, line, all));
}

function numberOf(measured: Measured | undefined, { member }: Line, all: boolean): number {
  if (!measured) return NaN;
  const { groups, nodes, members } = measured;
  return member < 0 ? groups[-member]! : (all ? members : nodes)[member - 1]!;
}

/** Return the member of the tree that stands for what is selected, 0 for none. */
function memberOf(data: Data, selected: Selection | null): number {
  if (!selected || "line" in selected) return 0;
  return "group" in selected ? -selected.group : modelOf(data, selected.node);
}

function shownColumns(measured: Measured[], chosen: Measured | undefined): Measured[] {
  const usual = COLUMNS.flatMap((name) => measured.filter(({ metric }) => metric.name === name));
  return chosen ? [chosen, ...usual.filter((one) => one !== chosen)] : usual;
}
