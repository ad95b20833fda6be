/** The right, above: the source with heat in its margin. */

import { useEffect, useMemo, useState } from "preact/hooks";

import type { Data } from "./data.ts";
import { joined, timeText } from "./numbers.ts";
import { linesOf } from "./lines.ts";
import { type Place, usePage } from "./page.ts";
import { Rows } from "./rows.tsx";

const HEIGHT = 19; // of a line
const MOST_ARGUMENTS = 12;

export function Source() {
  const { page, data, state } = usePage();
  const { files } = data.header;
  const place = page.placeOf(state.selected);
  const [chosen, setChosen] = useState(() => busiest(data));
  useEffect(() => {
    if (place) setChosen(place.file);
  }, [place?.file, state.selected]);
  const file = files[chosen];
  const lines = useMemo(() => (file ? linesOf(file) : []), [data, chosen]);
  const most = page.longest;
  const at = place?.file === chosen ? lines.findIndex(({ number }) => number === place.line) : -1;
  const placeAt = (i: number) => ({ file: chosen, line: lines[i]!.number });
  const ran = (i: number) => {
    const own = placeAt(i);
    const has = page.nodesAt(own).length + page.groupsAt(own).length > 0;
    return own.line > 0 && (has || page.spentAt(own).some(Boolean));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      let next = at + step;
      while (next in lines && !ran(next)) next += step;
      if (next in lines) page.select(placeAt(next));
    } else if (event.key === "Enter" && place) page.showLine(place);
    else return;
    event.preventDefault();
  };
  if (!file) return <div class="empty">No source available.</div>;
  const first = at < 0 ? lines.findIndex((_, i) => ran(i)) : at;
  const choice = (
    <select
      aria-label="File"
      value={chosen}
      onChange={(event) => setChosen(Number(event.currentTarget.value))}
    >
      {files.map(({ name }, i) => (
        <option value={i}>{name}</option>
      ))}
    </select>
  );
  return (
    <section class="source" aria-label="Source">
      <div class="bar">
        {files.length > 1 ? choice : <b title={file.path}>{file.name}</b>}
        {most > 0 && (
          <span class="end">
            {page.timesOf} <Key names={["forward", "backward"]} />
          </span>
        )}
      </div>
      {file.note && <p class="note">{file.note}</p>}
      <Rows
        class="lines"
        role="listbox"
        tabIndex={0}
        aria-label={`Lines of ${file.name}`}
        aria-activedescendant={at >= 0 ? `line-${at}` : undefined}
        onKeyDown={onKeyDown}
        count={lines.length}
        height={HEIGHT}
        at={first}
        key_of_at={`${chosen} ${at}`}
        row={(i) => {
          const { number, code } = lines[i]!;
          const looks = ["source-line", ran(i) && "ran", i === at && "chosen", !number && "gap"];
          return (
            <div
              key={i}
              id={`line-${i}`}
              role="option"
              aria-selected={i === at}
              class={joined(looks)}
              onClick={() => ran(i) && page.select(placeAt(i))}
              onDblClick={() => ran(i) && page.showLine(placeAt(i))}
            >
              {most > 0 && <Heat spent={page.spentAt(placeAt(i))} most={most} />}
              <span class="count">{number || ""}</span>
              <span>{code}</span>
            </div>
          );
        }}
      />
      {place && place.file === chosen && <PerArgument place={place} />}
    </section>
  );
}

/** What colours mean. */
export function Key({ names }: { names: string[] }) {
  return (
    <span class="key">
      {names.map((name) => (
        <span>
          <i class={name} />
          {name}
        </span>
      ))}
    </span>
  );
}

/** The times of both passes of a line, each with its share of the most. */
function Heat({ spent, most }: { spent: [forward: number, backward: number]; most: number }) {
  return (
    <span class="heat">
      {spent.map((ns, i) => (
        <span class={i ? "b" : "f"} style={{ "--part": `${(100 * ns) / most}%` }}>
          {ns > 0 ? timeText(ns) : ""}
        </span>
      ))}
    </span>
  );
}

/** The times of each operation and argument on a line: `matmul` forward, `matmul[1]` backward. */
function PerArgument({ place }: { place: Place }) {
  const { page } = usePage();
  const times = useMemo(() => page.argumentsAt(place), [page, place.file, place.line]);
  const whole = times.reduce((sum, [, , ns]) => sum + ns, 0);
  if (!whole) return null;
  return (
    <div class="per-argument">
      <table class="table">
        <tbody>
          {times.slice(0, MOST_ARGUMENTS).map(([op, argument, ns]) => (
            <tr>
              <td class="code">{argument ? `${op}[${argument}]` : op || "all"}</td>
              <td class="dim">{argument === null ? "forward" : "backward"}</td>
              <td class="number">{timeText(ns)}</td>
              <td class="number">{Math.round((100 * ns) / whole)}%</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Return the file with most operations. */
function busiest(data: Data): number {
  const counts = data.header.files.map(() => 0);
  for (const at of data.column("source")) {
    const [file] = data.header.sources[at] ?? [-1];
    if (file >= 0) counts[file]!++;
  }
  return Math.max(0, counts.indexOf(Math.max(...counts)));
}
