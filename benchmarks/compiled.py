"""Time compiled gradients: as a multiple of hand-written NumPy, and beside other compilers.

All runs share one process and are interleaved; times are processor times of one thread, figures
are medians of ratios. Every gradient is compared with the hand-written one before it is timed.
Other compilers are timed where they are installed (pip install advect; jax; torch): "-" stands for
one that refuses the program.

    python benchmarks/compiled.py
    python benchmarks/compiled.py --rows scalars rows --rounds 21
    python benchmarks/compiled.py --json result.json
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from run import THREAD_VARIABLES, check, measured, ratios, seconds

# By name: how to make the case, and the promise.
ROWS: dict[str, tuple[str, float]] = {
    "vectors": ("vector_operations()", 0.9),
    "scalars": ("scalar_operations()", 0.5),
    "network": ("network('float64')", 0.95),
    "recurrent": ("recurrent()", 0.9),
    "elements": ("elements()", 0.3),
    "rows": ("rows()", 0.5),
    "hessian": ("hessian_vector()", 1.5),
    "arithmetic": ("arithmetic()", 0.3),
    "waves": ("large_chain()", 0.75),
}


OURS = ("eager", "compiled")


def _cell(ratio: float | None) -> str:
    return f"{'-':>14}" if ratio is None else f"{ratio:14.3f}"


def first_call(case: Any) -> float:
    """Return the time of a first call (capture, code and run) over that of an eager call."""
    import peers

    eager = peers.ours(case)
    eager()
    return seconds(peers.compiled(case)) / min(seconds(eager) for _ in range(3))


def row(name: str, rounds: int, engines: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    """Measure one row."""
    import cases

    made, promised = ROWS[name]
    case = eval(f"cases.{made}", {"cases": cases})
    runs = {}
    for engine, make in engines.items():
        if engine not in OURS and not case.peers:
            continue
        try:
            check(case, run := make(case))
            runs[engine] = run
        except Exception as error:
            if engine in OURS:
                raise
            reason = f"{type(error).__name__}: {str(error).splitlines()[0]}"
            print(f"{engine} refuses {case.name}: {reason}", file=sys.stderr)
    found = ratios(case, runs, rounds if case.rounds is None else min(rounds, case.rounds))
    hand_ms = 1000 * min(seconds(case.hand) for _ in range(3))
    return {
        "case": case.name,
        "promised": promised,
        "hand_ms": hand_ms,
        "ratios": found,
        "first_call": statistics.median(first_call(case) for _ in range(3)),
    }


def peak(made: str) -> float:
    """Return the peak memory of a call after the first, over that of the hand-written gradient."""
    hand = measured(f"cases.{made}.hand")
    ours = measured(f"(lambda run: (run(), run) [1])(peers.compiled(cases.{made}))")
    return ours / max(hand, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--rows", nargs="*", choices=list(ROWS), default=list(ROWS))
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--memory", action="store_true", help="also the peak memory (on Linux)")
    parser.add_argument("--json", metavar="FILE")
    args = parser.parse_args()
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))  # before NumPy is imported

    import peers

    engines: dict[str, Any] = {"eager": peers.ours, "compiled": peers.compiled}
    engines |= peers.installed_compilers()
    rows = []
    names = [f"{name:>14}" for name in engines]
    print(f"{'case':40} {'hand':>11} {'promised':>9}", *names, "first")
    for name in args.rows:
        made = row(name, args.rounds, engines)
        if args.memory and sys.platform == "linux":
            made["peak"] = peak(ROWS[name][0])
        rows.append(made)
        print(
            f"{made['case']:40} {made['hand_ms']:8.3f} ms {made['promised']:9g}",
            *[_cell(made["ratios"].get(engine)) for engine in engines],
            f"{made['first_call']:.1f}",
            f"peak {made['peak']:.2f}" if "peak" in made else "",
            flush=True,
        )
    if args.json:
        Path(args.json).write_text(json.dumps({"rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
