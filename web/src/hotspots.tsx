/** The tables of a profile, its parts, tips and Python's own call tree. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import type { Profile, Sample, Table } from "./data.ts";
import { placeOf } from "./flame.ts";
import { timeText } from "./labels.ts";
import { usePage } from "./page.ts";

const KINDS = ["forward", "backward", "engine", "script"]; // classes of the parts of a run
const FEW = 30; // rows of a table at first
const ZERO = /^0(\.0+)?(ns|%)?$/;
const OPENED = 3; // levels of the call tree that are open at first

export function Hotspots() {
  const { data } = usePage();
  const profile = data.header.profile!;
  return (
    <div class="wide">
      <h2>Profile</h2>
      {profile.summary.map((line) => (
        <p>{line}</p>
      ))}
      <Parts parts={profile.parts} />
      {profile.tables.map((table) => (
        <Hot key={table.by} table={table} />
      ))}
      {profile.blocks.map(({ title, text }) => (
        <>
          <h2>{title}</h2>
          <pre>{text}</pre>
        </>
      ))}
      {profile.samples && <Samples root={profile.samples} />}
      <More />
    </div>
  );
}

function Parts({ parts }: { parts: Profile["parts"] }) {
  const whole = parts.reduce((sum, [, ns]) => sum + ns, 0) || 1;
  return (
    <>
      <div class="share" aria-hidden="true">
        {parts.map(([name, ns], i) => (
          <div class={KINDS[i] ?? "script"} style={{ width: `${(100 * ns) / whole}%` }} title={name} />
        ))}
      </div>
      <p class="parts">
        {parts.map(([name, ns], i) => (
          <span>
            <i class={KINDS[i] ?? "script"} />
            {name} {timeText(ns)} <span class="dim">{((100 * ns) / whole).toFixed(1)}%</span>
          </span>
        ))}
      </p>
    </>
  );
}

type Row = Table["rows"][number];

/** A table that its headers sort, and whose rows select lines. */
function Hot({ table }: { table: Table }) {
  const { page, data, state } = usePage();
  const [by, setBy] = useState<{ column: number; up: boolean } | null>(null);
  const [isFull, setFull] = useState(false);
  const rows = useMemo(() => (by ? sortedRows(table.rows, by.column, by.up) : table.rows), [table, by]);
  const place = page.placeOf(state.selected);
  const op = state.selected && "node" in state.selected ? data.op(state.selected.node) : "";
  const isChosen = (row: Row) =>
    row.file >= 0 && row.line > 0
      ? row.file === place?.file && row.line === place.line
      : row.op !== "" && row.op === op;
  const choose = (row: Row, opens: boolean) => {
    const target = { file: row.file, line: row.line };
    if (row.file >= 0 && row.line > 0) return opens ? page.showLine(target) : page.select(target);
    if (row.op) page.store.set({ query: `op=${row.op}` });
  };
  const goes = (row: Row) => (row.file >= 0 && row.line > 0) || row.op !== "";
  const shown = isFull ? rows : rows.slice(0, FEW);
  return (
    <>
      <h2>{table.title}</h2>
      <div class="scroll">
        <table class="table">
          <thead>
            <tr>
              {table.columns.map(({ name, right }, column) => (
                <th
                  class={right ? "number" : ""}
                  scope="col"
                  aria-sort={by?.column === column ? (by.up ? "ascending" : "descending") : undefined}
                >
                  <button
                    onClick={() => setBy({ column, up: by?.column === column ? !by.up : !right })}
                    title="Sort by this column"
                  >
                    {name}
                    {by?.column === column && (by.up ? " ↑" : " ↓")}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <tr
                class={`${goes(row) ? "goes" : ""} ${isChosen(row) ? "chosen" : ""}`}
                tabIndex={goes(row) ? 0 : -1}
                aria-selected={isChosen(row)}
                onClick={() => choose(row, false)}
                onDblClick={() => choose(row, true)}
                onKeyDown={(event) => {
                  if (event.key === "Enter" || event.key === " ") {
                    event.preventDefault();
                    choose(row, event.key === "Enter" && isChosen(row));
                  }
                }}
              >
                {row.cells.map((cell, i) => {
                  const { name, right, is_share } = table.columns[i]!;
                  const part = is_share && !isSum(row) ? { "--part": cell || "0%" } : undefined;
                  return (
                    <td
                      class={`${right ? "number" : ""} ${part ? "part" : ""} ${name === "code" ? "code" : ""} ${ZERO.test(cell) ? "dim" : ""}`}
                      style={part}
                      title={cell.length > 40 ? cell : undefined}
                    >
                      {cell}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > FEW && (
        <button class="link" onClick={() => setFull(!isFull)}>
          {isFull ? "show fewer" : `show all ${rows.length} rows`}
        </button>
      )}
    </>
  );
}

/** The sum below a table has no numbers to sort by, and stays last. */
const isSum = (row: Row) => row.values.every((value) => value === null || value === undefined);

export function sortedRows(rows: Row[], column: number, up: boolean): Row[] {
  const sign = up ? 1 : -1;
  const isText = rows.every((row) => typeof row.values[column] !== "number");
  return [...rows].sort((a, b) => {
    if (isSum(a) !== isSum(b)) return isSum(a) ? 1 : -1;
    const [x, y] = [a.values[column], b.values[column]];
    if (isText) return sign * a.cells[column]!.localeCompare(b.cells[column]!, "en", { numeric: true });
    if (typeof x !== "number" || typeof y !== "number") return Number(typeof y === "number") - Number(typeof x === "number");
    return sign * (x - y);
  });
}

function Samples({ root }: { root: Sample }) {
  return (
    <>
      <h2>Python call tree</h2>
      <div class="samples">
        <Frame sample={root} whole={root.seconds || 1} depth={0} />
      </div>
    </>
  );
}

/** A frame of the call tree, whose inner ones are rendered once it is open. */
function Frame({ sample, whole, depth }: { sample: Sample; whole: number; depth: number }) {
  const { page, data } = usePage();
  const [isOpen, setOpen] = useState(depth < OPENED);
  const place = placeOf(data, sample.place);
  const share = `${((100 * sample.seconds) / whole).toFixed(1)}%`;
  const said = (
    <>
      <span class="spent" style={{ "--part": share }}>
        {timeText(1e9 * sample.seconds)} {share}
      </span>
      <b>{sample.name}</b>{" "}
      {place ? (
        <button
          class="link"
          onClick={(event) => {
            event.preventDefault();
            page.select(place);
          }}
        >
          {sample.place}
        </button>
      ) : (
        <span class="dim">{sample.place}</span>
      )}
    </>
  );
  if (!sample.inner.length) return <div class="leaf">{said}</div>;
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{said}</summary>
      {isOpen && sample.inner.map((inner) => <Frame sample={inner} whole={whole} depth={depth + 1} />)}
    </details>
  );
}

/** The part of the page that is not data: charts that Python drew. */
function More() {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const template = document.getElementById("map-more");
    if (template instanceof HTMLTemplateElement) box.current!.append(template.content.cloneNode(true));
  }, []);
  return <div ref={box} />;
}
