"""The bytes of Python objects that a tape consists of, estimated from those of a usual one."""

from __future__ import annotations

import sys

import numpy as np

from autograd_tools.location.call_site import NOWHERE

POINTER = 8  # bytes of an item of a list
# An entry with its arguments and parents, its index, and its places in the lists of a tape.
ENTRY = sum(map(sys.getsizeof, [(None,) * 5, (None,) * 2, (None,), 1000])) + 2 * POINTER
NOTE = sys.getsizeof(NOWHERE) + POINTER  # the place of an operation, where a tape keeps it
HEADER = sys.getsizeof(np.empty(0))  # an array without its data


def bytes_of_nodes(nodes: int, arrays: int, *, keeps: bool) -> int:
    """Return about the bytes of so many nodes and the arrays that they hold, without data."""
    return nodes * (ENTRY + NOTE * keeps) + arrays * HEADER
