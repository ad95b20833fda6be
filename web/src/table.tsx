/** A table that its headers sort, and whose rows select lines. */

import { useMemo, useState } from "preact/hooks";

import type { Table } from "./data.ts";
import { usePage } from "./page.ts";
import { joined } from "./numbers.ts";

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
  const hasLine = ({ file, line }: Row) => file >= 0 && line > 0;
  const isChosen = (row: Row) =>
    hasLine(row)
      ? row.file === place?.file && row.line === place.line
      : row.op !== "" && row.op === op;
  const choose = (row: Row, opens: boolean) => {
    const { file, line, op: query } = row;
    if (hasLine(row) && opens) page.showLine({ file, line });
    else if (hasLine(row)) page.select({ file, line });
    else if (query) page.store.set({ query: `op=${query}` });
  };
  const cell = (row: Row, i: number) => {
    const { name, right, is_share } = table.columns[i]!;
    const text = row.cells[i]!;
    const part = is_share && !isSum(row) ? { "--part": text || "0%" } : undefined;
    const own = [right && "number", part && "part", name === "code" && "code"];
    const looks = joined([...own, ZERO.test(text) && "dim", lookOf?.(row, i)]);
    return (
      <td class={looks} style={part} title={text.length > 40 ? text : undefined}>
        {text}
      </td>
    );
  };
  return (
    <>
      <div class="scroll">
        <table class="table">
          <thead>
            <tr>
              {table.columns.map(({ name, right }, column) => {
                const order = by?.column === column ? by : null;
                const sort = order ? (order.up ? "ascending" : "descending") : undefined;
                return (
                  <th class={right ? "number" : ""} scope="col" aria-sort={sort}>
                    <button
                      onClick={() => setBy({ column, up: order ? !order.up : !right })}
                      title="Sort by this column"
                    >
                      {name}
                      {order && (order.up ? " ↑" : " ↓")}
                    </button>
                  </th>
                );
              })}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, isFull ? undefined : FEW).map((row) => {
              const goes = hasLine(row) || row.op !== "";
              return (
                <tr
                  class={`${goes ? "goes" : ""} ${isChosen(row) ? "chosen" : ""}`}
                  tabIndex={goes ? 0 : -1}
                  aria-selected={isChosen(row)}
                  onClick={() => choose(row, false)}
                  onDblClick={() => choose(row, true)}
                  onKeyDown={(event) => {
                    if (event.key !== "Enter" && event.key !== " ") return;
                    event.preventDefault();
                    choose(row, event.key === "Enter" && isChosen(row));
                  }}
                >
                  {row.cells.map((_, i) => cell(row, i))}
                </tr>
              );
            })}
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
