/** A table that its headers sort, and whose rows select lines. */

import { useMemo, useState } from "preact/hooks";

import type { Table } from "./data.ts";
import { usePage } from "./page.ts";

const FEW = 30; // rows of a table at first
const ZERO = /^0(\.0+)?(ns|%)?$/;

export type Row = Table["rows"][number];

interface Props {
  table: Pick<Table, "columns" | "rows">;
  lookOf?: (row: Row, column: number) => string; // a class of a cell
}

/** A table that its headers sort, and whose rows select lines. */
export function SortedTable({ table, lookOf }: Props) {
  const { page, data, state } = usePage();
  const [by, setBy] = useState<{ column: number; up: boolean } | null>(null);
  const [isFull, setFull] = useState(false);
  const rows = useMemo(
    () => (by ? sortedRows(table.rows, by.column, by.up) : table.rows),
    [table, by],
  );
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
      <div class="scroll">
        <table class="table">
          <thead>
            <tr>
              {table.columns.map(({ name, right }, column) => (
                <th
                  class={right ? "number" : ""}
                  scope="col"
                  aria-sort={
                    by?.column === column ? (by.up ? "ascending" : "descending") : undefined
                  }
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
                  const looks = [
                    right && "number",
                    part && "part",
                    name === "code" && "code",
                    ZERO.test(cell) && "dim",
                  ];
                  return (
                    <td
                      class={[...looks, lookOf?.(row, i)].filter(Boolean).join(" ")}
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
    if (isText)
      return sign * a.cells[column]!.localeCompare(b.cells[column]!, "en", { numeric: true });
    if (typeof x !== "number" || typeof y !== "number")
      return Number(typeof y === "number") - Number(typeof x === "number");
    return sign * (x - y);
  });
}
