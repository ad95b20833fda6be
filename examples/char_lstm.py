"""Train a long short-term memory on five sonnets, character by character, and let it write on.

    python examples/char_lstm.py [--steps 300] [--hidden 64] [--write 200] [--draw char_lstm.svg] [--hotspots]

`sigmoid` is a primitive of this file's own, with its gradient in the line above it. The text is in examples/data/sonnets.txt.
`--hotspots` lists the lines whose gradient took longest, and needs AUTOGRAD_TIMER=1 in the environment.
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
    """A character -> what is remembered of all characters so far -> a score for each that may come next."""

    def __init__(self, random, hidden):
        self.embed = ag.Param(
            random.normal(size=(len(SYMBOLS), 4 * hidden)) / 2, opt=0.0, name="embed"
        )
        self.w = ag.Param(
            random.normal(size=(hidden, 4 * hidden)) / np.sqrt(hidden), opt=0.0, name="w"
        )
        self.out = ag.Param(
            random.normal(size=(hidden, len(SYMBOLS))) / np.sqrt(hidden), opt=0.0, name="out"
        )
        self.bias = ag.Param(np.zeros(len(SYMBOLS)), opt=0.0, name="bias")

    def start(self, count):
        return np.zeros((count, len(self.w))), np.zeros((count, len(self.w)))

    def step(self, state, symbols):
        """One character of every sequence: the cell forgets a part, takes in a part, and shows a part."""
        hidden, cell = state
        forget, take, show, new = np.split(self.embed[symbols] + hidden @ self.w, 4, axis=1)
        cell = sigmoid(forget) * cell + sigmoid(take) * np.tanh(new)
        return sigmoid(show) * np.tanh(cell), cell

    def scores(self, hidden):
        return hidden @ self.out + self.bias


def cross_entropy(memory, text):
    """Of each character after the first, in nats; `text` has a sequence in each row."""
    state, seen = memory.start(len(text)), []
    for symbols in text.T[:-1]:
        state = memory.step(state, symbols)
        seen.append(state[0])
    z = memory.scores(np.stack(seen))  # by place, sequence and symbol
    right = np.take_along_axis(z, text.T[1:, :, None], axis=2)
    return np.mean(np.log(np.sum(np.exp(z), axis=2, keepdims=True)) - right)


def train(memory, random, steps):
    """Go down, dividing each gradient by the root of the mean of its squares so far (RMSProp); gives the last tape."""
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
    """What may come after an empty line, drawn character by character."""
    state, written = memory.start(1), "\n"
    for _ in range(count):
        state = memory.step(state, [SYMBOLS.index(written[-1])])
        chances = np.exp(
            2 * memory.scores(state[0])[0]
        )  # twice, so that the likely becomes more likely
        written += random.choice(SYMBOLS, p=chances / np.sum(chances))
    return written[1:]


def main():
    parser = argparse.ArgumentParser(description="Learn to write sonnets, character by character.")
    parser.add_argument("--steps", type=int, default=300, help="steps of training (300)")
    parser.add_argument("--hidden", type=int, default=64, help="numbers that are remembered (64)")
    parser.add_argument(
        "--write",
        type=int,
        default=200,
        metavar="COUNT",
        help="characters to write in the end (200)",
    )
    parser.add_argument("--draw", metavar="FILE", help="draw the last gradient: .svg, .html, .dot")
    parser.add_argument(
        "--hotspots",
        action="store_true",
        help="list the expensive lines of the last gradient; needs AUTOGRAD_TIMER=1",
    )
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
