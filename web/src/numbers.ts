/** Numbers and names as short text, as Python writes them, and strips of bars. */

export const LONGEST = 60; // columns of a name

/** Return a decimal text whose last digit was rounded up from a tie, rounded to an even digit. */
function even(rounded: string, exact: string): string {
  const digits = rounded.replace(/e.*/, "").length;
  const isTie = /^50*$/.test(exact.replace(/e.*/, "").slice(digits).replace(".", ""));
  const below = exact.slice(0, digits).replace(/\.$/, "");
  return isTie && /[02468]$/.test(below) ? below + rounded.replace(/^[^e]*/, "") : rounded;
}

/** Return a number like Python's `f"{x:.{digits}f}"`. */
export function fixed(x: number, digits: number): string {
  return even(x.toFixed(digits), x.toFixed(Math.min(100, digits + 60)));
}

/** Return a number like Python's `f"{x:.{digits}g}"`. */
export function general(x: number, digits: number): string {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf";
  if (x === 0) return Object.is(x, -0) ? "-0" : "0";
  const [mantissa, power] = even(x.toExponential(digits - 1), x.toExponential(100)).split("e");
  const exponent = Number(power);
  const bare = (text: string) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  if (exponent < -4 || exponent >= digits) {
    const sign = exponent < 0 ? "-" : "+";
    return `${bare(mantissa!)}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  return bare(Number(`${mantissa}e${power}`).toFixed(Math.max(0, digits - 1 - exponent)));
}

/** Return the parts that are there with something between them. */
export function joined(parts: (string | false | null | undefined)[], between = " "): string {
  return parts.filter(Boolean).join(between);
}

/** Return `12,345`. */
export function grouped(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Return `1 node`, `12,345 nodes`. */
export function plural(n: number, noun: string): string {
  return `${grouped(n)} ${noun}${n === 1 ? "" : "s"}`;
}

function threeDigits(x: number): string {
  if (Number.isInteger(x) && x >= 100) return String(x);
  return fixed(x, Math.round(x) >= 100 ? 0 : Math.round(10 * x) >= 100 ? 1 : 2);
}

/** Return nanoseconds as text: `10.0μs`. */
export function timeText(ns: number): string {
  const units: [number, string, number][] = [
    [1e3, "ns", 1],
    [1e6, "μs", 1e3],
    [1e9, "ms", 1e6],
    [3600e9, "s", 1e9],
  ];
  for (const [limit, unit, size] of units) if (ns < limit) return threeDigits(ns / size) + unit;
  return `${threeDigits(ns / 3600e9)}h`;
}

/** Return bytes as text: `1.50KiB`, `∅` for none. */
export function memoryText(bytes: number): string {
  if (bytes === 0) return "∅";
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
  const found = units.findIndex((_, power) => bytes < 1000 ** (power + 1) - 0.5);
  const power = found < 0 ? 6 : found;
  return threeDigits(bytes / 1024 ** power) + units[power];
}

const HIDDEN = /[\p{C}\p{Z}]/u; // what Python does not print, and the space
const ESCAPES: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Return text with line breaks and invisible characters as escapes. */
export function oneLine(text: string): string {
  return text.replace(new RegExp(HIDDEN, "gu"), (c) => {
    if (c === " ") return c;
    const code = c.codePointAt(0)!;
    const hex = (n: number) => code.toString(16).padStart(n, "0");
    return (
      ESCAPES[c] ?? (code < 256 ? `\\x${hex(2)}` : code < 65536 ? `\\u${hex(4)}` : `\\U${hex(8)}`)
    );
  });
}

const WIDE = new RegExp(
  "[\\u1100-\\u115f\\u2e80-\\u303e\\u3041-\\ua4cf\\ua960-\\ua97c\\uac00-\\ud7a3" +
    "\\uf900-\\ufaff\\ufe30-\\ufe6f\\uff00-\\uff60\\uffe0-\\uffe6\\u{1f300}-\\u{1f64f}" +
    "\\u{1f680}-\\u{1f6ff}\\u{1f900}-\\u{1faff}\\u{20000}-\\u{3fffd}]",
  "u",
);

function widthOf(text: string): number {
  let width = 0;
  for (const c of text) width += c < "\u0300" ? 1 : /\p{M}/u.test(c) ? 0 : WIDE.test(c) ? 2 : 1;
  return width;
}

/** Return text on one line of at most `width` columns, with `…` where it is cut. */
export function shorten(text: string, width = LONGEST): string {
  const line = oneLine(text.slice(0, 10 * width));
  if (widthOf(line) <= width) return line;
  let [kept, used] = ["", 0];
  for (const c of line) {
    used += widthOf(c);
    if (used > Math.max(width - 1, 1)) break;
    kept += c;
  }
  return `${kept}…`;
}

const BARS = "▁▂▃▄▅▆▇█";

/** Return the heights of numbers on a logarithmic scale, from 0 for the least to 1. */
export function heights(numbers: readonly (number | null)[]): (x: number) => number {
  const known = numbers.filter((x): x is number => x !== null && x > 0 && x < Infinity);
  const most = known.reduce((a, b) => Math.max(a, b), 0) || 1;
  const high = Math.log10(most);
  const low = Math.min(Math.log10(known.reduce((a, b) => Math.min(a, b), most)), high - 1);
  return (x) => (Math.log10(x) - low) / (high - low);
}

/** Return a row of bars for numbers on a logarithmic scale; null has none. */
export function strip(numbers: readonly (number | null)[], width = 24): string {
  const size = Math.ceil(numbers.length / width) || 1;
  const cells: (number | null)[] = [];
  for (let n = 0; n < numbers.length; n += size) {
    const known = numbers
      .slice(n, n + size)
      .filter((x) => x !== null)
      .map(Math.abs);
    cells.push(known.length ? Math.max(...known) : null);
  }
  const height = heights(cells);
  return cells
    .map((x) => {
      if (x === null) return "–";
      if (Number.isNaN(x)) return "?";
      if (x === Infinity) return "!";
      return x === 0 ? "·" : BARS[Math.round(height(x) * (BARS.length - 1))];
    })
    .join("");
}
