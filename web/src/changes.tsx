/** The comparison of two runs, by line. */

import { useMemo } from "preact/hooks";

import type { Changes as Comparison } from "./data.ts";
import { grouped, timeText } from "./numbers.ts";
import { type Page, usePage } from "./page.ts";
import { type Row, SortedTable } from "./table.tsx";

type Line = Comparison["lines"][number];

/** A name, a number, its text, and a class of its cell. */
type Column = [string, (line: Line) => number | null, (value: number) => string, string];

const count = (sign: string) => (n: number) => (n ? `${sign}${grouped(n)}` : "");
const signed = (ns: number) => (ns ? `${ns > 0 ? "+" : "−"}${timeText(Math.abs(ns))}` : "");

function difference({ before_ns, after_ns }: Line): number | null {
  return before_ns === null && after_ns === null ? null : (after_ns ?? 0) - (before_ns ?? 0);
}

/** The columns with numbers. To add one, add an entry. */
const COLUMNS: Column[] = [
  ["added", (line) => line.added, count("+"), "good"],
  ["removed", (line) => line.removed, count("−"), "bad"],
  ["changed", (line) => line.changed, count("≠"), "warn"],
  ["different numbers", (line) => line.numbers, count("±"), "numbers"],
  ["before", (line) => line.before_ns, timeText, ""],
  ["after", (line) => line.after_ns, timeText, ""],
  ["difference", difference, signed, ""],
];

export function Changes() {
  const { page, data } = usePage();
  const { names, lines, text } = data.header.changes!;
  const shown = COLUMNS.filter(([, value]) => lines.some((line) => value(line)));
  const table = useMemo(() => tableOf(page, lines, shown), [page]);
  const lookOf = (row: Row, i: number) => {
    const [name, , , look] = shown[i - 2] ?? ["", , , ""];
    if (name !== "difference") return look;
    const line = lines[table.rows.indexOf(row)]!;
    return line.significant ? ((difference(line) ?? 0) > 0 ? "bad" : "good") : "";
  };
  return (
    <div class="wide">
      <h2>{names.join(" → ")}</h2>
      {lines.length > 0 && <SortedTable table={table} lookOf={lookOf} />}
      <h2>In words</h2>
      <pre tabIndex={0}>{text}</pre>
    </div>
  );
}

function tableOf(page: Page, lines: Line[], shown: Column[]) {
  const rows = lines.map((line): Row => {
    const values = shown.map(([, value]) => value(line));
    const cells = shown.map(([, , text], i) => (values[i] === null ? "" : text(values[i]!)));
    return {
      cells: [page.placeText(line), line.code, ...cells],
      values: [null, null, ...values],
      file: line.is_gone ? -1 : line.file, // the source is that of the run after
      line: line.line,
      op: "",
    };
  });
  const head = (right: boolean) => (name: string) => ({ name, right, is_share: false });
  const numbers = shown.map(([name]) => name).map(head(true));
  return { columns: [...["line", "code"].map(head(false)), ...numbers], rows };
}
