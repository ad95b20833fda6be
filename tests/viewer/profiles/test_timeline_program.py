"""Timelines of a program with threads and higher-order gradients."""

import pytest
from support.timelines import check_chrome, check_collapsed, check_speedscope

from autograd_tools import Timer
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
