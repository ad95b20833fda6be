"""Small programs, and mistakes to plant into them, with words of the tip that names each."""

from typing import NamedTuple

HEAD = """import numpy as np
import autograd_tools as ag
from autograd_tools.scipy.linalg import cho_solve

rng = np.random.default_rng(0)
sliding = np.lib.stride_tricks.sliding_window_view
"""
TAIL = """
gradient = ag.grad(loss)


def step():
    gradient(x)


for _ in range(6):
    step()
"""


class Mistake(NamedTuple):
    """Code that a program has in place of its own, and words of the tip."""

    right: str
    wrong: str
    words: str


class Program(NamedTuple):
    """A program without a mistake, and mistakes to plant."""

    source: str
    mistakes: list[Mistake]
    tail: str = TAIL


GAUSSIAN_PROCESS = Program(
    """
z, y = rng.normal(size=(300, 8)), rng.normal(size=300)


def loss(x):
    s = z / x[:8]
    n = np.sum(s * s, axis=1)
    d = n[:, None] + n - 2 * (s @ s.T)
    K = np.exp(-0.5 * d) + (0.1 + x[8] * x[8]) * np.eye(300)
    L = np.linalg.cholesky(K)
    a = cho_solve((L, True), y)
    draws = np.tanh(L @ z)
    return 0.5 * (y @ a) + np.sum(np.log(np.diag(L))) + np.mean(draws)


x = np.full(9, 1.5)
""",
    [
        Mistake(
            """    a = cho_solve((L, True), y)
    draws = np.tanh(L @ z)
    return 0.5 * (y @ a) + np.sum(np.log(np.diag(L))) + np.mean(draws)
""",
            """    a = np.linalg.solve(K, y)
    draws = np.tanh(L @ z)
    return 0.5 * (y @ a) + 0.5 * np.linalg.slogdet(K)[1] + np.mean(draws)
""",
            "of one matrix",
        ),
        Mistake(
            "    a = cho_solve((L, True), y)\n",
            "    a = np.linalg.inv(K) @ y\n",
            "cho_solve((L, True), b) for np.linalg.inv(A) @ b",
        ),
        Mistake(
            """    n = np.sum(s * s, axis=1)
    d = n[:, None] + n - 2 * (s @ s.T)
""",
            "    d = np.sum((s[:, None, :] - s[None, :, :]) ** 2, axis=-1)\n",
            "squared differences of all pairs",
        ),
    ],
)

BODIES = Program(
    """
m = rng.uniform(0.5, 1.5, 150)


def loss(x):
    v = np.zeros((150, 3))
    for _ in range(8):
        d = x[:, None] - x
        r = np.sum(d * d, axis=-1) + 0.1
        w = m / (r * np.sqrt(r))
        v = v - 0.01 * np.sum(w[..., None] * d, axis=1)
        x = x + 0.01 * v
    return np.sum(x * x)


x = rng.normal(size=(150, 3))
""",
    [
        Mistake(
            "np.sum(w[..., None] * d, axis=1)",
            "np.stack([w[i] @ d[i] for i in range(150)])",
            "x[i], 2.40k times",
        )
    ],
)

KALMAN_FILTER = Program(
    """
F, H, I = np.eye(40) + 0.01, np.eye(20, 40), np.eye(40)
ys = rng.normal(size=(30, 20))


def loss(x):
    m, P, total = np.zeros(40), I, 0.0
    Q = np.linalg.inv(I * np.exp(x))
    for y in ys:
        m, P = F @ m, F @ P @ F.T + Q
        G = H @ P
        L = np.linalg.cholesky(G @ H.T + np.eye(20))
        Z = np.linalg.solve(L, np.column_stack([y - H @ m, G]))
        a, B = Z[:, 0], Z[:, 1:]
        T = B.T
        m, P = m + T @ a, P - T @ B
        total = total + a @ a + 2 * np.sum(np.log(np.diag(L)))
    return total


x = np.full(40, 0.5)
""",
    [
        Mistake(
            "    Q = np.linalg.inv(I * np.exp(x))\n    for y in ys:\n",
            "    for y in ys:\n        Q = np.linalg.inv(I * np.exp(x))\n",
            "29 of 30 calls on equal arguments",
        )
    ],
)

DECONVOLUTION = Program(
    """
signal = rng.normal(size=5000)
seen = np.convolve(signal, np.hanning(31), "valid")


def loss(x):
    y = np.convolve(signal, x, "valid")
    return np.mean((y - seen) ** 2)


x = rng.normal(size=31)
""",
    [
        Mistake(
            'np.convolve(signal, x, "valid")\n    return',
            "sum(signal[30 - i : 5000 - i] * x[i] for i in range(31))\n    return",
            "a convolution as a sum of 31 shifted slices",
        )
    ],
)

MIXTURE = Program(
    """
data = rng.normal(size=400)


def loss(x):
    mean, scale = x[:6], np.exp(x[6:])
    z = (data[:, None] - mean) / scale
    return -np.sum(np.log(np.sum(np.exp(-0.5 * z * z) / scale, axis=1)))


x = rng.normal(size=12)
""",
    [
        Mistake(
            """    z = (data[:, None] - mean) / scale
    return -np.sum(np.log(np.sum(np.exp(-0.5 * z * z) / scale, axis=1)))
""",
            """    total = 0.0
    for i in range(400):
        z = (data[i] - mean) / scale
        total = total - np.log(np.sum(np.exp(-0.5 * z * z) / scale))
    return total
""",
            "small calls per gradient",
        )
    ],
)

ATTENTION = Program(
    """
words = rng.normal(size=(8, 120, 64))


def loss(x):
    q, k, v = (words @ w for w in x)
    s = q @ np.swapaxes(k, 1, 2) / 8.0
    e = np.exp(s - np.max(s, axis=-1, keepdims=True))
    a = e / np.sum(e, axis=-1, keepdims=True)
    return np.mean((a @ v - words) ** 2)


x = rng.normal(size=(3, 64, 64)) / 8
""",
    [
        Mistake(
            "q @ np.swapaxes(k, 1, 2) / 8.0",
            'np.einsum("bqd,bkd->bqk", q, k) / 8.0',
            "einsum without a matrix product",
        )
    ],
)

RECURRENT = Program(
    """
inputs = rng.normal(size=(40, 96, 64)).astype(np.float32)
first = np.zeros((96, 64), np.float32)


def loss(x):
    W, U = x
    h, c, seen = first, first, []
    for u in inputs:
        z = u @ W + h @ U
        i, o, f, g = (z[:, n : n + 64] for n in range(0, 256, 64))
        c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
        h = np.tanh(c) / (1 + np.exp(-o))
        seen.append(h)
    return np.mean(np.concatenate(seen) ** 2)


x = (0.1 * rng.normal(size=(2, 64, 256))).astype(np.float32)
""",
    [
        Mistake(
            "        seen.append(h)\n    return np.mean(np.concatenate(seen) ** 2)\n",
            "        seen = np.concatenate([seen, h]) if len(seen) else h\n"
            "    return np.mean(seen**2)\n",
            "of a growing array",
        ),
        Mistake("np.zeros((96, 64), np.float32)", "np.zeros((96, 64))", "is float64"),
    ],
)

TRAINING = """
w, c = ag.Param(x[0], name="w"), ag.Param(x[1], name="c")
kept = []


def step():
    J = ag.diff(loss, [w, c])
    w.value -= 0.1 * ag.grad(J, w)
    c.value -= 0.1 * ag.grad(J, c)
    kept.append(float(ag.value(J)))


for _ in range(20):
    step()
"""

EQUATION = Program(
    """
start = rng.normal(size=4000)
target = np.tanh(start)


def slope(y, a, b):
    return a * y - b * y * y * y


def loss(x):
    a, b = x
    y = start
    for _ in range(10):
        k = slope(y, a, b)
        l = slope(y + 0.05 * k, a, b)
        y = y + 0.1 * l
    return np.mean((y - target) ** 2)


x = np.array([[0.5], [0.3]])
""",
    [
        Mistake("a * y - b * y * y * y", "a * y - b * y**3", "x ** 3"),
        Mistake("float(ag.value(J))", "J", "were alive at once"),
        Mistake("    c.value -= 0.1 * ag.grad(J, c)\n", "", "which are never read"),
    ],
    TRAINING,
)

IMAGE = Program(
    """
image = rng.normal(size=(96, 96))
target = rng.normal(size=(92, 92))


def loss(x):
    y = np.tensordot(sliding(image, (5, 5)), x, 2)
    return np.mean((y - target) ** 2)


x = rng.normal(size=(5, 5))
""",
    [
        Mistake(
            "np.tensordot(sliding(image, (5, 5)), x, 2)",
            "sum(image[i : i + 92, j : j + 92] * x[i, j] for i in range(5) for j in range(5))",
            "a convolution as a sum of 25 shifted slices",
        )
    ],
)

FACTORIZATION = Program(
    """
R = rng.normal(size=(400, 300)).astype(np.float32)
mask = (rng.random((400, 300)) < 0.3).astype(np.float32)
means = R.mean(axis=1)


def loss(x):
    U, V, b = x
    e = mask * (U @ V + b - R)
    return np.mean(e * e) + np.mean((b[:, 0] - means) ** 2)


def small(*shape):
    return rng.normal(size=shape).astype(np.float32)


x = small(400, 10), small(10, 300), small(400, 1)
""",
    [
        Mistake("(b[:, 0] - means)", "(b - means)", "broadcasts to (400, 400)"),
        Mistake(
            "(rng.random((400, 300)) < 0.3).astype(np.float32)",
            "(rng.random((400, 300)) < 0.3) * 1.0",
            "mask, a float64 array",
        ),
        Mistake(
            "return np.mean(e * e)", "return np.mean(np.sqrt(2) * e * e)", "np.sqrt(2), a float64"
        ),
    ],
)

SERIES = Program(
    """
E, y = rng.normal(size=(300, 300)) / 20, rng.normal(size=300)


def loss(x):
    parts = [x[:4].reshape(-1)]
    for _ in range(100):
        parts.append(np.tanh(0.9 * parts[-1]))
    series = np.concatenate(parts)
    return np.mean(series * series) + np.mean((x @ (E @ (x @ y)) - y) ** 2)


x = rng.normal(size=(300, 300)) / 20
""",
    [
        Mistake("x @ (E @ (x @ y))", "x @ E @ x @ y", "faster in the other order"),
        Mistake(
            """    parts = [x[:4].reshape(-1)]
    for _ in range(100):
        parts.append(np.tanh(0.9 * parts[-1]))
    series = np.concatenate(parts)
""",
            """    series = x[:4].reshape(-1)
    for _ in range(100):
        series = np.concatenate([series, np.tanh(0.9 * series[-1200:])])
""",
            "of a growing array",
        ),
    ],
)

PROGRAMS = {
    "gaussian process": GAUSSIAN_PROCESS,
    "bodies": BODIES,
    "kalman filter": KALMAN_FILTER,
    "deconvolution": DECONVOLUTION,
    "mixture": MIXTURE,
    "attention": ATTENTION,
    "recurrent network": RECURRENT,
    "differential equation": EQUATION,
    "image": IMAGE,
    "factorization": FACTORIZATION,
    "series": SERIES,
}
