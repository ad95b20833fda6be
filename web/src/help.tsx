/** The keys and the language of the search. */

import { useEffect, useRef } from "preact/hooks";

const KEYS: [keys: string, does: string][] = [
  ["/", "search"],
  ["↑ ↓ ← →", "move in the tree, the source, the picture or the timeline"],
  ["Enter", "expand or collapse a group; show a node or line in the graph"],
  ["f", "fit the picture to the window"],
  ["+ −", "zoom"],
  ["Esc", "clear the search, then the selection"],
  ["Alt ← →", "back and forward"],
  ["?", "this help"],
];
const SEARCH: [query: string, finds: string][] = [
  ["matmul", "an operation, a name, a function or a file"],
  ["train.py:12", "nodes of a source line"],
  ["4×3 or 4x3", "a shape"],
  ["nan inf param", "properties; also zero-gradient, no-gradient, freed, input, result"],
  ["op=mat* dtype=float32", "an exact text, * for anything"],
  ["∇>10 or grad>10", "the norm of the gradient; also ∇min, ∇max, ∇mean, ∇zeros"],
  ["bytes>1e6 time>1ms", "figures; also norm, min, max, mean, zeros, forward, backward, line"],
];

export function Help({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current!.showModal(), []);
  const table = (rows: [string, string][], key: boolean) => (
    <table>
      <tbody>
        {rows.map(([left, right]) => (
          <tr>
            <td>{key ? <kbd>{left}</kbd> : <code>{left}</code>}</td>
            <td>{right}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
  return (
    <dialog
      ref={dialog}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === event.currentTarget) event.currentTarget.close();
      }}
      aria-label="Help"
    >
      <h2>Keys</h2>
      {table(KEYS, true)}
      <h2>Search: all words must match</h2>
      {table(SEARCH, false)}
    </dialog>
  );
}
