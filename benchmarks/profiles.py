"""Truth of profiles: what removing a line saves, beside what its row said.

    python benchmarks/profiles.py

Each program runs as it is, and without one of its lines. The time saved is a share of the processor
time of a gradient; the row of that line in a profile says another. Both should be the same within 5
points. The first figures are the gradient's time without a timer and the sum of all rows.

Then it prints what profilers cost: the processor time of a script under each as a multiple of that
of the script alone, of the whole process and of its gradients; and for each program what its
profile says that measuring took, beside what it took.

    python benchmarks/profiles.py --costs     only the costs
"""

import importlib.util
import inspect
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import autograd_tools as ag
import viewer
from autograd_tools.timing.engine_cost import measuring_ns

RNG = np.random.default_rng(0)
ROUNDS, PROFILED = 9, 20


def bodies(without):
    """Bodies that attract one another: small operations."""

    def f(x):
        v = np.zeros((8, 2))
        for _ in range(30):
            d = x[:, None] - x[None]
            r = np.sum(d * d, axis=-1) + 1.0
            r = np.sqrt(r) if "root" not in without else r
            w = 1 / (r * r * r)
            w = np.tanh(w) if "tanh" not in without else w
            v = v - 0.01 * np.sum(d * w[..., None], axis=1)
            x = x + 0.01 * v
        return np.sum(x * x)

    return f, RNG.normal(size=(8, 2))


def layers(without):
    """A deep network: large products."""
    A = RNG.normal(size=(300, 300)) / 17

    def f(x):
        h = x
        for _ in range(6):
            h = A @ h if "product" not in without else h
            h = np.tanh(h) if "tanh" not in without else h
            h = h + x
        return np.sum(h * h)

    return f, RNG.normal(size=(300, 50))


def recurrent(without):
    """A recurrent network of medium matrices."""
    W, U = RNG.normal(size=(64, 64)) / 8, RNG.normal(size=(32, 64)) / 6

    def f(x):
        h = np.zeros((16, 64))
        for _ in range(60):
            z = x @ U
            z = z + h @ W if "state" not in without else z
            z = z * np.exp(-z * z) if "gate" not in without else z
            h = h + np.tanh(z)
        return np.sum(h * h)

    return f, RNG.normal(size=(16, 32))


def filtering(without):
    """A Kalman filter: small linear algebra."""
    F, H = np.eye(4) + 0.1, np.eye(2, 4)

    def f(q):
        P, total = np.eye(4), 0.0
        for _ in range(40):
            P = F @ P @ F.T / 2 + np.diag(q)
            S = H @ P @ H.T + np.eye(2)
            K = P @ H.T
            K = np.linalg.solve(S, K.T).T if "gain" not in without else K
            P = P - 0.1 * K @ H @ P
            total = total + np.log(np.linalg.det(S)) if "term" not in without else total
        return total + np.sum(P)

    return f, np.full(4, 0.5)


def indexing(without):
    """Elements of an array one by one."""

    def f(x):
        total = 0.0
        for i in range(199):
            total = total + (x[i + 1] - x[i]) ** 2 if "square" not in without else total
            total = total + np.sin(x[i]) if "sine" not in without else total
            total = total + 0.1 * x[i]
        return total

    return f, RNG.normal(size=200)


PROGRAMS = {
    bodies: ("root", "tanh"),
    layers: ("product", "tanh"),
    recurrent: ("state", "gate"),
    filtering: ("gain", "term"),
    indexing: ("square", "sine"),
}


def milliseconds(f, x):
    """The least processor time of a gradient."""
    gradient = ag.grad(f)
    spent = []
    for _ in range(ROUNDS):
        start = time.thread_time()
        gradient(x)
        spent.append(time.thread_time() - start)
    return 1e3 * min(spent)


def line_of(program, word):
    """The line that runs unless a word is left out."""
    lines, first = inspect.getsourcelines(program)
    return next(first + i for i, line in enumerate(lines) if f'"{word}" not in' in line)


# A recurrent network of 60 steps, with cells as functions; its last line is the time of gradients.
SCRIPT = """
import sys, time
import numpy as np, autograd_tools as ag

rng = np.random.default_rng(0)
x = rng.standard_normal((60, 16, 32))
params = (rng.standard_normal((32, 32)) / 8, rng.standard_normal((32, 32)) / 8, np.zeros(32))

def loss(params):
    w, u, b = params
    h = np.zeros((16, 32))
    for t in range(60):
        h = np.tanh(x[t] @ w + h @ u + b)
    return np.sum(h * h)

gradient = ag.grad(loss)
start = time.process_time()
for _ in range(300):
    gradient(params)
print(time.process_time() - start, file=sys.stderr)
"""
PROFILERS = {
    "the script": (),
    "AUTOGRAD_TIMER=times": (),
    "AUTOGRAD_TIMER=lines": (),
    "autograd-tools profile": ("-m", "autograd_tools", "profile"),
    "autograd-tools profile --sample": ("-m", "autograd_tools", "profile", "--sample"),
    "cProfile": ("-m", "cProfile", "-o", "output.json"),
    "pyinstrument": ("-m", "pyinstrument"),
    "line_profiler": ("-m", "kernprof", "-l", "-o", "output.json"),
    "scalene": ("-m", "scalene", "run", "--cpu-only", "-o", "output.json"),
}
MODULES = {"line_profiler": "line_profiler", "scalene": "scalene", "pyinstrument": "pyinstrument"}
RUNS = 5


def spent(name, folder):
    """The processor seconds of the script's process under a profiler, and of its gradients.

    Not a number if the profiler failed.
    """
    script = Path(folder, "rnn.py")
    source = SCRIPT.replace("def loss", "@profile\ndef loss") if name == "line_profiler" else SCRIPT
    script.write_text(source)
    setting = name.partition("=")[2] or "0"
    before = os.times()
    process = subprocess.run(
        [sys.executable, *PROFILERS[name], script],
        cwd=folder,
        env={**os.environ, "AUTOGRAD_TIMER": setting, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    after = os.times()
    if process.returncode:
        return float("nan"), float("nan")
    whole = sum(after[2:4]) - sum(before[2:4])
    numbers = [float(line) for line in process.stderr.split() if line[:1].isdigit() and "." in line]
    return whole, numbers[-1]


def print_costs():
    """Print the cost of each profiler that is installed."""
    names = [
        name
        for name in PROFILERS
        if name not in MODULES or importlib.util.find_spec(MODULES[name]) is not None
    ]
    found = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(RUNS):
            for name in names:  # in turn
                found[name].append(spent(name, folder))
    print("profiler                         whole process  gradients")
    for name in names:
        whole, loop = (
            statistics.median(
                a[i] / b[i] for a, b in zip(found[name], found["the script"], strict=True)
            )
            for i in (0, 1)
        )
        print(f"{name:32}{whole:12.2f}{loop:12.2f}")


def print_measuring():
    """Print what profiles say that measuring took, beside what it took."""
    print("program    plain ms  measuring ms   said ms")
    for program in PROGRAMS:
        f, x = program(())
        gradient, plain, timed, said = ag.grad(f), [], [], []
        n = max(3, round(100 / milliseconds(f, x)))
        for _ in range(ROUNDS):
            start = time.thread_time()
            for _ in range(n):
                gradient(x)
            middle = time.thread_time()
            with ag.profile() as p:
                for _ in range(n):
                    gradient(x)
                ag.timer.add_up()
                end = time.thread_time()
            plain.append(middle - start)
            timed.append(end - middle)
            said.append(measuring_ns(p.records.items(), p.engine, p.own_ns) / 1e6)
        alone, took = 1e3 * min(plain), 1e3 * (min(timed) - min(plain))
        print(f"{program.__name__:10}{alone:9.1f}{took:14.1f}{statistics.median(said):10.1f}")


def main():
    if "--costs" not in sys.argv:
        print_truth()
    print_costs()
    print_measuring()


def print_truth():
    """Print what removing lines saves, beside what their rows say."""
    print("program    line     saved  row said  points apart")
    for program, words in PROGRAMS.items():
        f, x = program(())
        whole = milliseconds(f, x)
        gradient = ag.grad(f)
        with ag.profile() as p:
            for _ in range(PROFILED):
                gradient(x)
        rows = {
            row["line"]: row["total_ns"] / PROFILED / 1e6 for row in viewer.hotspot_rows(p, "line")
        }
        print(
            f"{program.__name__}: a gradient {whole:.3f} ms, all rows {sum(rows.values()):.3f} ms"
        )
        for word in words:
            less = milliseconds(program((word,))[0], x)
            saved, said = 1 - less / whole, rows[line_of(program, word)] / whole
            print(f"{'':10} {word:8}{saved:6.1%}{said:9.1%}{100 * abs(saved - said):13.1f}")


if __name__ == "__main__":
    main()
