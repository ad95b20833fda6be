"""Truth of profiles: what removing a line saves, beside what its row said.

    python benchmarks/profiles.py

Each program runs as it is, and without one of its lines. The time saved is a share of the processor
time of a gradient; the row of that line in a profile says another. Both should be the same within 5
points. The first figures are the gradient's time without a timer and the sum of all rows.
"""

import inspect
import time

import numpy as np

import autograd_tools as ag
import viewer

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


def main():
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
