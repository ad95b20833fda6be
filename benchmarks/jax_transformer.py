"""Time the trace and the picture of the gradient of a transformer of 12 layers in JAX.

    python benchmarks/jax_transformer.py

It needs JAX. The promise: trace and picture within 5 s after JAX's own tracing.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax

import viewer
from viewer.adapters.jax import trace

sys.path.insert(0, str(Path(__file__).parents[1] / "examples" / "transformer_block"))
model, weights = importlib.import_module("block_jax"), importlib.import_module("weights")
LAYERS = 12


def loss(layers: list[Any], x: Any) -> Any:
    for p in layers:
        x = model.block(p, x)
    return jax.numpy.mean(x**2)


def seconds(call: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    found = call()
    return time.perf_counter() - start, found


def main() -> None:
    args = [weights.weights() for _ in range(LAYERS)], weights.data()
    own, program = seconds(lambda: jax.make_jaxpr(jax.value_and_grad(loss))(*args))
    print(f"JAX's own tracing      {own:5.2f} s  {len(program.jaxpr.eqns):,} equations")
    for values in (False, True):
        traced, found = seconds(lambda values=values: trace(loss, *args, values=values))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "gradient.svg"
            drawn, _ = seconds(lambda path=path, found=found: viewer.draw(found, path))
        what = "values and times" if values else "types alone"
        print(f"{what:<16} trace {traced:5.2f} s, draw {drawn:5.2f} s  {len(found):,} nodes")


if __name__ == "__main__":
    main()
