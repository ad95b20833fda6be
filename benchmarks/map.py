"""Time the map: making its file, and opening and using it in Chromium, beside Model Explorer.

    python benchmarks/map.py                  the graphs of about 100,000 nodes
    python benchmarks/map.py --million        and one of about 1,000,000
    python benchmarks/map.py --peer PATH      also Model Explorer, by its program `model-explorer`

It needs node with the packages of `web/` (`npm ci` there), and Chromium. The promises, for 100,000
nodes:
a file of at most 4 MB, made within 6 s; the first picture within 0.3 s of opening, the data ready
within 0.5 s; a group of 60 boxes opens within 0.1 s, a loop of 400 steps within 0.3 s; a search
takes at most 20 ms; a heap of at most 60 MB. A million nodes: opened within 3 s, at most 40 MB.
Times in the browser are in ms.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from views import irregular, layers

import autograd_tools as ag
import viewer

WEB = Path(__file__).parents[1] / "web"


def normalised(x: Any) -> Any:
    centred = x - np.mean(x, axis=-1, keepdims=True)
    return centred / np.sqrt(np.mean(centred**2, axis=-1, keepdims=True) + 1e-5)


def softmax(x: Any) -> Any:
    shifted = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return shifted / np.sum(shifted, axis=-1, keepdims=True)


def attention(x: Any, weights: dict[str, Any], heads: int) -> Any:
    q, k, v = x @ weights["q"], x @ weights["k"], x @ weights["v"]
    size = x.shape[-1] // heads
    found = []
    for head in range(heads):
        own = slice(head * size, (head + 1) * size)
        scores = q[:, own] @ np.transpose(k[:, own]) / np.sqrt(size)
        found.append(softmax(scores) @ v[:, own])
    return np.concatenate(found, axis=-1) @ weights["o"]


def block(x: Any, weights: dict[str, Any], heads: int) -> Any:
    x = x + attention(normalised(x), weights, heads)
    hidden = np.tanh(normalised(x) @ weights["up"]) * 0.5 + 0.5
    return x + hidden @ weights["down"]


def transformer(n: int, heads: int = 2) -> ag.Tape:
    """Transformer blocks of their own weights; every seventh has other heads, so few fold."""
    rng, size = np.random.default_rng(0), 8
    shapes = {**dict.fromkeys("qkvo", (size, size)), "up": (size, 16), "down": (16, size)}
    blocks = [
        {name: ag.Param(rng.normal(size=shape) / 4, name=name) for name, shape in shapes.items()}
        for _ in range(n // 62)
    ]
    x = rng.normal(size=(4, size))

    def loss() -> Any:
        h = x
        for number, weights in enumerate(blocks):
            h = block(h, weights, heads if number % 7 else 2 * heads)
        return np.mean(h**2)

    return ag.diff(loss)


def steps(n: int) -> ag.Tape:
    """Loops of 400 unequal steps, one after another."""
    x = ag.Param(0.3, name="x")
    ops: tuple[Callable[[Any], Any], ...] = (np.sin, np.cos, np.tanh, np.square, np.arctan)

    def run(y: Any, seed: int) -> Any:
        rng = np.random.default_rng(seed)
        for _ in range(400):
            for number in rng.integers(len(ops), size=int(rng.integers(2, 7))):
                y = ops[number](y) * x
        return y

    def loss() -> Any:
        y = x
        for seed in range(max(1, n // 3200)):
            y = run(y, seed)
        return y

    return ag.diff(loss)


GRAPHS: dict[str, Callable[[int], ag.Tape]] = {
    "transformer": transformer,
    "layers": layers,
    "loops of 400 steps": steps,
    "irregular": irregular,
}
SIZES = {"transformer": 100_000, "layers": 115_000, "irregular": 75_000}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--million", action="store_true", help="also a graph of 1,000,000 nodes")
    parser.add_argument("--peer", help="the program model-explorer, to open the same graphs")
    parser.add_argument("--only", default="", help="only graphs whose name contains the text")
    args = parser.parse_args()
    graphs = [(name, SIZES.get(name, 100_000)) for name in GRAPHS if args.only in name]
    if args.million:
        graphs.append(("layers", 1_150_000))
    with tempfile.TemporaryDirectory() as folder:
        for name, size in graphs:
            trace = GRAPHS[name](size).trace()
            path = Path(folder) / "map.html"
            start = time.process_time()
            viewer.to_map(trace, path)
            spent, nbytes = time.process_time() - start, path.stat().st_size
            print(
                f"{name}, {len(trace):,} nodes: made in {spent:.1f} s, {nbytes / 1e6:.1f} MB",
                flush=True,
            )
            subprocess.run(["node", "bench.mjs", path], cwd=WEB, check=True)
            if args.peer:
                peer = Path(folder) / "graph.json"
                viewer.to_model_explorer(trace, peer)
                print("Model Explorer", flush=True)
                subprocess.run(["node", "peer.mjs", args.peer, peer], cwd=WEB, check=True)


if __name__ == "__main__":
    main()
