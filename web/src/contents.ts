/** The contents of a tuple, list, dict or dataclass, from its text. */

const OPENING = "([{";
const CLOSING = ")]}";
const PAIR = /^('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[\w.-]+)(?:: |=)(.*)$/s; // of a dict, of a dataclass
const CONTAINER = /^(?:[^\W\d][\w.]*(?=\())?[([{](.*)[)\]}]$/s;

/** What a container holds by place or key; of long ones the first items. */
export interface Contents {
  items: [name: string, text: string][];
  isCut: boolean;
}

/** Return the contents of a container; null if a text is none. */
export function contentsOf(text: string): Contents | null {
  const inside = CONTAINER.exec(text)?.[1];
  if (inside === undefined) return null;
  const texts = split(inside);
  const isCut = texts.at(-1) === "...";
  if (isCut) texts.pop();
  const isSequence = "([".includes(text[0]!);
  const items = texts.map((item, n): [string, string] => {
    const [, name, own] = (!isSequence && PAIR.exec(item)) || [];
    return name === undefined ? [`[${n}]`, item] : [name, own!];
  });
  return { items, isCut };
}

/** Return the pieces between commas that are in no bracket and no string. */
function split(text: string): string[] {
  const found: string[] = [];
  let [start, depth, quote] = [0, 0, ""];
  for (let n = 0; n < text.length; n++) {
    const letter = text[n]!;
    if (quote) {
      if (letter === "\\") n++;
      else if (letter === quote) quote = "";
    } else if (letter === "'" || letter === '"') quote = letter;
    else if (OPENING.includes(letter)) depth++;
    else if (CLOSING.includes(letter)) depth--;
    else if (letter === "," && !depth) {
      found.push(text.slice(start, n).trim());
      start = n + 1;
    }
  }
  return [...found, text.slice(start).trim()].filter(Boolean);
}
