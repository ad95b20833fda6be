/** Folded groups: a slider that chooses the step, and its gradient and time by step as bars. */

import { useMemo } from "preact/hooks";
import { normsOf, timesOf } from "./copies.ts";
import { title } from "./labels.ts";
import { general, grouped, heights, timeText } from "./numbers.ts";
import { usePage } from "./page.ts";
import { shownCopy, stepName } from "./steps.ts";

const WIDTH = 240;
const HEIGHT = 28;

/** The slider "step k of N" of a folded group, and its strips. */
export function Steps({ group, node }: { group: number; node: number }) {
  const { page, data, state } = usePage();
  const times = data.times(group);
  const chosen = state.copy.get(group);
  const around = [...state.copy].filter(([other]) => other !== group).join();
  const norms = useMemo(
    () => normsOf(data, group, state.copy, node),
    [data, group, node, around],
  );
  const spent = useMemo(() => timesOf(data, group, state.copy), [data, group, around]);
  const outside = new Map(state.copy);
  outside.delete(group);
  const set = (n: number) => page.showCopy(group, n);
  const label = shownCopy(data, group, state.copy) || `all ${grouped(times)}`;
  const name = (n: number) => {
    const at = new Map(state.copy).set(group, n);
    return stepName(data, group, at) || shownCopy(data, group, at);
  };
  const share = (most: number) => (x: number) => x / (most || 1);
  const longest = spent.reduce((a, b) => Math.max(a, b), 0);
  return (
    <fieldset class="steps">
      <legend>{title(data, group, outside)}</legend>
      <label>
        <input
          type="range"
          min={0}
          max={times}
          value={chosen === undefined ? 0 : chosen + 1}
          aria-label={`the copy of ${title(data, group, outside)} that is shown`}
          aria-valuetext={label}
          onInput={(event) => set(Number(event.currentTarget.value) - 1)}
        />
        <output>{label}</output>
      </label>
      {chosen !== undefined && (
        <button type="button" onClick={() => set(-1)}>
          all
        </button>
      )}
      <Strip
        label="∇"
        numbers={norms}
        height={heights(norms)}
        chosen={chosen}
        text={(x) => general(x, 3)}
        name={name}
        choose={set}
      />
      <Strip
        label="time"
        numbers={spent}
        height={share(longest)}
        chosen={chosen}
        text={timeText}
        name={name}
        choose={set}
      />
    </fieldset>
  );
}

interface StripProps {
  label: string;
  numbers: (number | null)[];
  height: (x: number) => number; // from 0 to 1
  chosen: number | undefined;
  text: (x: number) => string;
  name: (copy: number) => string;
  choose: (copy: number) => void;
}

/** A bar for each number, or for neighbours if there are many: the greatest of them counts. */
function Strip({ label, numbers, height, chosen, text, name, choose }: StripProps) {
  const known = (some: (number | null)[]) => some.filter((x) => x !== null);
  const [least, ...rest] = known(numbers).sort((a, b) => a - b);
  if (least === undefined) return null;
  const size = Math.ceil(numbers.length / WIDTH);
  const count = Math.ceil(numbers.length / size);
  const width = WIDTH / count;
  const bars = Array.from({ length: count }, (_, n) => {
    const some = known(numbers.slice(n * size, (n + 1) * size));
    if (!some.length) return null;
    const x = Math.max(...some);
    const isWrong = !Number.isFinite(x);
    const tall = 2 + (isWrong ? 1 : x > 0 ? height(x) : 0) * (HEIGHT - 2);
    const look = isWrong ? "wrong" : x ? "" : "zero";
    const wide = Math.max(0.5, width - (width > 3 ? 1 : 0));
    const last = Math.min((n + 1) * size, numbers.length) - 1;
    const names = last > n * size ? `${name(n * size)} to ${name(last)}` : name(last);
    return (
      <rect x={n * width} width={wide} y={HEIGHT - tall} height={tall} class={look}>
        <title>{`${names}: ${label} ${text(x)}`}</title>
      </rect>
    );
  });
  const at = (event: MouseEvent) => {
    const { left, width } = (event.currentTarget as Element).getBoundingClientRect();
    const step = Math.floor(((event.clientX - left) / width) * numbers.length);
    choose(Math.max(0, Math.min(numbers.length - 1, step)));
  };
  const extent = `${text(least)} to ${text(rest.at(-1) ?? least)}`;
  const now = numbers[chosen ?? -1];
  return (
    <div class="strip">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        width={WIDTH}
        height={HEIGHT}
        onClick={at}
        role="img"
        aria-label={`${label} over the steps: ${extent}`}
      >
        {bars}
        {chosen !== undefined && (
          <rect
            class="chosen"
            x={(chosen / numbers.length) * WIDTH - 0.5}
            y={0}
            width={Math.max(2, WIDTH / numbers.length)}
            height={HEIGHT}
          />
        )}
      </svg>
      <span>
        {label} {now == null ? extent : text(now)}
      </span>
    </div>
  );
}
