"""A transformer block in PyTorch:

    python examples/transformer_block/block_torch.py

The functions have the same names and lines as in the other files here.
"""

import torch
from weights import HEADS, LENGTH, WIDTH, data, weights


def norm(x, scale):
    centred = x - torch.mean(x, -1, keepdim=True)
    return centred / torch.sqrt(torch.mean(centred**2, -1, keepdim=True) + 1e-5) * scale


def heads(x):
    return torch.swapaxes(x.reshape(LENGTH, HEADS, -1), 0, 1)


def attention(p, x):
    q, k, v = heads(x @ p["query"]), heads(x @ p["key"]), heads(x @ p["value"])
    scores = q @ torch.swapaxes(k, 1, 2) / (WIDTH // HEADS) ** 0.5
    mixed = softmax(scores) @ v
    return torch.swapaxes(mixed, 0, 1).reshape(LENGTH, WIDTH) @ p["output"]


def softmax(x):
    e = torch.exp(x)
    return e / torch.sum(e, -1, keepdim=True)


def feed_forward(p, x):
    return torch.tanh(x @ p["up"]) @ p["down"]


def block(p, x):
    x = x + attention(p, norm(x, p["scale1"]))
    return x + feed_forward(p, norm(x, p["scale2"]))


def loss(p, x):
    return torch.mean(block(p, x) ** 2)


if __name__ == "__main__":
    params = {name: torch.tensor(w, requires_grad=True) for name, w in weights().items()}
    value = loss(params, torch.tensor(data()))
    value.backward()
    print(f"loss {value:.6f}, gradient of query {params['query'].grad.norm():.6f}")
