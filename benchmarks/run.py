"""Time every promise: gradients as a multiple of hand-written NumPy.

All runs share one process and are interleaved; times are processor times, figures are medians of
ratios.

    python benchmarks/run.py                     one thread; --threads default for NumPy's default
    python benchmarks/run.py --json result.json  also as JSON

Every gradient is compared with the hand-written one before it is timed. Peers are timed where they
are installed (pip install autograd; torch; jax).
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def flat(x: Any) -> Any:
    import numpy as np

    return np.concatenate([np.ravel(part) for part in x]) if isinstance(x, tuple) else np.ravel(x)


def check(case: Any, run: Callable[[], Any]) -> None:
    """Raise unless `run` computes the hand-written gradient."""
    import numpy as np

    expected, got = flat(case.hand()), flat(run())
    tolerance = 1e-3 if expected.dtype == np.float32 else 1e-7
    if not np.allclose(expected, got, rtol=tolerance, atol=tolerance):
        raise AssertionError(
            f"{case.name}: the gradient differs from the hand-written one "
            f"by {np.abs(expected - got).max()}"
        )


def seconds(run: Callable[[], Any], times: int = 1) -> float:
    """Return the processor time of one call, averaged over `times` calls."""
    start = time.process_time()
    for _ in range(times):
        run()
    return (time.process_time() - start) / times


def ratios(case: Any, runs: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Return the median of time over hand-written time, over rounds that time each run once."""
    found: dict[str, list[float]] = {name: [] for name in runs}
    times = {
        run: max(1, int(2e-3 / seconds(run))) for run in (case.hand, *runs.values())
    }  # so that not all is cold caches
    for _ in range(rounds):
        gc.collect()
        hand = seconds(case.hand, times[case.hand])
        for name, run in runs.items():
            found[name].append(seconds(run, times[run]) / hand)
    return {name: statistics.median(values) for name, values in found.items()}


def measured(statement: str) -> int:
    """Return the peak memory in bytes of a process that evaluates a statement about `cases`."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import cases, peers\n"
        "def status(key):\n"
        "    line = next(l for l in open('/proc/self/status') if l.startswith(key))\n"
        "    return int(line.split()[1]) * 1024\n"
        "run = eval(sys.argv[2])\n"
        "open('/proc/self/clear_refs', 'w').write('5')\n"  # Linux forgets the peak so far
        "before = status('VmRSS'); run()\n"
        "print(status('VmHWM') - before)\n"
    )
    command = [sys.executable, "-c", code, str(Path(__file__).parent), statement]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def memory(names: tuple[str, ...]) -> dict[str, Any]:
    """Measure peak memory: big cases, checkpointing, and training for more and more steps."""
    found: dict[str, Any] = {}
    for name in names:
        hand, ours = measured(f"cases.{name}.hand"), measured(f"peers.ours(cases.{name})")
        found[name] = {"hand": hand, "ours": ours}
        print(f"peak memory of {name}: {ours / hand:.2f} of hand-written")
    found["deep"] = {flag: measured(f"cases.deep({flag})") for flag in (False, True)}
    print(
        "peak memory of 40 layers with checkpoint: "
        f"{found['deep'][True] / found['deep'][False]:.2f} of that without"
    )
    for inspect in (False, True):
        peaks = found[f"training, inspect={inspect}"] = {
            steps: measured(f"lambda: cases.training({steps}, inspect={inspect})")
            for steps in (1_000, 10_000)
        }
        more = (peaks[10_000] - peaks[1_000]) / 1024
        print(
            f"training for 10,000 steps {'with' if inspect else 'without'} inspection takes "
            f"{more:.0f} KiB more than for 1,000"
        )
    return found


def timer_run(case: str, setting: str) -> tuple[float, float]:
    """Return the microseconds of a gradient with the timer, and of adding up its log."""
    code = (
        "import sys, time; sys.path.insert(0, sys.argv[1])\n"
        "import cases, peers, autograd_tools as ag\n"
        "run = peers.ours(eval('cases.' + sys.argv[2])); run()\n"
        "def once(f):\n"
        "    start = time.process_time(); f(); return 1e6 * (time.process_time() - start)\n"
        "found = []\n"
        "for _ in range(61):\n"
        "    ag.timer.add_up(); found.append((once(run), once(ag.timer.add_up)))\n"
        "print(*map(min, zip(*found)))\n"
    )
    command = [sys.executable, "-c", code, str(Path(__file__).parent), case]
    environment = {**os.environ, "AUTOGRAD_TIMER": setting}
    run, report = subprocess.run(
        command, capture_output=True, text=True, check=True, env=environment
    ).stdout.split()
    return float(run), float(report)


# Programs of many small operations, and how many they have.
TIMED = {
    "vector_operations()": 1001,
    "scalar_operations()": 1000,
    "recurrent()": 402,
    "elements()": 2000,
}
TIMER_SETTINGS = {
    "times": "times only",
    "1": "with lines and scopes",
    "shapes": "with lines, scopes and shapes",
}


def timer_cost() -> dict[str, Any]:
    """Return the microseconds that the timer adds per operation, and that adding up takes."""
    found: dict[str, Any] = {}
    for case, operations in TIMED.items():
        runs = [
            {setting: timer_run(case, setting) for setting in ("0", *TIMER_SETTINGS)}
            for _ in range(3)
        ]  # in turn
        least = {
            setting: [min(run[setting][i] for run in runs) for i in (0, 1)] for setting in runs[0]
        }
        for setting, words in TIMER_SETTINGS.items():
            added, report = (
                (least[setting][0] - least["0"][0]) / operations,
                least[setting][1] / operations,
            )
            found[f"{case}, {words}"] = {"added_us": added, "added_up_us": report}
            print(
                f"the timer, {words}, adds {added:.2f} μs per operation of {case}, "
                f"and {report:.2f} μs to add up its log"
            )
    return found


def traces(rounds: int, *, large: bool) -> dict[str, Any]:
    """Return the time of a trace relative to its `diff`, and the cost of a million nodes."""
    import cases

    found: dict[str, Any] = {}
    for kind in ("number", "10", "100000"):
        run = cases.traced(kind)
        tape = run()
        found[kind] = statistics.median(seconds(tape.trace) / seconds(run) for _ in range(rounds))
        print(
            f"a trace of {'numbers' if kind == 'number' else f'arrays of {int(kind):,}'} "
            f"takes {found[kind]:.2f} of its diff"
        )
    for what in ("trace", "save", "load_trace") if large else ():
        run = cases.saved(what)
        found[what] = {"seconds": seconds(run), "peak_bytes": measured(f"cases.saved({what!r})")}
        print(
            f"a million nodes up to {what}: {found[what]['seconds']:.1f} s, "
            f"{found[what]['peak_bytes'] / 2**20:.0f} MiB beside the tape"
        )
    return found


def table(rows: list[dict[str, Any]], engines: list[str]) -> str:
    lines = [
        "| case | hand-written | promised | " + " | ".join(engines) + " |",
        "| --- |" + " ---: |" * (len(engines) + 2),
    ]
    for row in rows:
        cells = [f"{row['ratios'][name]:.2f}" if name in row["ratios"] else "-" for name in engines]
        lines.append(
            f"| {row['case']} | {row['hand_ms']:.3f} ms | {row['promised']:g} "
            f"| {' | '.join(cells)} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--threads", default="1", choices=["1", "default"])
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--quick", action="store_true", help="leave out the rows that take seconds")
    args = parser.parse_args()
    if args.threads == "1":
        os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))  # before NumPy is imported

    import cases
    import numpy as np
    import peers

    made = [
        cases.vector_operations(),
        cases.scalar_operations(),
        cases.network(np.float64),
        cases.network(np.float32),
    ]
    made += [
        cases.recurrent(),
        cases.elements(),
        cases.elements(10_000),
        cases.rows(),
        cases.embedding(),
        cases.hessian_vector(),
    ]
    made += [] if args.quick else [cases.large_chain(), cases.million()]
    rows = []
    engines = peers.installed()
    for case in made:
        runs = {
            name: engine(case) for name, engine in engines.items() if case.peers or name == "ours"
        }
        for run in runs.values():
            check(case, run)
        rounds = args.rounds if case.rounds is None else min(args.rounds, case.rounds)
        hand_ms = 1000 * min(seconds(case.hand) for _ in range(3))
        rows.append(
            {
                "case": case.name,
                "promised": case.target,
                "hand_ms": hand_ms,
                "ratios": ratios(case, runs, rounds),
            }
        )
        print(f"{case.name}: {rows[-1]['ratios']['ours']:.2f}", file=sys.stderr, flush=True)
    result: dict[str, Any] = {"threads": args.threads, "rounds": args.rounds, "rows": rows}
    print(table(rows, list(engines)))
    if not args.quick and sys.platform == "linux":
        result["peak_bytes"] = memory(cases.BIG)
    result["timer"] = timer_cost()
    result["trace"] = traces(args.rounds, large=not args.quick and sys.platform == "linux")
    deep = [
        statistics.median(seconds(run) for _ in range(args.rounds))
        for run in (cases.deep(False), cases.deep(True))
    ]
    result["checkpoint_time"] = deep[1] / deep[0]
    print(f"40 layers with checkpoint take {deep[1] / deep[0]:.2f} of the time of those without")
    if args.json:
        Path(args.json).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
