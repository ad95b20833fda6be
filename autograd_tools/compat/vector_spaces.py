"""The vector spaces of values, under HIPS autograd's names."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np

from autograd_tools.base.containers import tree_leaves, tree_replace
from autograd_tools.engine.calls import plain
from autograd_tools.rules.indexing import unpack


def _leaves(x: Any) -> list[Any]:
    """Return the leaves of a pytree, which may be recorded as a whole."""
    return tree_leaves(unpack(x))


def _pairs(x: Any, y: Any) -> Iterator[tuple[Any, Any]]:
    return zip(_leaves(x), _leaves(y), strict=True)


def _tree(like: Any, leaves: Iterator[Any]) -> Any:
    return tree_replace(unpack(like), leaves)


class VSpace:
    """The vector space of an array, a number, or a tuple, list or dict of them.

    `register` is for programs that have arrays of their own: `vspace` knows them then. The engine
    differentiates by numbers, arrays and pytrees of them.
    """

    mappings: ClassVar[dict[Any, Any]] = {}

    @classmethod
    def register(cls, kind: Any, make: Any = None) -> None:
        """Let `vspace(x)` for an `x` of the class `kind` return `make(x)`, or `cls(x)`."""
        cls.mappings[kind] = make or cls

    def __init__(self, value: Any) -> None:
        self._like = plain(value)
        self._leaves = [np.asarray(x) for x in tree_leaves(self._like)]
        if any(x.dtype.kind not in "biufc" for x in self._leaves):
            got = f"{type(value).__name__}: {value!r:.100}"
            raise TypeError(
                f"expected numbers or arrays of numbers, got {got}; "
                "register its class in a subclass of VSpace with an __init__ of its own"
            )

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of an array."""
        return np.shape(self._like)

    @property
    def size(self) -> int:
        """The number of real dimensions: two for a complex number."""
        return sum(x.size * (2 if x.dtype.kind == "c" else 1) for x in self._leaves)

    @property
    def iscomplex(self) -> bool:
        """True if a number is complex."""
        return any(x.dtype.kind == "c" for x in self._leaves)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype, of gradients if the value is of integers."""
        return np.result_type(np.float32, *self._leaves)

    def _filled(self, make: Callable[[np.ndarray], Any]) -> Any:
        made = (np.asarray(make(x), np.result_type(x, np.float32)) for x in self._leaves)
        return tree_replace(self._like, (x if x.ndim else x[()] for x in made))

    def zeros(self) -> Any:
        """Return zeros."""
        return self._filled(lambda x: np.zeros(x.shape))

    def ones(self) -> Any:
        """Return ones, 1 + 1j where the value is complex: the sum of the standard basis."""
        return self._filled(lambda x: np.ones(x.shape) * (1 + 1j if x.dtype.kind == "c" else 1))

    def randn(self) -> Any:
        """Return normal random numbers, drawn by NumPy's global generator."""

        def draw(x: np.ndarray) -> Any:
            drawn = np.random.randn(*x.shape)
            return drawn + 1j * np.random.randn(*x.shape) if x.dtype.kind == "c" else drawn

        return self._filled(draw)

    def standard_basis(self) -> Iterator[Any]:
        """Yield a value for each real dimension, one there and zero elsewhere."""
        for number, leaf in enumerate(self._leaves):
            units = (1.0, 1.0j) if leaf.dtype.kind == "c" else (1.0,)
            for i, unit in itertools.product(range(leaf.size), units):
                leaves = [np.zeros(x.shape, np.result_type(x, np.float32)) for x in self._leaves]
                leaves[number].flat[i] = unit
                yield tree_replace(self._like, (x if x.ndim else x[()] for x in leaves))

    def inner_prod(self, x: Any, y: Any) -> Any:
        """Return the real inner product of two values."""
        return sum([np.real(np.sum(np.conj(a) * b)) for a, b in _pairs(x, y)])

    def add(self, x: Any, y: Any) -> Any:
        """Return the sum of two values."""
        return _tree(x, (a + b for a, b in _pairs(x, y)))

    def scalar_mul(self, x: Any, a: Any) -> Any:
        """Return a value times a number."""
        return _tree(x, (leaf * a for leaf in _leaves(x)))

    def covector(self, x: Any) -> Any:
        """Return the conjugate."""
        return _tree(x, map(np.conj, _leaves(x)))

    def _key(self) -> tuple[Any, ...]:
        return tuple((x.shape, x.dtype.kind == "c") for x in self._leaves)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VSpace) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"VSpace(shape={self.shape}, size={self.size}, iscomplex={self.iscomplex})"


def vspace(value: Any) -> VSpace:
    """Return the vector space of a value."""
    space: VSpace = VSpace.mappings.get(type(value), VSpace)(value)
    return space


class SparseObject:
    """A gradient of few elements that a rule may return: `mut_add(total)` adds it in place."""

    def __init__(self, vs: VSpace, mut_add: Callable[[Any], Any]) -> None:
        self.vs = vs
        self.mut_add = mut_add


def dense(x: Any) -> Any:
    """Return a gradient that a rule returned, which may be sparse, as an array."""
    return x.mut_add(x.vs.zeros()) if isinstance(x, SparseObject) else x
