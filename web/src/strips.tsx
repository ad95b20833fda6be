/** Sliders and strips of folded groups: a step to choose, and a figure of each step as a bar. */

import { useMemo } from "preact/hooks";
import { type Chosen, normsOf, timesOf } from "./copies.ts";
import type { Data } from "./data.ts";
import { title } from "./labels.ts";
import { general, grouped, heights, timeText } from "./numbers.ts";

const WIDTH = 240;
const HEIGHT = 28;

interface StripProps {
  label: string;
  numbers: (number | null)[];
  isLogarithmic: boolean;
  chosen: number | undefined;
  text: (x: number) => string;
  choose: (copy: number) => void;
}

/** A bar for each number, or for neighbours if there are many: the greatest of them counts. */
function Strip({ label, numbers, isLogarithmic, chosen, text, choose }: StripProps) {
  const known = numbers.filter((x): x is number => x !== null);
  if (!known.length) return null;
  const size = Math.ceil(numbers.length / WIDTH);
  const count = Math.ceil(numbers.length / size);
  const most = known.reduce((a, b) => Math.max(a, b));
  const least = known.reduce((a, b) => Math.min(a, b));
  const height = heights(numbers);
  const bars = Array.from({ length: count }, (_, n) => {
    const some = numbers.slice(n * size, (n + 1) * size).filter((x): x is number => x !== null);
    if (!some.length) return null;
    const x = Math.max(...some);
    const isWrong = !Number.isFinite(x);
    const share = isWrong ? 1 : x <= 0 ? 0 : isLogarithmic ? height(x) : x / (most || 1);
    const tall = 2 + share * (HEIGHT - 2);
    const width = WIDTH / count;
    return (
      <rect
        key={n}
        x={n * width}
        width={Math.max(0.5, width - (width > 3 ? 1 : 0))}
        y={HEIGHT - tall}
        height={tall}
        class={isWrong ? "wrong" : x === 0 ? "zero" : ""}
      />
    );
  });
  const at = (event: MouseEvent) => {
    const { left, width } = (event.currentTarget as Element).getBoundingClientRect();
    const share = (event.clientX - left) / width;
    choose(Math.max(0, Math.min(numbers.length - 1, Math.floor(share * numbers.length))));
  };
  const now = chosen === undefined ? null : numbers[chosen];
  const facts = now == null ? `${text(least)} to ${text(most)}` : text(now);
  return (
    <div class="strip">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        width={WIDTH}
        height={HEIGHT}
        onClick={at}
        role="img"
        aria-label={`${label} over the steps: ${text(least)} to ${text(most)}`}
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
        {label} {facts}
      </span>
    </div>
  );
}

interface Props {
  data: Data;
  group: number;
  node: number;
  copy: Chosen;
  choose: (copy: Chosen) => void;
}

/** The slider "step k of N" of a folded group, and its strips. */
export function Steps({ data, group, node, copy, choose }: Props) {
  const times = data.times(group);
  const chosen = copy.get(group);
  const norms = useMemo(() => normsOf(data, group, node), [data, group, node]);
  const spent = useMemo(() => timesOf(data, group), [data, group]);
  const set = (n: number | undefined) => {
    const next = new Map(copy);
    if (n === undefined || n < 0) next.delete(group);
    else next.set(group, n);
    choose(next);
  };
  const label =
    chosen === undefined ? `all ${grouped(times)}` : `${grouped(chosen + 1)} of ${grouped(times)}`;
  return (
    <fieldset class="steps">
      <legend>{title(data, group)}</legend>
      <label>
        <input
          type="range"
          min={0}
          max={times}
          value={chosen === undefined ? 0 : chosen + 1}
          aria-label={`the copy of ${title(data, group)} that is shown`}
          aria-valuetext={label}
          onInput={(event) => set(Number(event.currentTarget.value) - 1)}
        />
        <output>{label}</output>
      </label>
      {chosen !== undefined && (
        <button type="button" onClick={() => set(undefined)}>
          all
        </button>
      )}
      <Strip
        label="∇"
        numbers={norms}
        isLogarithmic
        chosen={chosen}
        text={(x) => general(x, 3)}
        choose={set}
      />
      <Strip
        label="time"
        numbers={spent}
        isLogarithmic={false}
        chosen={chosen}
        text={timeText}
        choose={set}
      />
    </fieldset>
  );
}
