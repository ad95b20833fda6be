/** Numbers, shapes and the lines of a box as text, as `viewer.labels` and `viewer.drawing.texts`. */

import {Data, Form, Statistics} from "./data.ts";
import {Box, Shown} from "./graph.ts";

/** Return a number like Python's `f"{x:.{digits}g}"`. */
export declare function general(x: number, digits: number): string;
/** Return `12,345`. */
export declare function grouped(n: number): string;
/** Return `1 node`, `12,345 nodes`. */
export declare function plural(n: number, noun: string): string;
/** Return nanoseconds as text: `10.0μs`. */
export declare function timeText(ns: number): string;
/** Return bytes as text: `1.50KiB`, `∅` for none. */
export declare function memoryText(bytes: number): string;
/** Return text on one line of at most `width` columns. */
export declare function shorten(text: string, width?: number): string;
/** Return `64×32`, or `[64] float32`; nothing for a scalar. */
export declare function shapeText(form: Form): string;
/** Return the text of a value in a box: a scalar in six digits, an array as its shape. */
export declare function valueText(data: Data, id: number): string;
/** Return a gradient in a few characters, "" if there is none. */
export declare function gradientText(data: Data, id: number): string;
/** Return ` 2 NaN 1 Inf`. */
export declare function counts(of: Statistics, id: number): string;
/** Return a row of bars for numbers on a logarithmic scale; null has none. */
export declare function strip(numbers: readonly (number | null)[], width?: number): string;
/** Return the heading of a group, with `×99`. */
export declare function title(data: Data, group: number): string;
/** Return the lines of text in a box, whose figures are those of chosen copies of folded groups. */
export declare function boxLines(data: Data, shown: Shown, box: Box, copy: ReadonlyMap<number, number>): string[];
