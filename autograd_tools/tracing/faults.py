"""The faults of a saved trace: where it is wrong, by node and column, and what was expected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

from autograd_tools.tracing.schema import departures
from autograd_tools.tracing.trace_data import Trace

STATISTICS = ("max", "mean", "norm", "zeros", "nans", "infs")


def trace_faults(data: Any) -> Iterator[str]:
    """Yield the faults of the data of a trace: departures from the schema, or what does not fit."""
    found = False
    checks = (departures, _lengths, _numbers, _parents, _rows)
    for check in checks:
        for fault in check(data):
            found = True
            yield fault
        if found:
            return  # the others expect that all before is right
    try:
        Trace.from_dict(data)
    except ValueError as error:
        yield str(error)


def _lengths(data: dict[str, Any]) -> Iterator[str]:
    """Yield the columns that lack rows or have too many."""
    n = len(data["head"])
    columns = {name: data[name] for name in ("spot", "place")}
    columns["parents.count"] = data["parents"]["count"]
    for name in ("value", "outgrad"):
        columns |= {f"{name}.{part}": data[name][part] for part in ("form", "min")}
    if data["forward_ns"] is not None:
        columns["forward_ns"] = data["forward_ns"]
    for name, column in columns.items():
        if len(column) != n:
            yield f"{name}: expected {n} rows, one for each node in head, got {len(column)}"
    for name in ("value", "outgrad"):
        rows = len(data[name]["rows"])
        for part in STATISTICS:
            if len(data[name][part]) != rows:
                got = len(data[name][part])
                yield f"{name}.{part}: expected {rows} items, one for each of rows, got {got}"
    kinds, parents = data["places"]["kind"], data["places"]["parent"]
    if len(kinds) != len(parents):
        yield f"places.kind: expected {len(parents)} items, as in places.parent, got {len(kinds)}"


def _numbers(data: dict[str, Any]) -> Iterator[str]:
    """Yield entries of columns that are not in their tables."""
    n, places = len(data["head"]), len(data["places"]["parent"])
    yield from _beyond("head", data["head"], len(data["heads"]))
    yield from _beyond("spot", data["spot"], len(data["spots"]))
    yield from _beyond("place", data["place"], places + 1)
    for name in ("value", "outgrad"):
        yield from _beyond(f"{name}.form", data[name]["form"], len(data[name]["forms"]))
    yield from _beyond("places.kind", data["places"]["kind"], len(data["places"]["kinds"]), "place")
    for place, around in enumerate(data["places"]["parent"], 1):
        if around >= place:
            yield f"place {place}: places.parent is {around}, expected less than {place}"
    result = data.get("result")
    if result is not None and result > n:
        yield f"result: expected a node from 1 to {n}, got {result}"


def _beyond(name: str, column: Sequence[int], size: int, what: str = "node") -> Iterator[str]:
    for number, entry in enumerate(column, 1):
        if entry >= size:
            yield f"{what} {number}: {name} is {entry}, expected less than {size}"


def _parents(data: dict[str, Any]) -> Iterator[str]:
    """Yield parents that are no older nodes, and nodes whose arguments need another number."""
    count, back = data["parents"]["count"], data["parents"]["back"]
    if sum(count) != len(back):
        yield f"parents.back: expected {sum(count)} items, the sum of count, got {len(back)}"
        return
    ends = [0, *accumulate(count)]
    for row, number in enumerate(data["head"]):
        for distance in back[ends[row] : ends[row + 1]]:
            if distance > row:
                most = f"1 to {row}" if row else "no parent of the first node"
                yield f"node {row + 1}: parents.back is {distance}, expected {most}"
        args = data["heads"][number][3]
        slots = sum(len(arg) - 1 for arg in args if isinstance(arg, list))
        if slots != count[row] and not any(isinstance(arg, dict) and arg["nodes"] for arg in args):
            expected = f"{slots}, the parents in the arguments of heads[{number}]"
            yield f"node {row + 1}: parents.count is {count[row]}, expected {expected}"


def _rows(data: dict[str, Any]) -> Iterator[str]:
    """Yield rows that are no nodes."""
    n, memory = len(data["head"]), data.get("memory")
    named: dict[str, Any] = {"backward_ns": data["backward_ns"], "reasons": data.get("reasons", {})}
    for name in ("value", "outgrad"):
        named |= {f"{name}.{part}": data[name][part] for part in ("rows", "bins")}
    if memory is not None:
        named |= {f"memory.{part}": memory[part] for part in ("value", "outgrad", "saved")}
    for name, rows in named.items():
        for row in rows:
            if int(row) >= n:
                yield f"{name}: expected rows from 0 to {n - 1}, got {row}"
    if memory is not None:
        yield from _pieces(memory)


def _pieces(memory: dict[str, Any]) -> Iterator[str]:
    """Yield pieces of memory that are in no table."""
    size = len(memory["nbytes"])
    for part in ("value", "outgrad", "saved"):
        for row, pieces in memory[part].items():
            for piece in [piece[1] if part == "saved" else piece for piece in pieces]:
                if piece >= size:
                    node = int(row) + 1
                    yield f"node {node}: memory.{part} is {piece}, expected less than {size}"
