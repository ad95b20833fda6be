"""Programs as people write them, whose gradients are read as source."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_tools as ag

RNG = np.random.default_rng(0)


def normal(*shape: int) -> Any:
    return RNG.normal(size=shape)


def vdp(x: Any, y: Any, mu: Any) -> Any:
    return y, mu * (1 - x**2) * y - x


def rk4_scalar(x: Any, y: Any, mu: Any) -> Any:
    dt = 0.1
    for _ in range(50):
        k1x, k1y = vdp(x, y, mu)
        k2x, k2y = vdp(x + dt / 2 * k1x, y + dt / 2 * k1y, mu)
        k3x, k3y = vdp(x + dt / 2 * k2x, y + dt / 2 * k2y, mu)
        k4x, k4y = vdp(x + dt * k3x, y + dt * k3y, mu)
        x = x + dt / 6 * (k1x + 2 * k2x + 2 * k3x + k4x)
        y = y + dt / 6 * (k1y + 2 * k2y + 2 * k3y + k4y)
    return x**2 + y**2


def lotka(x: Any, y: Any, a: Any, b: Any) -> Any:
    dx = a * x - b * x * y
    dy = b * x * y - y
    return dx, dy


def rk4_loss(x: Any, y: Any, a: Any, b: Any, data: Any) -> Any:
    h = 0.05
    loss = 0.0
    for i in range(len(data)):
        k1, l1 = lotka(x, y, a, b)
        k2, l2 = lotka(x + h / 2 * k1, y + h / 2 * l1, a, b)
        k3, l3 = lotka(x + h / 2 * k2, y + h / 2 * l2, a, b)
        k4, l4 = lotka(x + h * k3, y + h * l3, a, b)
        x = x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        y = y + h / 6 * (l1 + 2 * l2 + 2 * l3 + l4)
        loss = loss + (x - data[i]) ** 2
    return loss


def field(s: Any, A: Any) -> Any:
    return np.tanh(A @ s)


def rk4_vector(s: Any, A: Any) -> Any:
    dt = 0.1
    for _ in range(40):
        k1 = field(s, A)
        k2 = field(s + dt / 2 * k1, A)
        k3 = field(s + dt / 2 * k2, A)
        k4 = field(s + dt * k3, A)
        s = s + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return np.sum(s**2)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def lstm(p: Any, xs: Any, ys: Any) -> Any:
    h = np.zeros(4)
    c = np.zeros(4)
    loss = 0.0
    for t in range(len(xs)):
        z = p["W"] @ xs[t] + p["U"] @ h + p["b"]
        i = sigmoid(z[:4])
        f = sigmoid(z[4:8])
        o = sigmoid(z[8:12])
        g = np.tanh(z[12:])
        c = f * c + i * g
        h = o * np.tanh(c)
        loss = loss + np.sum((p["V"] @ h - ys[t]) ** 2)
    return loss


def rnn(W: Any, U: Any, b: Any, V: Any, xs: Any, ys: Any) -> Any:
    h = np.zeros(4)
    loss = 0.0
    for t in range(len(xs)):
        h = np.tanh(W @ h + U @ xs[t] + b)
        y = V @ h
        loss = loss + np.mean((y - ys[t]) ** 2)
    return loss / len(xs)


def attention(x: Any, Wq: Any, Wk: Any, Wv: Any, mask: Any) -> Any:
    q, k, v = x @ Wq, x @ Wk, x @ Wv
    scores = q @ k.T / np.sqrt(k.shape[-1]) + mask
    scores = scores - scores.max(axis=-1, keepdims=True)
    p = np.exp(scores)
    p = p / p.sum(axis=-1, keepdims=True)
    return np.sum((p @ v - x) ** 2)


def kalman(q: Any, r: Any, zs: Any) -> Any:
    m, P = 0.0, 1.0
    nll = 0.0
    for z in zs:
        P = P + q
        S = P + r
        K = P / S
        v = z - m
        nll = nll + 0.5 * (np.log(S) + v**2 / S)
        m = m + K * v
        P = (1 - K) * P
    return nll


def kalman_matrix(A: Any, Q: Any, zs: Any) -> Any:
    m, P = np.zeros(2), np.eye(2)
    H = np.array([[1.0, 0.0]])
    nll = 0.0
    for z in zs:
        m = A @ m
        P = A @ P @ A.T + Q
        S = H @ P @ H.T + 0.1
        K = P @ H.T @ np.linalg.inv(S)
        v = z - H @ m
        nll = nll + 0.5 * (np.log(S[0, 0]) + v @ np.linalg.inv(S) @ v)
        m = m + K @ v
        P = (np.eye(2) - K @ H) @ P
    return nll


def logistic(w: Any, b: Any, X: Any, y: Any, lam: Any) -> Any:
    p = sigmoid(X @ w + b)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)) + lam * np.sum(w**2)


def gp(theta: Any, X: Any, y: Any) -> Any:
    ell, sf, sn = np.exp(theta[0]), np.exp(theta[1]), np.exp(theta[2])
    d2 = np.sum((X[:, None, :] - X[None, :, :]) ** 2, axis=-1)
    K = sf**2 * np.exp(-0.5 * d2 / ell**2) + sn**2 * np.eye(len(X))
    L = np.linalg.cholesky(K)
    a = np.linalg.solve(L, y)
    return 0.5 * a @ a + np.sum(np.log(np.diag(L)))


def mixture(logits: Any, mu: Any, logs: Any, x: Any) -> Any:
    logw = logits - np.log(np.sum(np.exp(logits)))
    z = (x[:, None] - mu) / np.exp(logs)
    logp = logw - 0.5 * z**2 - logs
    m = np.max(logp, axis=1, keepdims=True)
    return -np.sum(m[:, 0] + np.log(np.sum(np.exp(logp - m), axis=1)))


def nbody(pos: Any, vel: Any, mass: Any) -> Any:
    dt = 0.01
    for _ in range(30):
        r = pos[None, :, :] - pos[:, None, :]
        d2 = np.sum(r**2, axis=-1) + 0.01
        acc = np.sum(mass[None, :, None] * r / d2[..., None] ** 1.5, axis=1)
        vel = vel + dt * acc
        pos = pos + dt * vel
    return np.sum(pos**2)


def conv(k: Any, b: Any, img: Any) -> Any:
    H, W = img.shape
    out = b
    for i in range(3):
        for j in range(3):
            out = out + k[i, j] * img[i : H - 2 + i, j : W - 2 + j]
    a = np.maximum(out, 0)
    return np.sum(a**2)


def beam(emit: Any, trans: Any) -> Any:
    score = emit[0]
    for t in range(1, len(emit)):
        score = np.max(score[:, None] + trans, axis=0) + emit[t]
    return np.max(score)


PROGRAMS: dict[str, tuple[Any, ...]] = {
    "rk4_scalar": (ag.grad(rk4_scalar, (0, 1, 2)), 1.0, 0.5, 1.2),
    "rk4_loss": (ag.value_and_grad(rk4_loss, (0, 1, 2, 3)), 1.0, 0.5, 1.2, 0.7, normal(30)),
    "rk4_vector": (ag.grad(rk4_vector, (0, 1)), normal(3), normal(3, 3)),
    "lstm": (
        ag.grad(lstm),
        {"W": normal(16, 3), "U": normal(16, 4) / 3, "b": normal(16), "V": normal(2, 4)},
        normal(50, 3),
        normal(50, 2),
    ),
    "rnn": (
        ag.grad(rnn, (0, 1, 2, 3)),
        normal(4, 4) / 3,
        normal(4, 3),
        normal(4),
        normal(2, 4),
        normal(100, 3),
        normal(100, 2),
    ),
    "attention": (
        ag.grad(attention, (0, 1, 2, 3)),
        normal(5, 4),
        normal(4, 4),
        normal(4, 4),
        normal(4, 4),
        np.triu(np.full((5, 5), -1e9), 1),
    ),
    "kalman": (ag.grad(kalman, (0, 1)), 0.1, 0.2, normal(40)),
    "kalman_matrix": (
        ag.grad(kalman_matrix, (0, 1)),
        normal(2, 2) / 2,
        np.eye(2) * 0.1,
        normal(40, 1),
    ),
    "logistic": (
        ag.value_and_grad(logistic, (0, 1)),
        normal(3),
        0.1,
        normal(20, 3),
        (normal(20) > 0) * 1.0,
        0.01,
    ),
    "gp": (ag.grad(gp), normal(3) * 0.1, normal(8, 2), normal(8)),
    "mixture": (ag.grad(mixture, (0, 1, 2)), normal(3), normal(3), normal(3), normal(30)),
    "nbody": (ag.grad(nbody, (0, 1, 2)), normal(4, 3), normal(4, 3), np.ones(4)),
    "conv": (ag.grad(conv, (0, 1)), normal(3, 3), 0.1, normal(8, 8)),
    "beam": (ag.grad(beam, (0, 1)), normal(20, 4), normal(4, 4)),
}
