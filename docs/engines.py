"""Write docs/howto/one-model-three-engines.md and its pictures: `python docs/engines.py`.

It needs PyTorch and JAX. Times are those of the machine that writes the page.
"""

from __future__ import annotations

import functools
import importlib
import sys
from importlib.metadata import version
from pathlib import Path

import autograd_tools as ag
import viewer
from autograd_tools.base.output import write_bytes

DOCS = Path(__file__).parent
EXAMPLE = DOCS.parent / "examples" / "transformer_block"
PAGE = "one-model-three-engines"
STEPS, ROUNDS = 5, 9
Line = tuple[str, int]  # a function, and the line in it
Times = dict[Line, list[float]]  # microseconds of a gradient, forward and backward


def numpy_block() -> tuple[ag.Trace, list[Times]]:
    """Return the trace and the times of the block in NumPy."""
    model, data = importlib.import_module("block_numpy"), importlib.import_module("weights")
    params = {name: ag.Param(w, name=name) for name, w in data.weights().items()}
    rounds = []
    for _ in range(ROUNDS):
        with ag.profile() as profile:
            for _ in range(STEPS):
                tape = ag.diff(model.loss, params, data.data())
        rounds.append(times_of(profile))
    return tape.trace(), rounds


def torch_block() -> tuple[ag.Trace, list[Times]]:
    """Return the trace and the times of the block in PyTorch."""
    import torch

    from viewer.adapters.torch import profile, trace

    torch.set_num_threads(1)  # threads that wait for one another take most of the time here
    model, data = importlib.import_module("block_torch"), importlib.import_module("weights")
    params = {name: torch.tensor(w, requires_grad=True) for name, w in data.weights().items()}
    x, rounds = torch.tensor(data.data()), []
    for _ in range(ROUNDS):
        with profile() as measured:
            for _ in range(STEPS):
                model.loss(params, x).backward()
        rounds.append(times_of(measured))
    return trace(model.loss, params, x), rounds


def jax_block() -> tuple[ag.Trace, list[Times]]:
    """Return the trace and the times of the block in JAX, each equation alone."""
    from viewer.adapters.jax import trace

    model, data = importlib.import_module("block_jax"), importlib.import_module("weights")
    rounds = []
    for _ in range(ROUNDS):
        found = trace(model.loss, data.weights(), data.data())
        times: Times = {}
        for node in found:
            backward = sum((node.backward_ns or {}).values())
            add(times, node.file, node.line, 0, node.forward_ns or 0)
            add(times, node.file, node.line, 1, backward)
        rounds.append(times)
    return found, rounds


def times_of(profile: ag.Timer) -> Times:
    """Return the times of a profile by line, for one gradient."""
    times: Times = {}
    for record, counts in profile.records.items():
        phase = int(record.phase in ("backward", "sum_outgrads"))
        add(times, record.file, record.line, phase, counts.ns / STEPS)
    return times


def add(times: Times, file: str, line: int, phase: int, ns: float) -> None:
    """Add nanoseconds to a line of an example."""
    found = lines_of(file).get(line)
    if found is not None:
        times.setdefault(found, [0.0, 0.0])[phase] += ns / 1000


@functools.cache
def lines_of(file: str) -> dict[int, Line]:
    """Return the function of each line of an example, and the number of the line in it."""
    found: dict[int, Line] = {}
    name, start = "", 0
    source = Path(file).read_text(encoding="utf-8").splitlines() if file else []
    for number, code in enumerate(source, 1):
        if code.startswith("def "):
            name, start = code[4:].partition("(")[0], number
        elif code.startswith("if "):
            break
        if name and number > start and code.strip():
            found[number] = name, number - start
    return found


# By name. To add an engine, add an entry, and a file in the example.
ENGINES = {"NumPy": numpy_block, "PyTorch": torch_block, "JAX": jax_block}
PACKAGES = {"NumPy": "numpy", "PyTorch": "torch", "JAX": "jax"}


def without_times(trace: ag.Trace) -> ag.Trace:
    """Return a trace without times, so that its picture is the same in each run."""
    return ag.Trace.from_dict({**trace.to_dict(), "forward_ns": None, "backward_ns": {}})


def table(times: dict[str, list[Times]]) -> str:
    """Return the fastest times of each line in all engines, side by side."""
    file = EXAMPLE / "block_numpy.py"
    source = file.read_text(encoding="utf-8").splitlines()
    lines = [f"| code | {' | '.join(ENGINES)} |", f"| --- |{' ---: |' * len(ENGINES)}"]
    for number, key in lines_of(str(file)).items():
        cells = [fastest(rounds, key) for rounds in times.values()]
        if any(cells):
            lines.append(f"| `{source[number - 1].strip()}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def fastest(rounds: list[Times], line: Line) -> str:
    """Return the least forward and backward time of a line."""
    own = [times[line] for times in rounds if line in times]
    return " + ".join(f"{min(phase):.0f}" for phase in zip(*own, strict=True))


FILES = ("numpy", "torch", "jax")


def page() -> dict[str, str]:
    """Return the text of the page and of its pictures, by path from docs/."""
    sys.path.insert(0, str(EXAMPLE))
    found = {name: run() for name, run in ENGINES.items()}
    pictures = {
        f"howto/pictures/block-{file}.svg": viewer.to_svg(without_times(trace), by="line")
        for file, (trace, _) in zip(FILES, found.values(), strict=True)
    }
    versions = ", ".join(f"{name} {version(PACKAGES[name]).split('+')[0]}" for name in ENGINES)
    text = (DOCS / "engines.md.in").read_text(encoding="utf-8")
    text = text.replace("@TABLE@", table({name: times for name, (_, times) in found.items()}))
    return {f"howto/{PAGE}.md": text.replace("@VERSIONS@", versions), **pictures}


def main() -> None:
    """Write the page and its pictures."""
    for path, text in page().items():
        (DOCS / path).parent.mkdir(exist_ok=True)
        write_bytes(DOCS / path, text.encode())


if __name__ == "__main__":
    main()
