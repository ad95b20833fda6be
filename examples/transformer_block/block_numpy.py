"""A transformer block in NumPy, and its trace in `numpy.json`:

    python examples/transformer_block/block_numpy.py

The functions have the same names and lines as in the other files here.
"""

import numpy as np
from weights import HEADS, LENGTH, WIDTH, data, weights

import autograd_tools as ag


def norm(x, scale):
    centred = x - np.mean(x, axis=-1, keepdims=True)
    return centred / np.sqrt(np.mean(centred**2, axis=-1, keepdims=True) + 1e-5) * scale


def heads(x):
    return np.swapaxes(x.reshape(LENGTH, HEADS, -1), 0, 1)


def attention(p, x):
    q, k, v = heads(x @ p["query"]), heads(x @ p["key"]), heads(x @ p["value"])
    scores = q @ np.swapaxes(k, 1, 2) / (WIDTH // HEADS) ** 0.5
    mixed = softmax(scores) @ v
    return np.swapaxes(mixed, 0, 1).reshape(LENGTH, WIDTH) @ p["output"]


def softmax(x):
    e = np.exp(x)
    return e / np.sum(e, axis=-1, keepdims=True)


def feed_forward(p, x):
    return np.tanh(x @ p["up"]) @ p["down"]


def block(p, x):
    x = x + attention(p, norm(x, p["scale1"]))
    return x + feed_forward(p, norm(x, p["scale2"]))


def loss(p, x):
    return np.mean(block(p, x) ** 2)


if __name__ == "__main__":
    params = {name: ag.Param(w, name=name) for name, w in weights().items()}
    tape = ag.diff(loss, params, data())
    tape.trace().save("numpy.json")
    gradient = np.linalg.norm(ag.grad(tape, params["query"]))
    print(f"loss {tape.value:.6f}, gradient of query {gradient:.6f}")
