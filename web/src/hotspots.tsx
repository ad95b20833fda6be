/** The tables of a profile, its parts, tips and Python's own call tree. */

import { useEffect, useRef, useState } from "preact/hooks";

import type { Profile, Sample } from "./data.ts";
import { placeOf } from "./flame.ts";
import { timeText } from "./numbers.ts";
import { usePage } from "./page.ts";
import { SortedTable } from "./table.tsx";

const KINDS = ["forward", "backward", "engine", "script"]; // classes of the parts of a run
const OPENED = 3; // levels of the call tree that are open at first

export function Hotspots() {
  const { data } = usePage();
  const profile = data.header.profile!;
  return (
    <div class="wide">
      <h2>Profile</h2>
      {profile.summary.map((line) => (
        <p>{line}</p>
      ))}
      <Parts parts={profile.parts} />
      {profile.tables.map((table) => (
        <>
          <h2>{table.title}</h2>
          <SortedTable table={table} />
        </>
      ))}
      {profile.blocks.map(({ title, text }) => (
        <>
          <h2>{title}</h2>
          <pre tabIndex={0}>{text}</pre>
        </>
      ))}
      {profile.samples && (
        <div class="samples">
          <h2>Python call tree</h2>
          <Frame sample={profile.samples} whole={profile.samples.seconds || 1} depth={0} />
        </div>
      )}
      <More />
    </div>
  );
}

function Parts({ parts }: { parts: Profile["parts"] }) {
  const whole = parts.reduce((sum, [, ns]) => sum + ns, 0) || 1;
  const shares = parts.map(([name, ns], i) => ({
    name,
    ns,
    share: `${((100 * ns) / whole).toFixed(1)}%`,
    look: KINDS[i] ?? "script",
  }));
  return (
    <>
      <div class="share" aria-hidden="true">
        {shares.map(({ name, share, look }) => (
          <div class={look} style={{ width: share }} title={name} />
        ))}
      </div>
      <p class="parts">
        {shares.map(({ name, ns, share, look }) => (
          <span>
            <i class={look} />
            {name} {timeText(ns)} <span class="dim">{share}</span>
          </span>
        ))}
      </p>
    </>
  );
}

/** A frame of the call tree, whose inner ones are rendered once it is open. */
function Frame({ sample, whole, depth }: { sample: Sample; whole: number; depth: number }) {
  const { page } = usePage();
  const [isOpen, setOpen] = useState(depth < OPENED);
  const place = placeOf(sample);
  const share = `${((100 * sample.seconds) / whole).toFixed(1)}%`;
  const select = () => place && page.select(place);
  const said = (
    <>
      <span class="spent" style={{ "--part": share }}>
        {timeText(1e9 * sample.seconds)} {share}
      </span>
      <b>{sample.name}</b>{" "}
      <span class={place ? "link" : "dim"}>{place ? page.placeText(place) : sample.place}</span>
    </>
  );
  if (!sample.inner.length)
    return (
      <button class="leaf" disabled={!place} onClick={select}>
        {said}
      </button>
    );
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary onClick={select}>{said}</summary>
      {isOpen &&
        sample.inner.map((inner) => <Frame sample={inner} whole={whole} depth={depth + 1} />)}
    </details>
  );
}

/** The part of the page that is not data: charts that Python drew. */
function More() {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const template = document.getElementById("map-more");
    if (template instanceof HTMLTemplateElement)
      box.current!.append(template.content.cloneNode(true));
  }, []);
  return <div ref={box} />;
}
