/** A picture in Graphviz's language; its ids are our own, so that no name is taken for syntax. */

import type { Arrow } from "./arrows.ts";
import type { Cluster, Picture, Shape } from "./compose.ts";
import type { Look, Looks } from "./data.ts";

/** Escape what Graphviz would interpret: quotes, backslashes and entities. */
function literal(text: string): string {
  return text
    .replace(/&/g, "&amp;")
    .replace(/\\/g, "\\\\")
    .replace(/"/g, '\\"')
    .replace(/\n/g, "\\n");
}

function attributes(look: Look): string {
  return `[${Object.entries(look)
    .map(([name, text]) => `${name}="${text}"`)
    .join(" ")}]`;
}

/** Return the DOT source of a picture. */
export function dotOf(picture: Picture, direction: "down" | "right"): string {
  const { looks } = picture;
  const graph = { ...looks.graph, rankdir: direction === "right" ? "LR" : "TB" };
  const lines = [
    "digraph trace {",
    `graph ${attributes(graph)}`,
    `node ${attributes(looks.node)}`,
    `edge ${attributes(looks.edge)}`,
  ];
  write(picture.root);
  picture.arrows.forEach((arrow, n) =>
    lines.push(`"${arrow.tail}" -> "${arrow.head}" ${attributes(arrowLook(arrow, n, looks))}`),
  );
  return [...lines, "}"].join("\n");

  function write(cluster: Cluster): void {
    for (const shape of cluster.shapes)
      lines.push(`"${shape.name}" ${attributes(shapeLook(shape, looks))}`);
    for (const inner of cluster.clusters) {
      if (isEmpty(inner)) continue;
      const look = { label: literal(inner.title), id: inner.name, ...looks.clusters[inner.kind] };
      lines.push(`subgraph "cluster_${inner.name}" {`, `graph ${attributes(look)}`);
      write(inner);
      lines.push("}");
    }
  }
}

function isEmpty(cluster: Cluster): boolean {
  return !cluster.shapes.length && cluster.clusters.every(isEmpty);
}

function shapeLook(shape: Shape, looks: Looks): Look {
  const classes = [shape.kind];
  const look = { ...looks.boxes[shape.kind] };
  if (shape.heat !== null) {
    classes.push(`heat${shape.heat}`);
    look.fillcolor = looks.heat[shape.heat]!;
  }
  if (shape.mark) {
    classes.push(shape.mark);
    Object.assign(look, looks.marks[shape.mark]![1]);
  }
  if (shape.faint) {
    classes.push("faint");
    if (!shape.mark) Object.assign(look, looks.faint);
  }
  return {
    label: literal(shape.lines.join("\n")),
    id: shape.name,
    class: classes.join(" "),
    ...look,
  };
}

function arrowLook(arrow: Arrow, number: number, looks: Looks): Look {
  const look: Look = { ...looks.arrows[arrow.kind], id: `e${number}` };
  if (arrow.label) look.label = literal(` ${arrow.label} `);
  if (arrow.argument) look.headlabel = arrow.argument;
  if (arrow.width) look.penwidth = arrow.width.toFixed(1);
  if (arrow.faint) {
    look.color = looks.faint.color!;
    if (arrow.label) look.fontcolor = looks.faint.fontcolor!;
  }
  return look;
}
