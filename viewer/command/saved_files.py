"""The command `autograd-tools check` for a saved file: its faults, by node and column."""

from __future__ import annotations

import itertools
import sys

from autograd_tools import Timer
from autograd_tools.api.training import History
from autograd_tools.base.documents import kind_of_file, read_document
from autograd_tools.base.output import shown
from autograd_tools.base.text import one_line
from autograd_tools.tracing.faults import trace_faults
from autograd_tools.tracing.trace_data import FORMAT, OLDEST, VERSION
from viewer.command.messages import put
from viewer.labels import plural

MOST_FAULTS = 20
JSON = (".json", ".json.gz")


def check_file(path: str) -> int:
    """Print whether a saved file is valid, or its faults; return 1 if it has some.

    Raise ValueError if it is no trace, profile or history, or one of another version.
    """
    kind = kind_of_file(path)
    if kind == "profile":
        found = plural(len(Timer.load(path).records), "record")
    elif kind == "history":
        found = f"{len(History.load(path).series)} series"
    else:
        data = read_document(path, FORMAT, VERSION, dict, oldest=OLDEST)
        faults = list(itertools.islice(trace_faults(data), MOST_FAULTS + 1))
        if faults:
            put("\n".join([*_report(path, faults)]), sys.stdout)
            return 1
        kind, found = "trace", plural(len(data["head"]), "node")
    put(f"{shown(path)} is a valid {kind} of {found}", sys.stdout)
    return 0


def _report(path: str, faults: list[str]) -> list[str]:
    more = len(faults) > MOST_FAULTS
    count = f"more than {MOST_FAULTS} faults" if more else plural(len(faults), "fault")
    lines = [f"{shown(path)} is not a valid trace: {count}"]
    return lines + [f"  {one_line(fault)}" for fault in faults[:MOST_FAULTS]]
