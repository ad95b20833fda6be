"""Train a small network to read handwritten digits, and draw the graph of its last gradient.

    python examples/digits_mlp.py [digits_mlp.svg]

`ag.diff` records the loss of a batch and `ag.grad` returns the gradient of each Param. The rest is
NumPy. The drawing has a box for each function that `cross_entropy` calls. With one operation on a
line, the profile shows the cost of each.
"""

import sys
from pathlib import Path

import numpy as np

import autograd_tools as ag
import viewer

DATA = Path(__file__).parent / "data" / "digits.csv.gz"
HELD_OUT, EPOCHS, BATCH, RATE, MOMENTUM = 360, 20, 32, 0.1, 0.9


class Network:
    """64 pixels -> 32 tanh units -> 10 digits."""

    def __init__(self, random):
        self.w1 = ag.Param(random.normal(size=(64, 32)) / 8, opt=0.0, name="w1")
        self.b1 = ag.Param(np.zeros(32), opt=0.0, name="b1")
        self.w2 = ag.Param(random.normal(size=(32, 10)) / 6, opt=0.0, name="w2")
        self.b2 = ag.Param(np.zeros(10), opt=0.0, name="b2")

    def hidden(self, x):
        a = x @ self.w1
        a = a + self.b1
        return np.tanh(a)

    def logits(self, x):
        z = self.hidden(x) @ self.w2
        return z + self.b2


def log_softmax(z):
    z = z - np.max(ag.value(z), axis=1, keepdims=True)  # keeps exp from overflowing
    e = np.exp(z)
    total = np.sum(e, axis=1, keepdims=True)
    return z - np.log(total)


def cross_entropy(network, x, y):
    logp = log_softmax(network.logits(x))
    right = logp[np.arange(len(y)), y]
    return -np.mean(right)


def main(path="digits_mlp.svg"):
    random = np.random.default_rng(0)
    table = random.permutation(np.loadtxt(DATA, delimiter=","))
    images, digits = table[:, :64] / 16, table[:, 64].astype(int)
    held_x, x = np.split(images, [HELD_OUT])
    held_y, y = np.split(digits, [HELD_OUT])

    network = Network(random)
    for epoch in range(1, EPOCHS + 1):
        for batch in np.array_split(random.permutation(len(y)), len(y) // BATCH):
            J = ag.diff(cross_entropy, network, x[batch], y[batch])
            for p in ag.params(network):
                p.opt = MOMENTUM * p.opt + ag.grad(J, p)
                p.value = p.value - RATE * p.opt
        if epoch % 5 == 0:
            loss = cross_entropy(network, x, y)
            accuracy = np.mean(np.argmax(network.logits(held_x), axis=1) == held_y)
            print(f"epoch {epoch:2}  loss {loss:.4f}  held-out accuracy {accuracy:.1%}")

    viewer.draw(J, path)
    print(f"drew the last gradient, {len(J.nodes)} nodes, in {path}")


if __name__ == "__main__":
    main(*sys.argv[1:])
