/** The page: its header, panels and keys. */

import "./app.css";

import { Component, type ComponentChildren, render, type RefObject } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { Canvas } from "./canvas.ts";
import { Changes } from "./changes.tsx";
import { type Data, load, unpack } from "./data.ts";
import { type Answer, answers, nextOf, QUESTIONS } from "./flow.ts";
import { Help } from "./help.tsx";
import { Hotspots } from "./hotspots.tsx";
import { Inspector } from "./inspector.tsx";
import { startGraphviz } from "./layout.ts";
import { Page, PageProvider, usePage } from "./page.ts";
import { Panes } from "./panes.tsx";
import { current, Picture } from "./picture.tsx";
import { find } from "./search.ts";
import { Source } from "./source.tsx";
import { createStore, type State, type View, windowAddress } from "./store.ts";
import { Timeline } from "./timeline.tsx";
import { Tree } from "./tree.tsx";

const TOLD = 8000; // ms that a message is seen

const TITLES: Record<View, string> = {
  graph: "Graph",
  hotspots: "Hotspots",
  timeline: "Timeline",
  changes: "Changes",
};

/** Return the tabs for which the page has data. */
function viewsOf({ header }: Data): View[] {
  const { profile, timeline, changes } = header;
  const has: Record<View, boolean> = {
    graph: header.nodes > 0,
    hotspots: Boolean(profile),
    timeline: Boolean(timeline ?? profile?.samples),
    changes: Boolean(changes),
  };
  return (Object.keys(TITLES) as View[]).filter((view) => has[view]);
}

/** Do something once nothing else is to be done. */
function idle(act: () => void): void {
  (window.requestIdleCallback ?? setTimeout)(act);
}

function firstState({ header }: Data, views: View[], first: SVGSVGElement | null): State {
  const { by, heat, direction } = header.looks_at_first ?? {};
  return {
    open: new Set(header.open),
    detail: by ?? "op",
    selected: header.selected ? { node: header.selected } : null,
    copy: new Map(),
    query: header.query ?? "",
    outside: false,
    sort: "",
    heat: heat ?? "",
    direction: direction ?? (first?.classList.contains("right") ? "right" : "down"),
    view: views.includes(header.view) ? header.view : (views[0] ?? "graph"),
  };
}

function App({ data, first }: { data: Data; first: SVGSVGElement | null }) {
  const [said, say] = useState("");
  const page = useMemo(() => {
    const { nodes, groups } = data;
    const copies = (group: number) => (group < groups ? data.times(group) : 0);
    const limits = { nodes, groups, copies, files: data.header.files.length };
    const start = firstState(data, viewsOf(data), first);
    return new Page(data, createStore(start, limits, windowAddress(window)), say);
  }, [data]);
  useEffect(() => {
    idle(() => find(data, "warm up")); // the first search of a page takes twice as long
  }, [data]);
  useEffect(() => {
    const timer = setTimeout(say, TOLD, "");
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <PageProvider value={page}>
      <Frame first={first} />
      <div role="status">
        {said && (
          <button class="toast" onClick={() => say("")} title="Close">
            {said}
          </button>
        )}
      </div>
    </PageProvider>
  );
}

function Frame({ first }: { first: SVGSVGElement | null }) {
  const { page, data, state } = usePage();
  const [isHelped, setHelped] = useState(false);
  const search = useRef<HTMLInputElement>(null);
  const views = viewsOf(data);
  const view = views.includes(state.view) ? state.view : views[0];
  const { header } = data;
  const hasNodes = data.nodes > 0;

  useLayoutEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const at = event.target instanceof HTMLElement ? event.target : document.body;
      const isTyped = /^(INPUT|SELECT|TEXTAREA)$/.test(at.tagName) || at.isContentEditable;
      const isOther = event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented;
      if (isTyped || isOther || at.closest("dialog")) return;
      if (event.key === "/") search.current?.focus();
      else if (event.key === "f") current.scene?.canvas.fit();
      else if (event.key === "?") setHelped(true);
      else if (event.key === "Escape" && page.store.get().query) page.store.set({ query: "" });
      else if (event.key === "Escape") page.select(null);
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [page]);

  const middle = (
    <>
      <div class="holder" hidden={view !== "graph"}>
        {hasNodes && guarded("picture", <Picture first={first} />)}
      </div>
      <Guard key={view} name={view ?? ""}>
        {view === "hotspots" && <Hotspots />}
        {view === "timeline" && <Timeline />}
        {view === "changes" && <Changes />}
        {!view && <div class="empty">Nothing was recorded: no Param was used.</div>}
      </Guard>
    </>
  );
  return (
    <>
      <header class="top">
        <h1 title={header.title}>{header.title}</h1>
        <span class="notes" title={header.notes.join("\n")}>
          {header.notes.join(" · ")}
        </span>
        {hasNodes && <Questions />}
        {views.length > 1 && (
          <div class="tabs" role="tablist">
            {views.map((one) => (
              <button
                role="tab"
                aria-selected={one === view}
                onClick={() => page.store.set({ view: one })}
              >
                {TITLES[one]}
              </button>
            ))}
          </div>
        )}
        {hasNodes && <Search input={search} />}
        <button
          class="tool"
          onClick={() => setHelped(true)}
          title="Keys and search (?)"
          aria-label="Help"
        >
          ?
        </button>
      </header>
      <Panes
        left={hasNodes && guarded("tree", <Tree />)}
        middle={middle}
        flows={view === "hotspots" || view === "changes"}
        upper={header.files.length > 0 && guarded("source", <Source />)}
        lower={hasNodes && guarded("inspector", <Inspector />)}
      />
      {isHelped && <Help onClose={() => setHelped(false)} />}
    </>
  );
}

function Search({ input }: { input: RefObject<HTMLInputElement | null> }) {
  const { page, state } = usePage();
  const seek = (query: string) => page.store.set({ query });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") {
      seek("");
      input.current!.blur();
    } else if (event.key === "Enter" || event.key === "ArrowDown") {
      const tree = document.querySelector<HTMLElement>(".left [role=tree]");
      tree?.focus();
      tree?.dispatchEvent(new KeyboardEvent("keydown", { key: "Home", bubbles: true }));
    } else return;
    event.preventDefault();
  };
  return (
    <div class="search">
      <input
        ref={input}
        type="search"
        value={state.query}
        placeholder="Search nodes"
        aria-label="Search nodes"
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => seek(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      {state.query ? (
        <button aria-label="Clear the search" onClick={() => seek("")}>
          ✕
        </button>
      ) : (
        <kbd aria-hidden="true">/</kbd>
      )}
    </div>
  );
}

/** A button for each question about the gradient; it goes to the answer, then to the next one. */
function Questions() {
  const { page, data, state } = usePage();
  const [found, setFound] = useState<Answer[][]>([]);
  const { node: selected = 0 } = { node: 0, ...state.selected };
  useEffect(() => {
    idle(() => setFound(answers(data)));
  }, [data]);
  return (
    <div class="finds" role="group" aria-label="Go to">
      {QUESTIONS.map(([title, help], i) => {
        const { node = 0, text = help } = nextOf(found[i] ?? [], selected) ?? {};
        const does = () => {
          if (node) page.show({ node });
          page.say(text);
        };
        return (
          <button
            class={node && i === 0 ? "alarm" : ""}
            aria-disabled={!node}
            title={node ? help : text}
            onClick={does}
          >
            {title}
          </button>
        );
      })}
    </div>
  );
}

/** What fails in one panel leaves the others as they are. */
class Guard extends Component<{ name: string; children: ComponentChildren }, { error: string }> {
  override state = { error: "" };
  override componentDidCatch(error: unknown) {
    this.setState({ error: error instanceof Error ? error.message : String(error) });
  }
  override render() {
    if (!this.state.error) return this.props.children;
    return (
      <div class="empty" role="alert">
        <p class="bad">
          The {this.props.name} cannot be shown, its data may be damaged: {this.state.error}
        </p>
      </div>
    );
  }
}

const guarded = (name: string, content: ComponentChildren) => <Guard name={name}>{content}</Guard>;

async function start(main: HTMLElement): Promise<void> {
  const first = main.querySelector("svg");
  try {
    startGraphviz();
    const data = load(await unpack(document.getElementById("map-data")?.textContent ?? ""));
    main.replaceChildren();
    render(<App data={data} first={first} />, main);
  } catch (error) {
    const message = document.createElement("div");
    message.className = "message";
    main.querySelector(".top")!.replaceWith(message);
    main.querySelector<HTMLElement>(".middle")!.hidden = false;
    render(<p role="alert">{(error as Error).message}.</p>, message);
  }
}

/** Show the first picture where the app will show it. */
function place(main: HTMLElement): void {
  const [stage, first] = [main.querySelector<HTMLElement>(".stage"), main.querySelector("svg")];
  if (stage && first) new Canvas(stage, { select() {}, toggle() {}, hover() {} }).replace(first, null);
}

const main = document.getElementById("app")!;
place(main);
// The first picture is painted before the data is unpacked.
document.addEventListener("DOMContentLoaded", () =>
  requestAnimationFrame(() => setTimeout(() => void start(main))),
);
