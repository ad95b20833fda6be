/** The slices of a flame chart, found by binary search. */

import type { Data, Sample } from "./data.ts";
import type { Place } from "./page.ts";

/** Slices of one depth in the order of time; none overlaps another. Times are nanoseconds. */
export interface Row {
  start: Float64Array;
  end: Float64Array;
  slice: Int32Array; // its number in the chart
}

export interface Track {
  name: string;
  rows: Row[];
}

export interface Slice {
  name: string;
  phase: number; // 0 what is around, 1 forward, 2 backward, 3 other
  place: Place | null;
}

export interface Chart {
  tracks: Track[];
  length: number; // ns
  slice: (number: number) => Slice;
}

/** Return the number in a row of the first slice that ends after a time. */
export function firstAfter({ end }: Row, time: number): number {
  let [low, high] = [0, end.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (end[middle]! <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Return the slice of a row at a time, -1 for none. */
export function sliceAt(row: Row, time: number): number {
  const at = firstAfter(row, time);
  return at < row.start.length && row.start[at]! <= time ? row.slice[at]! : -1;
}

/** Call `draw` for the slices of a row between two times; those below a pixel are merged. */
export function visible(
  row: Row,
  from: number,
  to: number,
  pixel: number, // ns
  draw: (start: number, end: number, slice: number) => void,
): void {
  const { start, end, slice } = row;
  for (let i = firstAfter(row, from); i < start.length && start[i]! < to;) {
    if (end[i]! - start[i]! >= pixel) {
      draw(start[i]!, end[i]!, slice[i]!);
      i += 1;
      continue;
    }
    const next = Math.max(firstAfter(row, start[i]! + pixel), i + 1);
    draw(start[i]!, start[i]! + pixel, slice[i]!);
    i = next;
  }
}

/** Return the chart of the timeline of a page, null if it has none. */
export function timelineOf(data: Data): Chart | null {
  const { timeline } = data.header;
  if (!timeline) return null;
  const column = (name: string) => data.column(`t_${name}`);
  const [track, depth, names] = [column("track"), column("depth"), column("name")];
  const [file, line, phase] = [column("file"), column("line"), column("phase")];
  const [starts, lengths] = [column("start"), column("length")];
  const lists = timeline.tracks.map(({ rows }) => Array.from({ length: rows }, (): number[] => []));
  const begin = new Float64Array(track.length);
  let [sum, length] = [0, 0];
  for (let i = 0; i < track.length; i += 1) {
    sum = (i && track[i] === track[i - 1] ? sum : 0) + starts[i]!;
    begin[i] = sum * timeline.unit_ns;
    length = Math.max(length, (sum + lengths[i]!) * timeline.unit_ns);
    lists[track[i]!]?.[depth[i]!]?.push(i);
  }
  const row = (list: number[]): Row => ({
    start: Float64Array.from(list, (i) => begin[i]!),
    end: Float64Array.from(list, (i) => begin[i]! + lengths[i]! * timeline.unit_ns),
    slice: Int32Array.from(list),
  });
  return {
    tracks: timeline.tracks.map(({ name }, i) => ({ name, rows: lists[i]!.map(row) })),
    length,
    slice: (i) => ({
      name: timeline.names[names[i]!] ?? "",
      phase: phase[i]!,
      place: file[i]! >= 0 ? { file: file[i]!, line: line[i]! } : null,
    }),
  };
}

/** Return Python's own call tree as a chart: each frame is as wide as its time. */
export function samplesOf(data: Data): Chart | null {
  const root = data.header.profile?.samples;
  if (!root) return null;
  const all: Sample[] = [];
  const lists: [number, number, number][][] = [];
  const add = (sample: Sample, start: number, depth: number) => {
    (lists[depth] ??= []).push([start, start + sample.seconds * 1e9, all.push(sample) - 1]);
    for (const inner of sample.inner) {
      add(inner, start, depth + 1);
      start += inner.seconds * 1e9;
    }
  };
  add(root, 0, 0);
  const row = (list: [number, number, number][]): Row => ({
    start: Float64Array.from(list, ([start]) => start),
    end: Float64Array.from(list, ([, end]) => end),
    slice: Int32Array.from(list, ([, , i]) => i),
  });
  return {
    tracks: [{ name: "Python's own calls, by time", rows: lists.map(row) }],
    length: root.seconds * 1e9,
    slice: (i) => ({ name: all[i]!.name, phase: 0, place: placeOf(all[i]!) }),
  };
}

/** Return the line where the function of a frame begins, if the page has its file. */
export function placeOf({ file, line }: Sample): Place | null {
  return file < 0 ? null : { file, line };
}
