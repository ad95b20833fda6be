import assert from "node:assert/strict";
import { test } from "node:test";

import {
  type Address,
  createStore,
  fromHash,
  type How,
  rangesFrom,
  rangesText,
  type State,
  toHash,
} from "../src/store.ts";

const FIRST: State = {
  open: new Set([1, 2]),
  detail: "op",
  selected: null,
  copy: new Map(),
  query: "",
  outside: false,
  sort: "",
  heat: "",
  direction: "down",
  view: "graph",
};
const LIMITS = {
  nodes: 100,
  groups: 10,
  files: 2,
  copies: (group: number) => (group === 3 ? 4 : 0),
};

function address(hash = "") {
  const steps: [string, How][] = [];
  let listener = () => {};
  const own: Address = {
    read: () => steps.at(-1)?.[0] ?? hash,
    write: (text, how) => steps.push([text, how]),
    watch: (watcher) => (listener = watcher),
  };
  const go = (to: string) => {
    steps.push([to, "replace"]);
    listener();
  };
  return { own, steps, go };
}

test("the first view has an empty hash", () => assert.equal(toHash(FIRST, FIRST), ""));

test("a hash holds what differs from the first view", () => {
  const state: State = {
    ...FIRST,
    open: new Set([1, 4, 5, 6, 7]),
    detail: "line",
    selected: { node: 12 },
    query: "nan op=mul & x",
    copy: new Map([[3, 2]]),
    outside: true,
    sort: "total",
    heat: "time",
    direction: "right",
    view: "hotspots",
  };
  const hash =
    "view=hotspots&open=1,4~7&by=line&node=12&copy=3:2&q=nan%20op=mul%20%26%20x&outside=yes&sort=total&heat=time&flow=right";
  assert.equal(toHash(state, FIRST), hash);
  assert.deepEqual(fromHash(hash, FIRST, LIMITS), state);
});

test("a line and a group can be selected by a hash", () => {
  assert.deepEqual(fromHash("line=1:44", FIRST, LIMITS).selected, { file: 1, line: 44 });
  assert.deepEqual(fromHash("group=4", FIRST, LIMITS).selected, { group: 4 });
});

test("a view without a selection is no first view with one", () => {
  const first = { ...FIRST, selected: { node: 5 } };
  const none = { ...first, selected: null };
  assert.equal(toHash(none, first), "node=0");
  assert.deepEqual(fromHash("node=0", first, LIMITS), none);
  assert.equal(toHash({ ...first, selected: { node: 5 } }, first), "");
  assert.deepEqual(fromHash("node=101", first, LIMITS), first);
});

test("a hash of another page is as no hash", () => {
  const hash =
    "node=101&group=10&line=2:1&by=x&heat=__proto__&view=&copy=99:1,a,3:4,2:0&open=&q=%E0%A4%A";
  assert.deepEqual(fromHash(hash, FIRST, LIMITS), { ...FIRST, open: new Set(), query: "\ufffd%A" });
});

test("numbers are written as ranges", () => {
  assert.equal(rangesText(new Set([7, 1, 4, 5, 6, 10])), "1,4~7,10");
  assert.deepEqual(rangesFrom("1,4~7,10", 20), new Set([1, 4, 5, 6, 7, 10]));
});

test("a range ends at the limit", () =>
  assert.deepEqual(rangesFrom("3~999999999", 5), new Set([3, 4])));

test("a selection is a step of the history, typing is none", () => {
  const { own, steps } = address();
  const store = createStore(FIRST, LIMITS, own);
  store.set({ query: "n" });
  store.set({ query: "na" });
  store.set({ selected: { node: 3 } });
  assert.deepEqual(steps, [
    ["q=n", "replace"],
    ["q=na", "replace"],
    ["node=3&q=na", "push"],
  ]);
});

test("going back restores the state", () => {
  const { own, go } = address();
  const store = createStore(FIRST, LIMITS, own);
  let told = 0;
  store.subscribe(() => (told += 1));
  store.set({ open: new Set([1, 3]) });
  go("");
  assert.deepEqual([store.get(), told], [FIRST, 2]);
});

test("a listener that left hears nothing", () => {
  const store = createStore(FIRST, LIMITS, address().own);
  let told = 0;
  const leave = store.subscribe(() => (told += 1));
  leave();
  store.set({ sort: "total" });
  assert.equal(told, 0);
});

test("a state that stays the same tells nobody", () => {
  const { own, steps } = address();
  const store = createStore(FIRST, LIMITS, own);
  store.subscribe(() => assert.fail());
  store.set({ sort: "", open: FIRST.open });
  assert.deepEqual(steps, []);
});
