/** The comparison of two runs, by line. */

import { useMemo } from "preact/hooks";

import type { Changes as Comparison } from "./data.ts";
import { grouped, timeText } from "./numbers.ts";
import { type Page, usePage } from "./page.ts";
import { type Row, SortedTable } from "./table.tsx";

type Line = Comparison["lines"][number];

interface Column {
  name: string;
  value: (line: Line) => number | null;
  text: (value: number) => string;
  look: string; // a class
}

const count = (sign: string) => (n: number) => (n ? `${sign}${grouped(n)}` : "");
const signed = (ns: number) => (ns ? `${ns > 0 ? "+" : "−"}${timeText(Math.abs(ns))}` : "");

function difference({ before_ns, after_ns }: Line): number | null {
  return before_ns === null && after_ns === null ? null : (after_ns ?? 0) - (before_ns ?? 0);
}

/** The columns with numbers. To add one, add an entry. */
const COLUMNS: Column[] = [
  { name: "added", value: (line) => line.added, text: count("+"), look: "good" },
  { name: "removed", value: (line) => line.removed, text: count("−"), look: "bad" },
  { name: "other numbers", value: (line) => line.changed, text: count("≠"), look: "warn" },
  { name: "before", value: (line) => line.before_ns, text: timeText, look: "" },
  { name: "after", value: (line) => line.after_ns, text: timeText, look: "" },
  { name: "difference", value: difference, text: signed, look: "" },
];

export function Changes() {
  const { page, data } = usePage();
  const { names, lines, text } = data.header.changes!;
  const { table, looks } = useMemo(() => tableOf(page, lines), [page]);
  return (
    <div class="wide">
      <h2>{names.join(" → ")}</h2>
      {lines.length > 0 && (
        <SortedTable table={table} lookOf={(row, i) => looks.get(row)?.[i] ?? ""} />
      )}
      <h2>In words</h2>
      <pre>{text}</pre>
    </div>
  );
}

/** Return a table of lines, and the classes of its cells: significant differences have a colour. */
function tableOf(page: Page, lines: Line[]) {
  const shown = COLUMNS.filter(({ value }) => lines.some((line) => value(line)));
  const looks = new Map<Row, string[]>();
  const rows = lines.map((line): Row => {
    const values = shown.map(({ value }) => value(line));
    const cells = shown.map(({ text }, i) => (values[i] === null ? "" : text(values[i]!)));
    const row = {
      cells: [page.placeText(line), line.code, ...cells],
      values: [null, null, ...values],
      file: line.file,
      line: line.line,
      op: "",
    };
    const verdict = line.significant ? ((difference(line) ?? 0) > 0 ? "bad" : "good") : "";
    looks.set(row, [
      "",
      "",
      ...shown.map(({ name, look }) => (name === "difference" ? verdict : look)),
    ]);
    return row;
  });
  const columns = ["line", "code"].map((name) => ({ name, right: false, is_share: false }));
  const numbers = shown.map(({ name }) => ({ name, right: true, is_share: false }));
  return { table: { columns: [...columns, ...numbers], rows }, looks };
}
