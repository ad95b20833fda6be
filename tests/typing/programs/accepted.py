"""A program that runs and that type checkers accept; `reveals` comments are the types they show."""

from typing import Any, reveal_type

import numpy as np
from numpy.typing import NDArray

import autograd_tools as ag
import viewer

Floats = NDArray[np.float64]
x: Floats = np.ones((3, 3))
w = ag.Param(np.ones((3, 3)), name="w")


def loss(w: Floats, scale: float = 1.0, *, power: int = 2) -> float:
    y: float = np.sum(scale * (w @ x) ** power)
    return y


# A tape, or the plain result of a function without Params.
J = ag.diff(lambda: np.sum((w @ x) ** 2), watch="nan", check=True)
reveal_type(J)  # reveals: Tape | Any
reveal_type(J.trace())  # reveals: Trace | Any
reveal_type(J.nodes[0])  # reveals: Node | Any
if not isinstance(J, ag.Tape):
    print(J)
with ag.record(watch="nan") as recorded:
    y = np.sum(w * 2)
reveal_type(recorded)  # reveals: Tape
recorded.backward(y)

# Gradients keep the parameters of the function.
reveal_type(ag.grad(J, w))  # reveals: Any
ag.grad(J, {"w": w, "others": [w]})
reveal_type(ag.grad(loss)(x, 2.0, power=3))  # reveals: Any
ag.grad(loss, argnum=(0, 1))(x, 2.0)
ag.grad(loss)(w)
ag.grad(ag.grad(np.tanh))(2.0)
ag.elementwise_grad(np.tanh)(x)
ag.grad(lambda x, y: x * y, argnum=1)(2.0, 3.0)
reveal_type(ag.value_and_grad(loss)(x))  # reveals: tuple[float, Any]
reveal_type(ag.gradloss(loss)(x))  # reveals: tuple[Any, float]
pull, value = ag.make_vjp(loss)(x)
reveal_type(value)  # reveals: float
reveal_type(ag.make_jvp(loss)(x)(x))  # reveals: tuple[float, Any]


@ag.primitive(lambda dy, y, x: dy * y)
def exponential(x: float) -> float:
    y: float = np.exp(x)
    return y


@ag.zerograd
def steps(x: float) -> int:
    return int(x)


@ag.checkpoint
@ag.scope("layer")
def layer(w: Floats, x: Floats) -> Floats:
    y: Floats = w @ x
    return y


reveal_type(exponential(1.0))  # reveals: float
reveal_type(steps(1.5))  # reveals: int
layer(w, x)

# A Param acts like its value.
for number in (w * 2, w - 1, w @ w, w[0], w.T, w.sum(), -w, w**2):
    ag.value(number).sum()
reveal_type(w * 2)  # reveals: Any
reveal_type(w.value)  # reveals: Any

# Views.
viewer.show(J, "table", by="scope", limit=5)
text: str = viewer.to_text(J, "tree", max_depth=2)
viewer.draw(J, "graph.svg", heat="bytes", edges="none", marks={1: "added"}, max_nodes=None)
svg: str = viewer.to_svg(J, gradients=False, links="vscode")
viewer.to_mermaid(viewer.fold(J), heat="gradient", max_nodes=5)
table: str = viewer.hotspots(ag.timer, "line", limit=3)
rows: list[dict[str, Any]] = viewer.hotspot_rows(J, "tree")
viewer.arithmetic(ag.timer, by="shape")
ag.timer.save("profile.json")
viewer.compare(ag.timer, "profile.json", by="op", format="markdown")
viewer.draw_compared(J, J.trace(), "changes.html", heat="gradient", max_nodes=9)
with ag.history() as h:
    ag.grad(loss)(x)
reveal_type(h)  # reveals: History
reveal_type(h.columns())  # reveals: dict[str, list[Any]]
when: list[int] = [finding.step for _, finding in h.findings()]
which: list[str] = [name for series in h.series for name in series.names]
h.save("history.json")
ag.History.load("history.json")
print(ag.Timer(memory="exact").table(sortby="name", linechars="ascii"))
