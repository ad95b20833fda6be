"""Writes the pages that browser tests open: `python make_pages.py FOLDER`."""

import sys
from html import escape
from pathlib import Path

import numpy as np

import autograd_tools as ag
import viewer
from viewer.command.cli import main

sys.path.insert(0, str(Path(__file__).parents[1]))
import make

RECURRENT = """
import numpy as np
import autograd_tools as ag

w = ag.Param(np.eye(4) / 3, name="w")
b = ag.Param(np.ones(4), name="b")


def cell(h, t):
    return np.tanh(h @ w + b + 0.1 * t)


def loss():
    h = np.zeros(4)
    for t in range(30):
        h = cell(h, t)
    return np.sum(h**2)


for _ in range(2):
    ag.diff(loss)
"""
HOSTILE = """
import numpy as np
import autograd_tools as ag

w = ag.Param(np.array([1.0, -1.0]), name="<img src=x onerror=alert(1)>")
u = ag.Param(np.array(1.0), name='"quoted"\\n</script><script>alert(2)</script>')


def f(x, note="</style><b>"):  # <i>&amp;
    with ag.scope("<script>alert(3)</script>"):
        found = np.sum(np.sqrt(x) * 2.0)
    return found * u


with np.errstate(all="ignore"):
    ag.diff(lambda: f(w))
"""


def compared(folder: Path) -> None:
    w = ag.Param(np.array([0.5, 1.0, 2.0]), name="w")
    tapes = [
        ag.diff(lambda: np.sum(np.tanh(w) * 2.0)),
        ag.diff(lambda: np.sum(np.maximum(w, 0.0) * 3.0)),
    ]
    viewer.draw_compared(*tapes, folder / "compared.html")


def focused(folder: Path) -> None:
    """Write a page of one function of two, and one with a node selected at first."""
    w = ag.Param(np.array([0.5, 1.0, 2.0]), name="w")

    def inner():
        return np.tanh(w) * np.tanh(2 * w)

    def loss():
        return np.sum(np.tanh(inner()))

    tape = ag.diff(loss)
    viewer.to_map(viewer.focus(tape, scope="focused.inner"), folder / "focused.html")
    viewer.to_map(tape, folder / "selected.html", focus="w")


def formulas(folder: Path) -> None:
    """Nodes 3 and 5 share an equation with a constant; two Params have one name."""
    x, y = (ag.Param(np.ones(n), name="w") for n in (2, 3))
    twice = [2 * np.ones(7), 3 * np.ones(7)]

    def loss():
        z = np.concatenate([x, y, x])
        return np.sum(np.sin(z * twice[0]) * twice[1]) + np.sum(z[np.array([0, 0, 2])])

    viewer.to_map(ag.diff(loss), folder / "formulas.html")


def graphs(folder: Path) -> None:
    for model in (make.recurrent, make.layers, make.levels, make.hostile, make.inputs):
        viewer.to_map(model(), folder / f"graph_{model.__name__}.html")
    viewer.to_map(make.layers(), folder / "graph_heat.html", heat="gradient")


def write(folder: Path) -> None:
    for name, code in {"recurrent": RECURRENT, "<b>hostile & co": HOSTILE}.items():
        script = folder / f"{name}.py"
        script.write_text(code)
        page = folder / f"{'hostile' if '<' in name else name}.html"
        sample = ["--sample"] if name == "recurrent" else []
        if main(["map", *sample, "-o", str(page), str(script)]):
            raise SystemExit(f"{page} was not written")
    compared(folder)
    focused(folder)
    formulas(folder)
    graphs(folder)
    profile = folder / "profile.json"
    if main(["profile", "-o", str(profile), str(folder / "recurrent.py")]):
        raise SystemExit("no profile was written")
    viewer.to_map(profile, folder / "profile.html")
    page = escape((folder / "recurrent.html").read_text())
    frame = '<iframe srcdoc="{}" width=1000 height=600></iframe>'
    (folder / "frame.html").write_text("<!doctype html>" + frame.format(page) + "<hr>" * 40)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
