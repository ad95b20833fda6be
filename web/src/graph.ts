/** Groups, open and closed: the boxes and edges to show, as `viewer.graph.Graph` finds them. */

import {Data} from "./data.ts";

export type Detail = "op" | "line" | "function";

/** The groups that are open, and the smallest boxes. */
export interface View {open: ReadonlySet<number>; detail: Detail}

/** A node or a closed group to draw. `node` or `group` is -1; `nodes` are all ids in it, sorted. */
export interface Box {key: string; node: number; group: number; nodes: Int32Array}

/** As `viewer.graph.Edge`; `tail` and `head` are keys of boxes. */
export interface Edge {tail: string; head: string; node: number; argument: number; carried: number;
  count: number; last: number}

export interface Shown {
  boxes: Map<string, Box>;  // oldest first
  edges: Edge[];
  keyOf(id: number): string | null;  // the box of a node
}

/** Return the boxes and edges of a view. */
export declare function shown(data: Data, view: View): Shown;
/** Return the members of a group, oldest first: ids of nodes, and groups as -1 - g. */
export declare function membersOf(data: Data, group: number): Int32Array;
/** Return the groups around a node or a group, outermost first, without the root and itself. */
export declare function pathTo(data: Data, target: {node: number} | {group: number}): number[];
/** Return a view with the groups open that a node or a group is in. */
export declare function reveal(data: Data, open: ReadonlySet<number>, target: {node: number} | {group: number}): Set<number>;
/** Return the ids of all nodes of a group, in all copies of it and of inner ones, sorted. */
export declare function idsOf(data: Data, group: number): Int32Array;
/** Return the node that is shown for a node of another copy, or the node itself. */
export declare function modelOf(data: Data, id: number): number;
/** Return whether a group is drawn as one box. */
export declare function isClosed(data: Data, view: View, group: number): boolean;
