import assert from "node:assert/strict";
import { test } from "node:test";
import {
  fixed,
  general,
  grouped,
  memoryText,
  oneLine,
  shorten,
  strip,
  timeText,
} from "../src/numbers.ts";

test("numbers have the digits of Python's g", () => {
  const cases: [number, number, string][] = [
    [1234567, 6, "1.23457e+06"],
    [0.0001, 3, "0.0001"],
    [0.00001, 3, "1e-05"],
    [1.125, 3, "1.12"],
    [1.135, 3, "1.14"],
    [999999.5, 6, "1e+06"],
    [100, 3, "100"],
    [1000, 3, "1e+03"],
    [-0, 6, "-0"],
    [NaN, 3, "nan"],
    [-Infinity, 3, "-inf"],
    [1e-300, 6, "1e-300"],
    [2.5, 1, "2"],
    [3.5, 1, "4"],
    [0.1, 6, "0.1"],
  ];
  for (const [x, digits, text] of cases) assert.equal(general(x, digits), text);
});

test("numbers have the digits of Python's f", () => {
  assert.deepEqual(
    [fixed(0.125, 2), fixed(0.375, 2), fixed(2.5, 0), fixed(3.5, 0), fixed(1.005, 2)],
    ["0.12", "0.38", "2", "4", "1.00"],
  );
});

test("counts have commas", () => {
  assert.deepEqual([0, 999, 1000, 1234567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
});

test("times have three digits and a unit", () => {
  assert.deepEqual([7, 9999, 99999, 9999999, 1_500_000_000, 7.2e12].map(timeText), [
    "7.00ns",
    "10.0μs",
    "100μs",
    "10.0ms",
    "1.50s",
    "2.00h",
  ]);
});

test("bytes have three digits and a unit", () => {
  assert.deepEqual([0, 464, 999, 1000, 1536, 47_395_635].map(memoryText), [
    "∅",
    "464B",
    "999B",
    "0.98KiB",
    "1.50KiB",
    "45.2MiB",
  ]);
});

test("a strip has a bar for each number", () => {
  assert.equal(strip([null, 0, 1e-4, 1e-3, 1e-2, 1e-1, 1, NaN]), "–·▁▃▅▆█?");
  assert.equal(strip([Infinity]), "!");
  assert.equal([...strip(Array.from({ length: 100 }, (_, n) => n))].length, 20);
});

test("text is on one line", () => {
  assert.equal(oneLine("a\nb\t\u200b\x07é∇"), "a\\nb\\t\\u200b\\x07é∇");
});

test("long text is cut by its width in columns", () => {
  assert.equal(shorten("abcdef", 4), "abc…");
  assert.equal(shorten("漢字漢字", 5), "漢字…");
  assert.equal(shorten("abcd", 4), "abcd");
});
