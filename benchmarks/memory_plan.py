"""Truth of memory plans: predicted peaks and times beside those measured on the program.

    python benchmarks/memory_plan.py

Each program runs under `autograd-tools profile --budget`, with a budget of a third of its peak, in
one thread.
The peak is that of `tracemalloc`, which counts arrays and Python's objects, from the start of a
gradient to its end;
the time is that of a gradient with the plan, as a multiple of the time without. The peak should be
predicted within 10 %, and the time within 15 %.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
HEAD = """
import numpy as np
import autograd_tools as ag

rng = np.random.default_rng(0)
normal = rng.standard_normal
"""
FOOT = """
for _ in range(20):
    gradient = ag.grad(loss)(params)
"""
LAYERS = """
X = normal((2000, 256))

def loss(params):
    h = X
    for W, b in params:
        h = np.tanh(h @ W + b)
    return np.mean(h * h)

params = [(normal((256, 256)) / 16, np.zeros(256)) for _ in range(40)]
"""
RECURRENT = """
xs = normal((1000, 32, 32))

def loss(params):
    W, U, b = params
    h = np.zeros((32, 64))
    total = 0.0
    for x in xs:
        z = np.tanh(h @ W + x @ U + b)
        h = 0.9 * h + 0.1 * z
        total = total + np.sum(h * h)
    return total

params = (normal((64, 64)) / 8, normal((32, 64)) / 6, np.zeros(64))
"""
BLOCKS = """
X = normal((512, 128))

def attention(x, Q, K, V):
    scores = (x @ Q) @ (x @ K).T / 12
    weights = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    return (weights / np.sum(weights, axis=1, keepdims=True)) @ (x @ V)

def block(x, p):
    x = x + attention(x, p["Q"], p["K"], p["V"])
    hidden = x @ p["A"]
    return x + (hidden * np.tanh(np.logaddexp(0, hidden))) @ p["B"]

def loss(params):
    x = X
    for p in params:
        x = block(x, p)
    return np.mean(x * x)

def layer():
    square = {name: normal((128, 128)) / 12 for name in "QKV"}
    return {**square, "A": normal((128, 256)) / 12, "B": normal((256, 128)) / 16}

params = [layer() for _ in range(12)]
"""
WAVES = """
source = normal((256, 256))

def laplacian(u):
    rows = np.roll(u, 1, axis=0) + np.roll(u, -1, axis=0)
    return rows + np.roll(u, 1, axis=1) + np.roll(u, -1, axis=1) - 4 * u

def step(u, before, speed):
    return 2 * u - before + 0.1 * speed * laplacian(np.tanh(u))

def loss(params):
    u = before = source
    for _ in range(80):
        u, before = step(u, before, params), u
    return np.sum(u * u)

params = np.abs(normal((256, 256)))
"""
PROGRAMS = {
    "40 layers": LAYERS,
    "recurrent, 1000 steps": RECURRENT,
    "12 blocks of attention": BLOCKS,
    "waves, 80 steps": WAVES,
}


def profiled(path, *options):
    """The memory part of a profile as JSON."""
    command = [
        sys.executable,
        "-m",
        "autograd_tools",
        "profile",
        *options,
        "--format",
        "json",
        path,
    ]
    environment = {**os.environ, **dict.fromkeys(THREAD_VARIABLES, "1")}
    done = subprocess.run(
        command, capture_output=True, check=True, encoding="utf-8", env=environment
    )
    return json.loads(done.stdout)["memory"]


def main():
    print(
        "program                 peak MB  planned  measured   off   time  measured   off  changes"
    )
    with tempfile.TemporaryDirectory() as folder:
        for name, source in PROGRAMS.items():
            path = Path(folder) / "program.py"
            path.write_text(HEAD + source + FOOT, encoding="utf-8")
            found = profiled(path, "--memory")["peak"]
            peak = found["nbytes"] + found["node_nbytes"]
            plan = profiled(path, "--budget", f"{peak // 3}B")["plan"]
            tried = plan["outcome"]
            times = plan["ns"] / plan["ns_before"], tried["ns"] / tried["ns_before"]
            made = ", ".join(
                f"{change['name']} {change['line']}" + " in parts" * bool(change["steps"])
                for change in plan["changes"]
            )
            print(
                f"{name:23}{tried['peak_before'] / 1e6:8.1f}{plan['peak'] / 1e6:9.1f}"
                f"{tried['peak'] / 1e6:10.1f}{plan['peak'] / tried['peak'] - 1:6.1%}"
                f"{times[0]:7.2f}{times[1]:10.2f}{times[0] / times[1] - 1:6.1%}  {made}"
            )


if __name__ == "__main__":
    main()
