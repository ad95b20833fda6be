"""Time every view at its promised size, each in its own process: time and peak memory.

    python benchmarks/views.py             --quick skips the rows of a million nodes (a minute)
    python benchmarks/views.py --only svg  only rows whose name contains the text

Promises: a default SVG within 3 s on two cores and under 2 MB, `show` of 100,000 nodes within 2 s,
a timeline of a million calls within 10 s. Judge by processor time: a busy machine takes longer.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import autograd_tools as ag


def chain(n: int) -> ag.Tape:
    """A loop of scalar operations, four per step."""
    x = ag.Param(0.3, name="x")

    def loss() -> Any:
        y = x
        for _ in range(n // 4):
            y = np.tanh(np.sin(y * 1.01 + 0.1))
        return y

    return ag.diff(loss)


def recurrent(steps: int) -> ag.Tape:
    """A recurrent network with weights that all steps share."""
    rng = np.random.default_rng(0)
    w, u, b = (
        ag.Param(rng.standard_normal(shape) * 0.1, name=name)
        for shape, name in (((8, 8), "w"), ((8, 8), "u"), (8, "b"))
    )
    x = rng.standard_normal((steps, 8))

    def loss() -> Any:
        h = np.zeros(8)
        for t in range(steps):
            h = np.tanh(w @ x[t] + u @ h + b)
        return np.sum(h * h)

    return ag.diff(loss)


def irregular(n: int) -> ag.Tape:
    """A network without repetition: each layer picks its operations and an older layer."""
    rng = np.random.default_rng(1)
    weights = [ag.Param(rng.standard_normal(4), name=f"w{i}") for i in range(50)]
    ops = (np.sin, np.cos, np.tanh, np.exp, np.negative, np.square)

    def loss() -> Any:
        values = [weights[0] * 1.0]
        while len(values) < n // 3:
            old = values[int(rng.integers(max(0, len(values) - 40), len(values)))]
            weight = weights[int(rng.integers(len(weights)))]
            values.append(np.tanh(ops[int(rng.integers(len(ops)))](values[-1] * weight) + old))
        return np.sum(values[-1])

    return ag.diff(loss)


def layers(n: int) -> ag.Tape:
    """A deep network of small functions: blocks of layers in a loop, of differing widths."""
    rng = np.random.default_rng(2)

    def layer(h: Any, w: Any, b: Any) -> Any:
        return np.maximum(w @ h + b, 0.1 * h)

    def block(h: Any, weights: list[Any]) -> Any:
        for w, b in weights:
            h = layer(h, w, b) + h
        return h / np.sqrt(np.sum(h * h) + 1.0)

    sizes = [int(k) for k in rng.integers(1, 6, n // 30)]
    made = [
        [(ag.Param(rng.standard_normal((4, 4)) * 0.1), ag.Param(np.zeros(4))) for _ in range(k)]
        for k in sizes
    ]

    def loss() -> Any:
        h: Any = np.ones(4)
        for weights in made:
            h = block(h, weights)
        return np.sum(h)

    return ag.diff(loss)


def svg(x: Any) -> int:
    import viewer

    return len(viewer.to_svg(x).encode())


def show(x: Any, **options: Any) -> int:
    import viewer

    return len(viewer.to_text(x, **options).encode())


def load(path: Path) -> int:
    return len(ag.load_trace(path))


class Row(NamedTuple):
    """What to make first, what to time, and the promise: seconds, and bytes of output."""

    make: Callable[[], Any]
    run: Callable[[Any], int]
    seconds: float | None = None
    size: int | None = None
    large: bool = False


def _saved(n: int) -> Path:
    path = Path(tempfile.mkdtemp()) / "trace.json"
    chain(n).trace().save(path)
    return path


def _save(trace: ag.Trace) -> int:
    with tempfile.TemporaryDirectory() as folder:
        trace.save(Path(folder) / "trace.json")
        return (Path(folder) / "trace.json").stat().st_size


def calls(n: int) -> ag.Timer:
    """A timer of `n` single calls: operations, their recording, gradients and accumulation."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.json"
        code = (
            f"import views; views.ag.timer.keep_events({n}); views.chain({n // 4}); "
            f"views.ag.timer.save({str(path)!r})"
        )
        env = {**os.environ, "AUTOGRAD_TIMER": "1"}
        subprocess.run(
            [
                sys.executable,
                "-c",
                f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); {code}",
            ],
            env=env,
            check=True,
        )
        return ag.Timer.load(path)


def timeline(timer: ag.Timer, name: str) -> int:
    import viewer

    return len(getattr(viewer, name)(timer).encode())


MAKES: dict[str, Callable[[int], ag.Tape]] = {
    "chain": chain,
    "recurrent": recurrent,
    "irregular": irregular,
    "layers": layers,
}
SHOWS: dict[str, dict[str, Any]] = {
    "list": {},
    "list in a terminal": {"limit": 1000, "width": 120},
    "tree": {"view": "tree"},
    "table in a terminal": {"view": "table", "limit": 1000, "width": 120},
    "table by scope": {"view": "table", "by": "scope"},
    "list where=nan": {"where": "nan"},
}

ROWS: dict[str, Row] = {
    "svg of a recurrent network of 1,000 steps": Row(lambda: recurrent(1000), svg, 3, 2_000_000),
    **{
        f"svg of 10,000 nodes ({name})": Row(lambda make=make: make(10_000), svg, 3, 2_000_000)
        for name, make in MAKES.items()
    },
    **{
        f"{view} of 100,000 nodes ({name})": Row(
            lambda make=make: make(100_000), lambda tape, o=options: show(tape, **o), 2
        )
        for name, make in MAKES.items()
        if name != "recurrent"
        for view, options in SHOWS.items()
    },
    "trace of a million nodes": Row(
        lambda: chain(1_000_000), lambda tape: len(tape.trace()), large=True
    ),
    "save of a million nodes": Row(lambda: chain(1_000_000).trace(), _save, large=True),
    "load_trace of a million nodes": Row(lambda: _saved(1_000_000), load, large=True),
    "tree of a million nodes": Row(
        lambda: chain(1_000_000).trace(), lambda trace: show(trace, view="tree"), large=True
    ),
    "tree of a million nodes (layers)": Row(
        lambda: layers(1_000_000).trace(), lambda trace: show(trace, view="tree"), large=True
    ),
    "svg of a million nodes": Row(lambda: chain(1_000_000).trace(), svg, large=True),
    **{
        f"{name} of a million calls": Row(
            lambda: calls(1_000_000), lambda timer, name=name: timeline(timer, name), 10, large=True
        )
        for name in ("to_chrome_trace", "to_speedscope")
    },
}


def measure(name: str) -> dict[str, float]:
    """Run a row in this process: wall and processor seconds, peak memory, bytes of output."""
    row = ROWS[name]
    x = row.make()
    Path("/proc/self/clear_refs").write_text("5")  # Linux forgets the peak so far
    before, start, used = _status("VmRSS"), time.perf_counter(), time.process_time()
    size = row.run(x)
    return {
        "seconds": time.perf_counter() - start,
        "processor": time.process_time() - used,
        "peak": _status("VmHWM") - before,
        "size": size,
    }


def _status(key: str) -> int:
    return (
        int(
            next(
                line
                for line in Path("/proc/self/status").read_text().splitlines()
                if line.startswith(key)
            ).split()[1]
        )
        * 1024
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", metavar="TEXT")
    parser.add_argument(
        "--quick", action="store_true", help="leave out the rows of a million nodes"
    )
    parser.add_argument("--row", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.row:
        print(json.dumps(measure(args.row)))
        return
    print(
        "| view | promised | seconds | processor | peak memory | bytes |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: |"
    )
    for name, row in ROWS.items():
        if args.only not in name or (args.quick and row.large):
            continue
        command = [sys.executable, __file__, "--row", name]
        found = json.loads(
            subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        )
        late = (row.seconds is not None and found["processor"] > row.seconds) or (
            row.size is not None and found["size"] > row.size
        )
        times = f"{found['seconds']:.2f} | {found['processor']:.2f}"
        figures = f"{times} | {found['peak'] / 2**20:.0f} MiB | {found['size']:,.0f}"
        print(
            f"| {name} | {row.seconds or ''} | {figures} |{' MISSED' if late else ''}", flush=True
        )


if __name__ == "__main__":
    main()
