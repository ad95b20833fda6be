/** A list of equally high rows, of which only those on the screen are rendered. */

import type { ComponentChildren, HTMLAttributes } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

const MORE = 8; // rows above and below what is seen

interface Props extends HTMLAttributes<HTMLDivElement> {
  count: number;
  height: number; // of a row, in pixels
  row: (index: number) => ComponentChildren;
  at?: number; // the row that must be seen
  key_of_at?: unknown; // `at` is scrolled to when this changes
}

export function Rows({ count, height, row, at = -1, key_of_at = at, ...rest }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [seen, setSeen] = useState(600);
  useLayoutEffect(() => {
    const element = box.current!;
    const watch = new ResizeObserver(() => setSeen(element.clientHeight || 600));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  useLayoutEffect(() => {
    const element = box.current!;
    if (at < 0) return;
    const margin = Math.min(2 * height, element.clientHeight / 4);
    const above = at * height - margin < element.scrollTop;
    const below = (at + 1) * height + margin > element.scrollTop + element.clientHeight;
    if (above || below) {
      const far = Math.abs(at * height - element.scrollTop) > 1.5 * element.clientHeight;
      if (far) element.scrollTop = (at + 0.5) * height - element.clientHeight / 2;
      else if (above) element.scrollTop = at * height - margin;
      else element.scrollTop = (at + 1) * height + margin - element.clientHeight;
    }
    setTop(element.scrollTop);
  }, [key_of_at]);
  const from = Math.max(0, Math.floor(top / height) - MORE);
  const to = Math.min(count, Math.ceil((top + seen) / height) + MORE);
  const rows: ComponentChildren[] = [];
  for (let i = from; i < to; i += 1) rows.push(row(i));
  return (
    <div {...rest} ref={box} onScroll={(event) => setTop(event.currentTarget.scrollTop)}>
      <div style={{ height: `${count * height}px`, position: "relative" }} role="none">
        <div style={{ transform: `translateY(${from * height}px)` }} role="none">
          {rows}
        </div>
      </div>
    </div>
  );
}
