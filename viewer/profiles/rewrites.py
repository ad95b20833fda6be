"""Rewrites: a computation as commonly written, and faster forms with the same gradient."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any, NamedTuple, TypeAlias

import numpy as np

Form: TypeAlias = Callable[..., Any]
Forms: TypeAlias = tuple[Form, list[tuple[str, Form]]]  # as it is; others, with what to write
Arrays: TypeAlias = Sequence[np.ndarray]

MOST_CALLS = 10_000  # in a trial
MOST_FACTORS = 10
MOST_COPIED = 20_000_000  # elements

windows_of = np.lib.stride_tricks.sliding_window_view


def bounded(number: float, most: float) -> None:
    """Raise ValueError if a trial would take too long, or too much memory."""
    if not 0 < number <= most:
        raise ValueError(f"expected up to {most:g} in a trial, got {number:g}")


def shapes_in(text: str) -> list[tuple[int, ...]]:
    """Return the shapes in a text such as `(3, 3) (3,)`."""
    shapes = re.findall(r"\([\d, ]*\)", text)
    return [tuple(map(int, re.findall(r"\d{1,9}", shape))) for shape in shapes]


POWERS: dict[str, tuple[str, Form]] = {
    "3": ("x * x * x", lambda x: x * x * x),
    "4": ("np.square(x * x)", lambda x: np.square(x * x)),
    "1.5": ("x * np.sqrt(x)", lambda x: x * np.sqrt(x)),
    "0.5": ("np.sqrt(x)", np.sqrt),
    "-0.5": ("1 / np.sqrt(x)", lambda x: 1 / np.sqrt(x)),
    "-1.5": ("1 / (x * np.sqrt(x))", lambda x: 1 / (x * np.sqrt(x))),
    "-1": ("1 / x", lambda x: 1 / x),
    "-2": ("1 / (x * x)", lambda x: 1 / (x * x)),
    "-3": ("1 / (x * x * x)", lambda x: 1 / (x * x * x)),
}


def _power(exponent: str, arrays: Arrays) -> Forms:
    p = float(exponent)
    number = int(p) if p.is_integer() else p
    text, form = POWERS[exponent]
    return lambda x: x**number, [(f"Write {text}.", form)]


def _inverse(side: str, arrays: Arrays) -> Forms:
    if side == "left":
        text = "Use np.linalg.solve(A, b) for np.linalg.inv(A) @ b."
        return lambda a, b: np.linalg.inv(a) @ b, [(text, _solved)]
    text = "Use np.linalg.solve(A.T, b.T).T for b @ np.linalg.inv(A)."
    return lambda a, b: b @ np.linalg.inv(a), [(text, lambda a, b: np.linalg.solve(a.T, b.T).T)]


def _solved(a: Any, b: Any) -> Any:
    """Solve for a vector or for columns; NumPy 2 takes other stacks of vectors."""
    return np.linalg.solve(a, b) if np.ndim(b) > 1 else np.linalg.solve(a, b[:, None])[:, 0]


def _associated(detail: str, arrays: Arrays) -> Forms:
    bounded(len(arrays), MOST_FACTORS)

    def from_left(*factors: Any) -> Any:
        return functools.reduce(np.matmul, factors)

    def from_right(*factors: Any) -> Any:
        return functools.reduce(lambda y, x: np.matmul(x, y), reversed(factors))

    is_left, letters = detail.startswith("left"), [*"ABCDEFGHI"[: len(arrays) - 1]]
    *names, last = [*letters, "x"] if is_left else ["x", *letters]
    left = " @ ".join([*names, last])
    inner = f"{names[-1]} @ {last}"
    right = functools.reduce(lambda y, name: f"{name} @ ({y})", reversed(names[:-1]), inner)
    if is_left:
        return from_left, [(f"Multiply from the right, {right} for {left}.", from_right)]
    return from_right, [(f"Multiply from the left, {left} for {right}.", from_left)]


def _pairwise(_: str, arrays: Arrays) -> Forms:
    text = (
        "Write np.sum(x * x, 1)[:, None] + np.sum(y * y, 1) - 2 * (x @ y.T), and "
        "np.maximum(..., 0) before a root."
    )

    def at_once(x: Any, y: Any) -> Any:
        a, b = x[:, 0, :], y[0, :, :]
        squares = np.sum(a * a, axis=1)[:, None] + np.sum(b * b, axis=1)
        return squares - 2 * (a @ b.T)

    return lambda x, y: np.sum((x - y) ** 2, axis=-1), [(text, at_once)]


def _einsum(subscripts: str, arrays: Arrays) -> Forms:
    text = "Use @ or np.tensordot, or pass optimize=True."
    optimized = functools.partial(np.einsum, subscripts, optimize=True)
    return functools.partial(np.einsum, subscripts), [(text, optimized)]


def _growing(detail: str, arrays: Arrays) -> Forms:
    axis, n = (int(word) for word in detail.split()[-2:])
    bounded(n, MOST_CALLS)
    bounded(n * n * arrays[0].size, 4 * MOST_COPIED)
    is_read, last = detail.startswith("read "), slice(-len(arrays[0]), None)
    read = " read parts[-1] in it," if is_read else ""
    text = f"Collect the parts in a list,{read} and call np.concatenate(parts) once after the loop."

    def grown(part: Any) -> Any:
        y = part
        for _ in range(n):
            y = np.concatenate([y, y[last] * 1.0 if is_read else part], axis)
        return y

    def listed(part: Any) -> Any:
        parts = [part]
        for _ in range(n):
            parts.append(parts[-1] * 1.0 if is_read else part)
        return np.concatenate(parts, axis)

    return grown, [(text, listed)]


def _narrowed(op: str, arrays: Arrays) -> Forms:
    f: Form = functools.reduce(getattr, op.split("."), np)  # type: ignore[assignment]
    return f, [("", f)]


def _strided(detail: str, arrays: Arrays) -> Forms:
    """Multiply stacks of matrices as they lie in memory, and copies of them."""
    copy = 'x = np.copy(x, order="C")'
    text = f"Copy them once before use, {copy}, or create them in another axis order."
    _, a_order, _, b_order = shapes_in(detail)

    def in_order(x: Any, order: tuple[int, ...]) -> Any:
        return np.transpose(x, np.argsort(order))

    def contiguous(x: Any, order: tuple[int, ...]) -> Any:
        return np.copy(in_order(x, order), order="C")

    once = contiguous(arrays[0], a_order), contiguous(arrays[1], b_order)

    def copied(a: Any, b: Any) -> Any:
        """Copy what is tracked; constants are copied before."""
        a = once[0] if isinstance(a, np.ndarray) else contiguous(a, a_order)
        b = once[1] if isinstance(b, np.ndarray) else contiguous(b, b_order)
        return np.matmul(a, b)

    return lambda a, b: np.matmul(in_order(a, a_order), in_order(b, b_order)), [(text, copied)]


def _windows(detail: str, arrays: Arrays) -> Forms:
    length, start, step, count = (int(word) for word in detail.split()[-4:])
    bounded(count, MOST_CALLS)
    bounded(count * length * (arrays[0].size // len(arrays[0])), MOST_COPIED)
    at = start + step * np.arange(count)[:, None] + np.arange(length)

    def stacked(x: Any) -> Any:
        starts = range(start, start + step * count, step)
        return np.stack([x[i : i + length] for i in starts])

    def viewed(x: Any) -> Any:
        return np.moveaxis(windows_of(x, length, 0)[start::step][:count], -1, 1)

    index = "x[i + np.arange(n)], where i has a row for each window, such as np.arange(k)[:, None]"
    view = "np.lib.stride_tricks.sliding_window_view(x, n, 0), whose windows are the last axis"
    return stacked, [(f"Use {view}.", viewed), (f"Write {index}.", lambda x: x[at])]


def _shifted(detail: str, arrays: Arrays) -> Forms:
    whole, kernel, axes = shapes_in(detail)
    bounded(arrays[1].size, MOST_CALLS)
    copied = arrays[0].size * arrays[1].size
    bounded(copied, 10 * MOST_COPIED)
    is_reversed = " reversed" in detail
    taps = dict(zip(axes, kernel, strict=True))
    length = [n - taps.get(axis, 1) + 1 for axis, n in enumerate(whole)]

    def looped(x: Any, w: Any) -> Any:
        y: Any = 0.0
        for at in product(*map(range, kernel)):
            shift = [n - 1 - i for n, i in zip(kernel, at, strict=True)] if is_reversed else at
            start = dict(zip(axes, shift, strict=True))
            part = [slice(start.get(i, 0), start.get(i, 0) + n) for i, n in enumerate(length)]
            y = y + x[tuple(part)] * w[at]
        return y

    def same(w: Any) -> Any:
        return np.flip(w) if is_reversed else w

    def turned(w: Any) -> Any:
        return w if is_reversed else np.flip(w)

    def windowed(x: Any, w: Any) -> Any:
        return np.tensordot(windows_of(x, kernel, axes), same(w), len(axes))

    def transformed(x: Any, w: Any) -> Any:
        from autograd_tools.scipy.signal import fftconvolve

        return fftconvolve(x, turned(w), "valid")

    direct, flipped = ("np.flip(w)", "w") if is_reversed else ("w", "np.flip(w)")
    view = f"np.lib.stride_tricks.sliding_window_view(x, w.shape, {axes})"
    forms: list[tuple[str, Form]] = []
    if copied <= MOST_COPIED:
        forms.append((f"Write np.tensordot({view}, {direct}, {len(axes)}).", windowed))
    if len(kernel) == len(whole):
        fast = f'Write fftconvolve(x, {flipped}, "valid"), of autograd_tools.scipy.signal.'
        forms.append((fast, transformed))
    if len(kernel) == len(whole) == 1:
        plain = f'Write np.convolve(x, {flipped}, "valid").'
        forms.append((plain, lambda x, w: np.convolve(x, turned(w), "valid")))
    return looped, forms


class Factoring(NamedTuple):
    """Calls that factor a matrix: the function, its right side, whether that is tracked, how many.

    An inverse has a right side if it only multiplies that.
    """

    op: str
    shape: tuple[int, ...]
    is_tracked: bool
    number: int
    line: int


FACTORED_CALL = re.compile(r"(\w+)(?: (\([\d, ]*\)))?( tracked)? x(\d{1,6}) at (\d{1,9})")


def calls_in(detail: str) -> list[Factoring]:
    """Return the calls in the detail of a fact on a matrix that is factored."""
    return [
        Factoring(op, (shapes_in(shape) or [()])[0], bool(tracked), int(n), int(line))
        for op, shape, tracked, n, line in FACTORED_CALL.findall(detail)
    ]


def _factored(detail: str, arrays: Arrays) -> Forms:
    """Compute everything from one factorization: of Cholesky, or the inverse."""
    calls, a = calls_in(detail), arrays[0]
    bounded(sum(call.number for call in calls), MOST_CALLS)
    symmetric = " given" not in detail and _is_positive_definite(a)

    def form(factor: Callable[[Any], dict[str, Form]]) -> Form:
        def compute(a: Any, *rights: Any) -> Any:
            ways, given, outputs = factor((a + a.T) / 2 if symmetric else a), iter(rights), []
            for call in calls:
                right = [next(given)] if call.shape else []
                outputs += [np.ravel(ways[call.op](*right)) for _ in range(call.number)]
            return np.concatenate(outputs)

        return compute

    forms: list[tuple[str, Form]] = []
    if symmetric:
        forms.append((_cholesky_text(calls), form(_by_cholesky)))
    if sum(call.number for call in calls if call.op in ("solve", "inv")) > 1:
        text = "Compute it once, P = np.linalg.inv(A), and write P @ b for np.linalg.solve(A, b)."
        forms.append((text, form(_by_inverse)))
    return form(_apart), forms


def _is_positive_definite(a: np.ndarray) -> bool:
    """Return whether a matrix is symmetric and has a Cholesky factor."""
    if not np.allclose(a, a.T, rtol=1e-10, atol=1e-10 * np.max(np.abs(a))):
        return False
    try:
        np.linalg.cholesky(a)
    except np.linalg.LinAlgError:
        return False
    return True


def _apart(a: Any) -> dict[str, Form]:
    return {
        "cholesky": lambda: np.linalg.cholesky(a),
        "det": lambda: np.linalg.det(a),
        "slogdet": lambda: np.linalg.slogdet(a)[1],
        "inv": lambda *b: _times(np.linalg.inv(a), *b),
        "solve": lambda b: np.linalg.solve(a, b),
    }


def _by_inverse(a: Any) -> dict[str, Form]:
    inverse = np.linalg.inv(a)
    return _apart(a) | {"inv": lambda *b: _times(inverse, *b), "solve": lambda b: inverse @ b}


def _times(inverse: Any, *b: Any) -> Any:
    return inverse @ b[0] if b else inverse


def _by_cholesky(a: Any) -> dict[str, Form]:
    from autograd_tools.scipy.linalg import cho_solve

    factor = np.linalg.cholesky(a)
    return {
        "cholesky": lambda: factor,
        "det": lambda: np.prod(np.diag(factor)) ** 2,
        "slogdet": lambda: 2 * np.sum(np.log(np.diag(factor))),
        "inv": lambda *b: cho_solve((factor, True), b[0] if b else np.eye(len(factor))),
        "solve": lambda b: cho_solve((factor, True), b),
    }


# What to write with L = np.linalg.cholesky(A), where A is symmetric and positive definite.
WITH_CHOLESKY = {
    "solve": "cho_solve((L, True), b) for np.linalg.solve(A, b)",
    "inv": "cho_solve((L, True), np.eye(len(L))) for np.linalg.inv(A)",
    "product": "cho_solve((L, True), b) for np.linalg.inv(A) @ b",
    "slogdet": "2 * np.sum(np.log(np.diag(L))) for np.linalg.slogdet(A)[1]",
    "det": "np.prod(np.diag(L)) ** 2 for np.linalg.det(A)",
}


def _cholesky_text(calls: Sequence[Factoring]) -> str:
    ops = {"product" if call.op == "inv" and call.shape else call.op for call in calls}
    parts = " and ".join([text for op, text in WITH_CHOLESKY.items() if op in ops])
    of = (
        ", with cho_solve of autograd_tools.scipy.linalg"
        if {"solve", "inv", "product"} & ops
        else ""
    )
    return f"It is symmetric: factor it once, L = np.linalg.cholesky(A), and write {parts}{of}."


# Rewrites by name: functions that return the forms for a detail and the arrays to try them on.
REWRITES: dict[str, Callable[[str, Arrays], Forms]] = {
    "power": _power,
    "einsum": _einsum,
    "inverse": _inverse,
    "associated": _associated,
    "pairwise": _pairwise,
    "factored": _factored,
    "strided": _strided,
    "shifted": _shifted,
    "windows": _windows,
    "growing": _growing,
    "narrowed": _narrowed,
}
NARROWED = ("narrowed",)  # rewrites whose other form takes the arrays as float32
