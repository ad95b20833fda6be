"""Mistakes that a type checker refuses: `error` comments are parts of the messages."""

# ruff: noqa: B018
import autograd_tools as ag
import viewer


def loss(w: float, *, power: int = 2) -> float:
    return w**power


J = ag.diff(lambda: ag.Param(2.0) * 3)

J.nodez  # error: nodez
ag.diff(loss, 2.0, watch="nans")  # error: nans
ag.diff(3)  # error: diff
with ag.record(watsh="nan"):  # error: watsh
    pass

ag.grad(loss)("two")  # error: float
ag.grad(loss)(2.0, power="two")  # error: int
ag.grad(loss)(2.0, powr=3)  # error: powr
ag.grad(loss, argnum="w")  # error: grad
ag.value_and_grad(loss)(2.0)[0].upper()  # error: upper
ag.hessian(loss)()  # error: w
ag.elementwise_grad(loss)([1.0])  # error: list

viewer.draw(J, "graph.svg", heat="tme")  # error: tme
viewer.draw(J, "graph.svg", heet="time")  # error: heet
viewer.draw(J, heat="time")  # error: path
viewer.draw(3, "graph.svg")  # error: Graph
viewer.to_svg(J, max_nodes="all")  # error: int
viewer.to_dot(J, edges="shapes")  # error: shapes
viewer.to_mermaid(J, backwards=True)  # error: backwards
viewer.to_dot(J, marks={1: "new"})  # error: int
viewer.show(J, "tabel")  # error: tabel
viewer.show(J, by="operation")  # error: operation
viewer.show(J, limit="10")  # error: int
viewer.to_text(J, widht=80)  # error: widht
viewer.hotspots(ag.timer, by="lines")  # error: lines
viewer.hotspots(ag.timer, limit=None)  # error: None
viewer.arithmetic(ag.timer, "tree")  # error: tree
viewer.compare("a.json", "b.json", format="html")  # error: html
viewer.compare("a.json", "b.json", by="shape")  # error: shape
viewer.draw_compared("a.json", "b.json", "c.svg", marks={})  # error: marks

ag.Timer(memory="all")  # error: all
ag.timer.table(sortby="times")  # error: times
ag.timer.to_markdown(width=80)  # error: width
J.trace().save(3)  # error: Path
