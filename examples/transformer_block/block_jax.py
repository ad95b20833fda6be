"""A transformer block in JAX, and its trace in `jax.json`:

    python examples/transformer_block/block_jax.py

The functions have the same names and lines as in the other files here.
"""

import jax
import jax.numpy as jnp
from weights import HEADS, LENGTH, WIDTH, data, weights

from viewer.adapters.jax import trace


def norm(x, scale):
    centred = x - jnp.mean(x, axis=-1, keepdims=True)
    return centred / jnp.sqrt(jnp.mean(centred**2, axis=-1, keepdims=True) + 1e-5) * scale


def heads(x):
    return jnp.swapaxes(x.reshape(LENGTH, HEADS, -1), 0, 1)


def attention(p, x):
    q, k, v = heads(x @ p["query"]), heads(x @ p["key"]), heads(x @ p["value"])
    scores = q @ jnp.swapaxes(k, 1, 2) / (WIDTH // HEADS) ** 0.5
    mixed = softmax(scores) @ v
    return jnp.swapaxes(mixed, 0, 1).reshape(LENGTH, WIDTH) @ p["output"]


def softmax(x):
    e = jnp.exp(x)
    return e / jnp.sum(e, axis=-1, keepdims=True)


def feed_forward(p, x):
    return jnp.tanh(x @ p["up"]) @ p["down"]


def block(p, x):
    x = x + attention(p, norm(x, p["scale1"]))
    return x + feed_forward(p, norm(x, p["scale2"]))


def loss(p, x):
    return jnp.mean(block(p, x) ** 2)


if __name__ == "__main__":
    trace(loss, weights(), data()).save("jax.json")
    value, gradient = jax.value_and_grad(loss)(weights(), data())
    print(f"loss {value:.6f}, gradient of query {jnp.linalg.norm(gradient['query']):.6f}")
