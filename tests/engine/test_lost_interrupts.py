"""No Ctrl-C is lost: what a signal handler raises at any time arrives."""

import signal
import subprocess
import sys

import pytest

INTERRUPTS = 150  # per state

# Interrupts a state again and again at random times; prints how many were lost and what was wrong.
PROGRAM = """
import gc, random, signal, sys, time
import numpy as np
import autograd_tools as ag

w = ag.Param(np.ones(3))
layer = ag.checkpoint(lambda x: np.tanh(x * w))

def long_recording(x):
    for _ in range(3000):
        x = x * 1.0001
    return x

def hooked():
    for _ in range(50):
        p = ag.Param(np.ones(2))
        ag.on_grad(p, lambda g: None)
        ag.grad(ag.diff(lambda: np.sum(p * p)), p)

def assigned():
    p = ag.Param(np.ones(2))
    for _ in range(50):
        p.value = p.value * 0.5
        ag.grad(ag.diff(lambda: np.sum(p * p)), p)

def block():
    with ag.record() as J:
        loss = np.sum(np.tanh(w * w))
    J.backward(loss)

def written(x):
    y = x * 2.0
    for i in range(3):
        y[i] = y[i] * x[i]
    return np.sum(y)

def viewed():
    J = ag.diff(lambda: np.sum(np.tanh(w * w)))
    str(J), J.trace()

STATES = {
    "import": lambda: [[i] for i in range(3000)],
    "short": lambda: ag.grad(lambda x: x * x)(2.0),
    "long": lambda: ag.grad(long_recording)(1.0),
    "diff": lambda: ag.diff(lambda: np.sum(w * w)),
    "nested": lambda: ag.grad(ag.grad(lambda x: x * x * x))(2.0),
    "block": block,
    "hooked": hooked,
    "assigned": assigned,
    "checkpoint": lambda: ag.diff(lambda: np.sum(layer(np.ones(3)))),
    "written": lambda: ag.grad(written)(np.ones(3)),
    "viewed": viewed,
}

def handler(*_):
    raise KeyboardInterrupt

def behaves(before):
    J = ag.diff(lambda: np.sum(w**2))
    return (
        np.array_equal(ag.grad(J, w), [2.0, 2.0, 2.0])
        and not isinstance(w * 2.0, ag.Value)
        and (gc.isenabled(), gc.get_threshold(), np.geterr()) == before
    )

run, times = STATES[sys.argv[1]], random.Random(1)
run()
ignored, wrong, arrived = [], 0, 0
sys.unraisablehook = ignored.append
signal.signal(signal.SIGALRM, handler)
before = gc.isenabled(), gc.get_threshold(), np.geterr()

def until_interrupted():
    # A function of its own: since Python 3.12, a `try` does not cover the jump back of its loop.
    signal.setitimer(signal.ITIMER_REAL, times.uniform(0.0002, 0.01))
    for _ in range(100_000):
        run()
        if signal.getitimer(signal.ITIMER_REAL)[0] == 0.0:
            time.sleep(1)  # another thread may have got the signal, and pass it on now
            break  # it was lost

for _ in range(int(sys.argv[2])):
    try:
        until_interrupted()
    except KeyboardInterrupt:
        arrived += 1
    wrong += not behaves(before)
print(arrived, len([x for x in ignored if x.exc_type is KeyboardInterrupt]), wrong)
"""

STATES = (
    "import",
    "short",
    "long",
    "diff",
    "nested",
    "block",
    "hooked",
    "assigned",
    "checkpoint",
    "written",
    "viewed",
)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the system has no interval timers")
@pytest.mark.parametrize("state", STATES)
def test_interrupts_at_random_times_all_arrive(state):
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, state, str(INTERRUPTS)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == [str(INTERRUPTS), "0", "0"], run.stdout + run.stderr
