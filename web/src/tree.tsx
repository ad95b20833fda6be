/** The left: the tree of functions, loops and lines, the results of a search. */

import { useEffect, useMemo, useState } from "preact/hooks";

import type { Data } from "./data.ts";
import { membersOf, modelOf, opened, pathTo, reveal } from "./graph.ts";
import { title } from "./labels.ts";
import { grouped, plural } from "./numbers.ts";
import { inCopy } from "./copies.ts";
import { usePage } from "./page.ts";
import { Rows } from "./rows.tsx";
import { type Measured, sorted } from "./metrics.ts";
import { find } from "./search.ts";
import type { Selection } from "./store.ts";

const HEIGHT = 23; // of a row
const COLUMNS = ["changes", "total", "grad"]; // the first two that a page has, after what is sorted

interface Line {
  member: number; // the id of a node, or a group as -g
  depth: number;
}

/** Return the rows of a tree whose groups are open or closed. */
function linesOf(
  members: (group: number) => Int32Array,
  open: ReadonlySet<number>,
  group = 0,
  depth = 0,
  lines: Line[] = [],
): Line[] {
  for (const member of members(group)) {
    lines.push({ member, depth });
    if (member < 0 && open.has(-member)) linesOf(members, open, -member, depth + 1, lines);
  }
  return lines;
}

export function Tree() {
  const { page, data, state } = usePage();
  const { measured } = page;
  const [open, setOpen] = useState<ReadonlySet<number>>(page.store.first.open);
  const chosen = measured.find(({ metric }) => metric.name === state.sort);
  const query = state.query.trim();
  const found = useMemo(() => (query ? find(data, query) : null), [page, query]);
  const selected = state.selected;

  useEffect(() => {
    if (selected && !("line" in selected)) setOpen((before) => reveal(data, before, selected));
  }, [selected]);

  const results = useMemo(() => found && sorted(found.ids, chosen), [chosen, found]);
  const tree = useMemo(
    () => (results ? [] : linesOf((group) => sorted(membersOf(data, group), chosen), open)),
    [data, open, chosen, results],
  );
  const count = results ? results.length : tree.length;
  const lineAt = (i: number): Line | undefined =>
    results ? (i in results ? { member: results[i]!, depth: 0 } : undefined) : tree[i];
  const nodeAt = (line: Line) => (results ? line.member : inCopy(data, state.copy, line.member));
  const at = useMemo(() => {
    if (results) return selected && "node" in selected ? results.indexOf(selected.node) : -1;
    const own = memberOf(data, selected);
    return own ? tree.findIndex(({ member }) => member === own) : -1;
  }, [results, tree, selected]);
  const columns = shownColumns(measured, chosen).slice(0, found ? 1 : 2);

  const toggle = (group: number, opens = !open.has(group)) => {
    const next = new Set(open);
    if (opens) next.add(group);
    else next.delete(group);
    setOpen(next);
  };
  const choose = (line: Line) =>
    page.select(line.member < 0 ? { group: -line.member } : { node: nodeAt(line) });
  const enter = (line: Line) => {
    if (line.member >= 0) return page.show({ node: nodeAt(line) });
    const group = -line.member;
    const target = { group };
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
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15, Home: -1e9, End: 1e9 }[
      event.key
    ];
    if (step) {
      const next = lineAt(Math.max(0, Math.min(count - 1, at < 0 ? 0 : at + step)));
      if (next) choose(next);
    } else if (event.key === "ArrowRight" && group) {
      if (!open.has(group)) toggle(group, true);
      else choose(lineAt(at + 1)!);
    } else if (event.key === "ArrowLeft" && line && !results) {
      if (group && open.has(group)) toggle(group, false);
      else {
        const around = pathTo(data, group ? { group } : { node: line.member }).at(-1);
        if (around) page.select({ group: around });
      }
    } else if (event.key === "Enter" && line) enter(line);
    else return;
    event.preventDefault();
  };

  return (
    <>
      <div class="bar">
        {found ? (
          <span aria-live="polite">{plural(found.ids.length, "node")} found</span>
        ) : (
          <span>{plural(data.nodes, "node")}</span>
        )}
        <label class="end">
          sort{" "}
          <select
            value={state.sort}
            onChange={(event) => page.store.set({ sort: event.currentTarget.value })}
          >
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
        {columns.map(({ metric }) => (
          <button
            title={`Sort by ${metric.help}`}
            aria-pressed={metric.name === state.sort}
            onClick={() => page.store.set({ sort: metric.name === state.sort ? "" : metric.name })}
          >
            {metric.title}
          </button>
        ))}
      </div>
      {found && !count ? (
        <div class="empty">
          <p class={found.error ? "bad" : ""}>{found.error || "Nothing matches."}</p>
          <p>
            Write an operation, a name, a line (<code>train.py:12</code>), a shape (<code>4×3</code>
            ), <code>nan</code>, <code>inf</code>, <code>param</code>, or compare:{" "}
            <code>op=matmul</code>, <code>∇&gt;10</code>, <code>bytes&gt;1e6</code>,{" "}
            <code>time&gt;1ms</code>. All words must match.
          </p>
        </div>
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
            const group = line.member < 0 ? -line.member : 0;
            return (
              <Row
                key={line.member}
                id={`tree-${i}`}
                line={line}
                node={group ? 0 : nodeAt(line)}
                isOpen={group ? open.has(group) : undefined}
                isAt={i === at}
                columns={columns}
                chosen={chosen}
                hasPlace={found !== null}
                onToggle={() => toggle(group)}
                onChoose={() => choose(line)}
                onEnter={() => enter(line)}
              />
            );
          }}
        />
      )}
    </>
  );
}

interface RowProps {
  id: string;
  line: Line;
  node: number;
  isOpen: boolean | undefined;
  isAt: boolean;
  columns: Measured[];
  chosen: Measured | undefined;
  hasPlace: boolean;
  onToggle: () => void;
  onChoose: () => void;
  onEnter: () => void;
}

function Row(props: RowProps) {
  const { page, data } = usePage();
  const { line, node, isOpen, columns, chosen } = props;
  const group = line.member < 0 ? -line.member : 0;
  const kind = group ? data.groupKind(group) : data.kind(node);
  const value = ({ groups, nodes }: Measured) => (group ? groups[group]! : nodes[node - 1]!);
  const isWrong = !group && (data.value.nans(node) > 0 || data.gradient.nans(node) > 0);
  const mark = group ? "" : data.mark(node);
  const place = props.hasPlace ? page.placeOf({ node }) : null;
  const times = group ? data.times(group) : 0;
  const heading = group ? title(data, group) : data.label(node);
  const text = times ? heading.replace(/\s*×[\d,]+$/, "") : heading;
  return (
    <div
      class={`row ${kind} ${props.isAt ? "chosen at" : ""} ${isWrong ? "wrong" : ""} ${mark}`}
      role="treeitem"
      id={props.id}
      aria-level={line.depth + 1}
      aria-expanded={isOpen}
      aria-selected={props.isAt}
      style={{ paddingLeft: `${6 + 13 * line.depth}px` }}
      onClick={props.onChoose}
      onDblClick={props.onEnter}
      title={text}
    >
      <span
        class="twist"
        onClick={(event) => {
          if (!group) return;
          event.stopPropagation();
          props.onToggle();
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
      {columns.map((measured) => (
        <span class={`cell ${measured === chosen ? "sorted" : ""}`}>
          {measured.metric.text(value(measured))}
        </span>
      ))}
    </div>
  );
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
