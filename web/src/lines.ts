/** The lines of a source file that a page has. */

import type { File } from "./data.ts";
import { plural } from "./numbers.ts";

/** A line of a file; 0 stands for lines that are left out. */
export interface Line {
  number: number;
  code: string;
}

/** Return the lines of a file, and what is left out between them. */
export function linesOf({ parts, lines }: File): Line[] {
  const found: Line[] = [];
  let next = 1;
  const skip = (to: number) => {
    if (to > next) found.push({ number: 0, code: `⋮ ${plural(to - next, "line")}` });
  };
  for (const [start, text] of parts) {
    skip(start);
    const own = text.split(/\r\n|\r|\n/);
    if (own.at(-1) === "") own.pop();
    own.forEach((code, n) => found.push({ number: start + n, code }));
    next = start + own.length;
  }
  skip(lines + 1);
  return found;
}
