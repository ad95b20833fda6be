"""Train a recurrent network to find the number without a pair in a sequence: 3 in 5 3 1 1 5.

    python examples/lonely_integer.py [--length 5] [--steps 600] [--draw lonely_integer.svg]

The network reads one number at a time and must remember which one it has seen an odd number of
times. `ag.diff` records each iteration of the loop in `read`, and backpropagation passes through
all of them. The sequences are random.
"""

import argparse

import numpy as np

import autograd_tools as ag
import viewer

NUMBERS, HIDDEN, BATCH, RATE, KEEP = 8, 64, 128, 0.008, 0.99


class Network:
    """A number -> 64 tanh units, which also read their previous state -> 8 scores."""

    def __init__(self, random):
        rotation = np.linalg.qr(random.normal(size=(HIDDEN, HIDDEN)))[0]  # keeps the norm of h
        self.wx = ag.Param(random.normal(size=(NUMBERS, HIDDEN)), opt=0.0, name="wx")
        self.wh = ag.Param(rotation, opt=0.0, name="wh")
        self.bh = ag.Param(np.zeros(HIDDEN), opt=0.0, name="bh")
        self.wo = ag.Param(random.normal(size=(HIDDEN, NUMBERS)) / 8, opt=0.0, name="wo")
        self.bo = ag.Param(np.zeros(NUMBERS), opt=0.0, name="bo")

    def read(self, sequences):
        h = np.zeros((len(sequences), HIDDEN))
        for numbers in sequences.T:
            h = np.tanh(self.wx[numbers] + h @ self.wh + self.bh)
        return h

    def logits(self, sequences):
        return self.read(sequences) @ self.wo + self.bo


def make_sequences(random, count, length):
    """Return `count` sequences of pairs and one single number, and that number of each sequence."""
    numbers = random.permuted(np.tile(np.arange(NUMBERS), (count, 1)), axis=1)
    numbers = numbers[:, : (length + 1) // 2]
    sequences = np.concatenate([numbers, numbers[:, 1:]], axis=1)
    return random.permuted(sequences, axis=1), numbers[:, 0]


def cross_entropy(network, sequences, lonely):
    z = network.logits(sequences)
    right = z[np.arange(len(lonely)), lonely]
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - right)


def train(network, random, length, steps):
    """Train by RMSProp with a falling rate, and return the last tape."""
    for step in range(1, steps + 1):
        J = ag.diff(cross_entropy, network, *make_sequences(random, BATCH, length))
        rate = RATE * (1 - step / (steps + 1))
        for p in ag.params(network):
            g = ag.grad(J, p)
            p.opt = KEEP * p.opt + (1 - KEEP) * g**2
            p.value = p.value - rate * g / (np.sqrt(p.opt) + 1e-8)
        if step == 1 or step * 4 // steps > (step - 1) * 4 // steps:
            print(f"step {step:4}  loss {ag.value(J):.4f}")
    return J


def main():
    parser = argparse.ArgumentParser(description="Find the number that has no pair.")
    lengths = range(3, 2 * NUMBERS, 2)
    parser.add_argument("--length", type=int, default=5, choices=lengths, help="of a sequence (5)")
    parser.add_argument("--steps", type=int, default=600, help="steps of training (600)")
    parser.add_argument("--draw", metavar="FILE", help="draw the last gradient: .svg, .html, .dot")
    options = parser.parse_args()
    if options.steps < 1:
        parser.error(f"--steps must be 1 or more, got {options.steps}")

    random = np.random.default_rng(0)
    network = Network(random)
    J = train(network, random, options.length, options.steps)
    sequences, lonely = make_sequences(random, 1000, options.length)
    found = np.argmax(network.logits(sequences), axis=1)
    accuracy, chance = np.mean(found == lonely), 1 / NUMBERS
    print(f"right in {accuracy:.1%} of 1000 new sequences, by chance {chance:.1%}")
    for sequence, number in zip(sequences[:3], found, strict=False):
        print(f"in {' '.join(map(str, sequence))} it finds {number}")
    if options.draw:
        viewer.draw(J, options.draw)
        print(f"drew the last gradient, {len(J.nodes)} nodes, in {options.draw}")


if __name__ == "__main__":
    main()
