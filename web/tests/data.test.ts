import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { fromHighWord, load, unpack } from "../src/data.ts";
import { bytesOf, read } from "./models.ts";

test("a high word is a number", () => {
  assert.deepEqual([0x3ff00000, 0, 0xbff80000].map((word) => fromHighWord(word)), [1, 0, -1.5]);
  assert.ok(Number.isNaN(fromHighWord(0x7ff80000)));
});

test("a scalar has nine digits", () => {
  const { value } = read("levels");
  assert.equal(value.mean(1), 0.5);
  assert.ok(Math.abs(value.mean(2) - Math.sin(0.5)) < 1e-9);
});

test("parents are ids of older nodes", () => {
  const data = read("nested");
  for (let id = 1; id <= data.nodes; id++)
    assert.ok(data.parentsOf(id).every((p) => p > 0 && p < id));
});

test("children are the reverse of parents", () => {
  const data = read("recurrent");
  const pairs: string[] = [];
  const found: string[] = [];
  for (let id = 1; id <= data.nodes; id++) {
    for (const parent of data.parentsOf(id)) pairs.push(`${parent}>${id}`);
    for (const child of data.childrenOf(id)) found.push(`${id}>${child}`);
  }
  assert.deepEqual(found.sort(), pairs.sort());
});

test("statistics of a value are those of Python", () => {
  const data = read("nested");
  const x = 1;
  assert.equal(data.kind(x), "param");
  assert.deepEqual(data.value.form(x)!.slice(1), [[3, 4], "float64", 96]);
  assert.deepEqual([data.value.min(x), data.value.max(x), data.value.mean(x)], [1, 12, 6.5]);
  assert.deepEqual(Array.from(data.value.bins(x)!).length, 8);
});

test("packed data is unpacked", async () => {
  const text = gzipSync(new Uint8Array([1, 2, 3])).toString("base64");
  assert.deepEqual(new Uint8Array(await unpack(text)), new Uint8Array([1, 2, 3]));
});

test("text that is no data is an error", async () => {
  await assert.rejects(unpack("%%%"), /damaged/);
  await assert.rejects(unpack("AAAA"), /damaged/);
});

for (const [name, damage] of Object.entries({
  "cut off": (bytes: ArrayBuffer) => bytes.slice(0, bytes.byteLength / 2),
  empty: () => new ArrayBuffer(0),
  "without a header": (bytes: ArrayBuffer) => {
    new Uint8Array(bytes).fill(0, 0, 40);
    return bytes;
  },
  "of another version": (bytes: ArrayBuffer) => {
    const text = new TextDecoder("latin1").decode(bytes);
    const at = text.indexOf('"version":1');
    new Uint8Array(bytes)[at + 10] = "2".charCodeAt(0);
    return bytes;
  },
})) {
  test(`data ${name} is an error that says so`, () => {
    assert.throws(() => load(damage(bytesOf("nested"))), /The data of this page is damaged: /);
  });
}
