"""Timelines of a program with threads and higher-order gradients."""

from itertools import pairwise

import pytest
from support.timelines import check_chrome, check_collapsed, check_speedscope

from autograd_tools import Timer
from autograd_tools.location.call_tree import KINDS
from viewer import to_chrome_trace, to_collapsed, to_speedscope

PROGRAM = """
import threading
import numpy as np, autograd_tools as ag

ag.timer.keep_events()

def loss(x):
    with ag.scope("inner"):
        return np.sum(np.sin(x) ** 2)

@ag.primitive(lambda dy, y, x: dy * ag.grad(loss)(x))
def custom(x):
    return loss(x)

def work():
    barrier.wait()
    ag.hessian(loss)(np.ones(3))
    ag.grad(lambda x: custom(x) * ag.checkpoint(loss)(x))(np.ones(3))

barrier = threading.Barrier(3)
threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
ag.timer.save("run.json")
"""


LOOPS = """
import numpy as np, autograd_tools as ag

ag.timer.keep_events()

def layer(x, w):
    return np.tanh(x * w)

def loss(w):
    x = np.ones(3)
    for t in range(2):
        for k in range(2):
            x = layer(x, w)
        np.cos(np.ones(2))  # which no gradient records
    with ag.scope("end"):
        x = layer(layer(x, w), w)
    return np.sum(x)

w = np.ones(3)
ag.grad(loss)(w)
ag.grad(lambda w: np.sum(ag.grad(loss)(w)))(w)
ag.timer.save("run.json")
"""

INNER = [(3, "for k in range(2)"), (4, "step 1"), (5, "layer"), (4, "step 2"), (5, "layer")]
STEPS = [(1, "for t in range(2)"), (2, "step 1"), *INNER, (2, "step 2"), *INNER]
FORWARD = [(0, "loss"), *STEPS, (1, "end"), (2, "layer"), (2, "layer")]


def turned(level, places):
    """Return the places of a level in reverse, each with those inside of it in reverse."""
    starts = [i for i, (depth, _) in enumerate(places) if depth == level]
    parts = [places[i:j] for i, j in pairwise([*starts, len(places)])]
    return [x for first, *inside in parts[::-1] for x in (first, *turned(level + 1, inside))]


def depths(text, direction):
    """Return the depth and the name of each function, scope, loop and step of one direction."""
    found = check_chrome(text)
    (tid,) = [e["tid"] for e in found["M"] if e["args"].get("name", "").endswith(direction)]
    rows, around = [], []
    for e in found["X"]:
        if e["tid"] == tid:
            while around and around[-1] <= e["ts"]:
                around.pop()
            if e["cat"] in KINDS:
                rows.append((len(around), e["name"]))
            around.append(e["ts"] + e["dur"])
    return rows


@pytest.fixture(scope="module")
def loops(python, tmp_path_factory):
    """The profile of a program with loops: a gradient, and the gradient of a gradient."""
    folder = tmp_path_factory.mktemp("loops")
    (folder / "loops.py").write_text(LOOPS)
    python("loops.py", cwd=folder, AUTOGRAD_TIMER="1")
    return folder / "run.json"


def test_slices_are_the_calls_loops_and_steps_of_the_program(loops):
    text = to_chrome_trace(loops)
    assert depths(text, "forward") == [*FORWARD, *FORWARD]
    backward = depths(text, "backward")
    assert backward[: 2 * len(FORWARD)] == [*turned(0, FORWARD), *turned(0, FORWARD)]
    assert {row for row in backward if row[1] == "layer"} == {(2, "layer"), (5, "layer")}
    lines = {e["name"]: e["args"].get("line", "") for e in check_chrome(text)["X"]}
    entered = {name: line.rpartition(":")[2] for name, line in lines.items()}
    assert (entered["for t in range(2)"], entered["end"]) == ("11", "15")


@pytest.fixture(scope="module")
def program(python, tmp_path_factory):
    """The profile of a program of three threads, with gradients of gradients."""
    folder = tmp_path_factory.mktemp("program")
    python("-c", PROGRAM, cwd=folder, AUTOGRAD_TIMER="shapes,exact")
    return folder / "run.json"


def test_each_thread_of_a_program_has_two_tracks(
    program,
):  # and the first, which computed nothing itself, has none
    found = check_chrome(to_chrome_trace(program))
    assert [e["args"]["name"] for e in found["M"] if e["name"] == "thread_name"] == [
        f"thread {n} {direction}" for n in (2, 3, 4) for direction in ("forward", "backward")
    ]
    assert len(check_speedscope(to_speedscope(program))["profiles"]) == 3


def test_each_gradient_has_an_arrow_from_its_operation(program):
    found = check_chrome(to_chrome_trace(program))
    at = {(e["tid"], e["ts"]): e["name"] for e in reversed(found["X"])}
    starts = {e["id"]: at[e["tid"], e["ts"]] for e in found["s"]}
    arrows = [(starts[e["id"]], at[e["tid"], e["ts"]]) for e in found["f"]]
    assert len(arrows) == sum(e["name"].endswith("]") for e in found["X"]) > 0
    assert all(end[: end.rindex("[")] == start for start, end in arrows)


def test_stacks_of_a_program_have_all_its_time(program):
    stacks = check_collapsed(to_collapsed(program))
    measured = sum(counts.ns for counts in Timer.load(program).records.values())
    assert abs(sum(stacks.values()) - measured / 1000) < len(stacks)  # rounding and least counts
