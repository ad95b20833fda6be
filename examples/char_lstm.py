"""Train a long short-term memory on five sonnets, character by character, and let it write.

    python examples/char_lstm.py [--steps 300] [--hidden 64] [--write 200]
                                 [--draw char_lstm.svg] [--hotspots]

`sigmoid` is a primitive defined in this file, with its VJP rule in the line above. The text is in
examples/data/sonnets.txt. `--hotspots` lists the lines with the slowest gradients; set
AUTOGRAD_TIMER=1 in the environment for it.
"""

import argparse
import os
from pathlib import Path

import numpy as np

import autograd_tools as ag
import viewer

TEXT = (Path(__file__).parent / "data" / "sonnets.txt").read_text(encoding="utf-8")
SYMBOLS = sorted(set(TEXT))
BATCH, LENGTH, RATE, KEEP = 16, 24, 0.01, 0.99


@ag.primitive(lambda dy, y, x: dy * y * (1 - y))
def sigmoid(x):
    return (1 + np.tanh(x / 2)) / 2  # 1 / (1 + exp(-x)), where exp may overflow


class Memory:
    """A character -> the state, a summary of all characters so far -> a score for each symbol."""

    def __init__(self, random, hidden):
        symbols, root = len(SYMBOLS), np.sqrt(hidden)
        embed = random.normal(size=(symbols, 4 * hidden)) / 2
        self.embed = ag.Param(embed, opt=0.0, name="embed")
        self.w = ag.Param(random.normal(size=(hidden, 4 * hidden)) / root, opt=0.0, name="w")
        self.out = ag.Param(random.normal(size=(hidden, symbols)) / root, opt=0.0, name="out")
        self.bias = ag.Param(np.zeros(symbols), opt=0.0, name="bias")

    def start(self, count):
        return np.zeros((count, len(self.w))), np.zeros((count, len(self.w)))

    def step(self, state, symbols):
        """Return the state after one more character of each sequence."""
        hidden, cell = state
        forget, take, show, new = np.split(self.embed[symbols] + hidden @ self.w, 4, axis=1)
        cell = sigmoid(forget) * cell + sigmoid(take) * np.tanh(new)
        return sigmoid(show) * np.tanh(cell), cell

    def scores(self, hidden):
        return hidden @ self.out + self.bias


def cross_entropy(memory, text):
    """Return the mean loss in nats of each character after the first; sequences are rows."""
    state, seen = memory.start(len(text)), []
    for symbols in text.T[:-1]:
        state = memory.step(state, symbols)
        seen.append(state[0])
    z = memory.scores(np.stack(seen))  # by place, sequence and symbol
    right = np.take_along_axis(z, text.T[1:, :, None], axis=2)
    return np.mean(np.log(np.sum(np.exp(z), axis=2, keepdims=True)) - right)


def train(memory, random, steps):
    """Train by RMSProp with a falling rate, and return the last tape."""
    text = np.array([SYMBOLS.index(character) for character in TEXT])
    for step in range(1, steps + 1):
        starts = random.integers(len(text) - LENGTH, size=(BATCH, 1))
        J = ag.diff(cross_entropy, memory, text[starts + np.arange(LENGTH + 1)])
        rate = RATE * (1 - step / (steps + 1))
        for p in ag.params(memory):
            g = ag.grad(J, p)
            p.opt = KEEP * p.opt + (1 - KEEP) * g**2
            p.value = p.value - rate * g / (np.sqrt(p.opt) + 1e-8)
        if step == 1 or step * 4 // steps > (step - 1) * 4 // steps:
            print(f"step {step:4}  loss {ag.value(J):.3f}")
    return J


def write(memory, random, count):
    """Sample `count` characters, the first as if after a line break."""
    state, written = memory.start(1), "\n"
    for _ in range(count):
        state = memory.step(state, [SYMBOLS.index(written[-1])])
        chances = np.exp(2 * memory.scores(state[0])[0])  # 2 favours the likely characters
        written += random.choice(SYMBOLS, p=chances / np.sum(chances))
    return written[1:]


def main():
    parser = argparse.ArgumentParser(description="Learn to write sonnets, character by character.")
    parser.add_argument("--steps", type=int, default=300, help="steps of training (300)")
    parser.add_argument("--hidden", type=int, default=64, help="size of the state (64)")
    parser.add_argument("--write", type=int, default=200, help="characters to write (200)")
    parser.add_argument("--draw", metavar="FILE", help="draw the last gradient: .svg, .html, .dot")
    help_text = "list the slowest lines of the last gradient; needs AUTOGRAD_TIMER=1"
    parser.add_argument("--hotspots", action="store_true", help=help_text)
    options = parser.parse_args()
    if options.steps < 1 or options.hidden < 1:
        parser.error("--steps and --hidden must be 1 or more")
    if options.hotspots and not os.environ.get("AUTOGRAD_TIMER"):
        parser.error("--hotspots needs AUTOGRAD_TIMER=1 in the environment")

    random = np.random.default_rng(0)
    memory = Memory(random, options.hidden)
    print(f"{len(TEXT)} characters, {len(SYMBOLS)} different")
    J = train(memory, random, options.steps)
    print(f"It writes:\n{write(memory, random, options.write)}")
    if options.draw:
        viewer.draw(J, options.draw)
        print(f"drew the last gradient, {len(J.nodes)} nodes, in {options.draw}")
    if options.hotspots:
        print(viewer.hotspots(J, by="line", limit=5))


if __name__ == "__main__":
    main()
