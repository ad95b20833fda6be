/** The comparison of two runs, by line. */

import { useMemo, useState } from "preact/hooks";

import type { Changes as Comparison } from "./data.ts";
import { grouped, timeText } from "./labels.ts";
import { usePage } from "./page.ts";

type Line = Comparison["lines"][number];

/** The columns, with the text of a line and what they sort by. To add one, add an entry. */
const COLUMNS: { name: string; kind: string; text: (line: Line) => string; value: (line: Line) => number }[] = [
  { name: "added", kind: "good", text: (line) => count("+", line.added), value: (line) => line.added },
  { name: "removed", kind: "bad", text: (line) => count("−", line.removed), value: (line) => line.removed },
  { name: "other numbers", kind: "warn", text: (line) => count("≠", line.changed), value: (line) => line.changed },
  { name: "before", kind: "", text: (line) => time(line.before_ns), value: (line) => line.before_ns ?? 0 },
  { name: "after", kind: "", text: (line) => time(line.after_ns), value: (line) => line.after_ns ?? 0 },
  { name: "difference", kind: "", text: differenceText, value: difference },
]; // prettier-ignore

const count = (sign: string, n: number) => (n ? `${sign}${grouped(n)}` : "");
const time = (ns: number | null) => (ns === null ? "" : timeText(ns));

function difference({ before_ns, after_ns }: Line): number {
  return before_ns === null && after_ns === null ? 0 : (after_ns ?? 0) - (before_ns ?? 0);
}

function differenceText(line: Line): string {
  const ns = difference(line);
  return ns ? `${ns > 0 ? "+" : "−"}${timeText(Math.abs(ns))}` : "";
}

export function Changes() {
  const { page, data, state } = usePage();
  const changes = data.header.changes!;
  const [by, setBy] = useState(-1);
  const lines = useMemo(() => {
    const column = COLUMNS[by];
    return column ? [...changes.lines].sort((a, b) => column.value(b) - column.value(a)) : changes.lines;
  }, [changes, by]);
  const columns = COLUMNS.filter((column) => changes.lines.some((line) => column.text(line)));
  const place = page.placeOf(state.selected);
  return (
    <div class="wide">
      <h2>
        {changes.names[0]} → {changes.names[1]}
      </h2>
      {lines.length > 0 && (
        <div class="scroll">
          <table class="table">
            <thead>
              <tr>
                <th scope="col">line</th>
                <th scope="col">code</th>
                {columns.map((column) => {
                  const own = COLUMNS.indexOf(column);
                  return (
                    <th scope="col" class="number" aria-sort={by === own ? "descending" : undefined}>
                      <button onClick={() => setBy(by === own ? -1 : own)} title="Sort by this column">
                        {column.name}
                        {by === own && " ↓"}
                      </button>
                    </th>
                  );
                })}
              </tr>
            </thead>
            <tbody>
              {lines.map((line) => {
                const target = { file: line.file, line: line.line };
                const isChosen = place?.file === line.file && place.line === line.line;
                return (
                  <tr
                    class={`goes ${isChosen ? "chosen" : ""}`}
                    tabIndex={0}
                    aria-selected={isChosen}
                    onClick={() => page.select(target)}
                    onDblClick={() => page.showLine(target)}
                    onKeyDown={(event) => {
                      if (event.key === "Enter") page.showLine(target);
                    }}
                  >
                    <td>{page.placeText(target)}</td>
                    <td class="code">{line.code}</td>
                    {columns.map(({ name, kind, text }) => {
                      const isLoss = name === "difference" && line.significant;
                      const look = isLoss ? (difference(line) > 0 ? "bad" : "good") : kind;
                      return <td class={`number ${look}`}>{text(line)}</td>;
                    })}
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
      <h2>In words</h2>
      <pre>{changes.text}</pre>
    </div>
  );
}
