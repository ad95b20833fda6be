"""VJP rules as textbook formulas, where the engine's rule is a named function."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from viewer.terminal.calls import Call
from viewer.terminal.einsum_formulas import dot, einsum, tensordot
from viewer.text.signs import index_text

SHARE = "share(c, axis) is c / maximum(1, sum(c, axis, keepdims=True))"
WEIGHTS = (
    "w is 2, but 1 for an element that is its own mirror image, the first and the one at n / 2"
)
PHI = "Φ takes the lower triangle, its diagonal halved; sym(A) is (A + A.mT) / 2"
SINGULAR = "for a singular matrix, ∇ times the cofactors"
CHOLESKY = "sym(inv({y}).mT @ Φ({y}.mT @ {dy}) @ inv({y}))"


def lecture_formula(call: Call) -> tuple[str, str]:
    """Return the formula of a rule and a note; empty ones if there is none for these arguments."""
    form = FORMULAS.get((call.op, call.argument)) or FORMULAS.get((call.op, 0), "")
    text = ""
    if not (call.is_complex and (call.op, call.argument) in REAL):
        with suppress(IndexError):  # an argument that is given by name
            text = form(call) if callable(form) else "" if call.kwargs else call.format(form)
    words = [note for word, note in NOTES.items() if word in text]
    note = "; ".join([*words, *([SINGULAR] if call.op == "linalg.det" else [])])
    return text, note if text else ""


def index_of(op: str, args: Sequence[str]) -> str:
    """Return the index of a reading, `[:, 0]`, into which its gradient goes; else nothing."""
    return f"[{index_text(args[1])}]" if op == "getitem" and len(args) == 2 else ""


def _widened(call: Call, axis: Any, keepdims: Any) -> list[str]:
    """Return the gradient and the value of a reduction with the axes that it has lost."""
    is_whole = axis is None or keepdims is True
    return [x if is_whole else f"expand_dims({x}, {axis})" for x in (call.dy, call.y)]


def _extreme(call: Call) -> str:
    axis, where = call.option("axis", 2), call.option("where", 6, default=True)
    if not call.takes(6, "axis keepdims initial where out"):
        return ""
    dy, y = _widened(call, axis, call.option("keepdims", 4))
    hit = f"{call.x} == {y}" if where is True else f"({call.x} == {y}) & {where}"
    return f"{dy} * share({hit}{'' if axis is None else f', {axis}'})"


def _sum(call: Call) -> str:
    dy, _ = _widened(call, call.option("axis", 2), call.option("keepdims", 5))
    where = call.option("where", 7, default=True)
    chosen = "" if where is True else f" * {where}"
    return f"broadcast_to({dy}, shape({call.x})){chosen}" if call.takes(7, REDUCED) else ""


def _mean(call: Call) -> str:
    axis = call.option("axis", 2)
    if not call.takes(5, REDUCED):
        return ""
    dy, _ = _widened(call, axis, call.option("keepdims", 5))
    if "where" in call.kwargs:
        where = call.kwargs["where"]
        counted = f"sum(broadcast_to({where}, shape({call.x})), {axis}, keepdims=True)"
        return f"{dy} * {where} / {counted}"
    size = f"size({call.x})" if axis is None else f"size({call.x}, {axis})"
    if isinstance(axis, tuple):
        size = f"(size({call.x}) / size({call.y}))"
    return f"broadcast_to({dy} / {size}, shape({call.x}))"


def _cumsum(call: Call) -> str:
    axis = call.option("axis", 2)
    if not call.takes(2, "axis"):
        return ""
    along = axis or 0
    text = f"flip(cumsum(flip({call.dy}, {along}), {along}), {along})"
    is_row = axis is not None or call.ndim(1) == 1
    return text if is_row else f"reshape({text}, shape({call.x}))"


def _base(call: Call) -> str:
    """Return the rule of the base of a power; a number as exponent needs no care for 0 ** -1."""
    p = call.option("", 2)
    if not isinstance(p, (int, float)):
        return call.format("{dy} * {1} * {0} ** where({1} == 0, 1, {1} - 1)")
    if p in SMALL:
        return call.format(SMALL[p])
    less = f"{p - 1:.12g}"
    return f"{call.dy} * ({call.args[1]} * {call.x} ** {less if p > 1 else f'({less})'})"


def _clip_max(call: Call) -> str:
    alone = call.args[1] == "None"
    return call.format("{dy} * ({0} > {2})" if alone else "{dy} * (({0} > {2}) | ({1} > {2}))")


def _norm(call: Call) -> str:
    order, axis = call.option("ord", 2), call.option("axis", 3)
    if not call.takes(3, "ord axis keepdims"):
        return ""
    dy, y = _widened(call, axis, call.option("keepdims", 4))
    length = f"where({y} == 0, 1, {y})"
    is_vector = isinstance(axis, int) or (axis is None and call.ndim(1) == 1)
    if order in (None, "fro") or (order == 2 and is_vector):
        return f"{dy} * ({call.x} / {length})"
    if not is_vector or order == 0:
        return ""
    if order in ("inf", "-inf"):
        along = "" if axis is None else f", {axis}"
        return f"{dy} * sign({call.x}) * share(abs({call.x}) == {y}{along})"
    if not isinstance(order, (int, float)):
        return ""
    power = f" * (abs({call.x}) / {length}) ** {order - 1:.12g}"
    return f"{dy} * sign({call.x})" + (power if order != 1 else "")


def _matmul(call: Call) -> str:
    own, whole, is_left = call.ndim(call.argument), call.ndim(0), call.argument == 1
    if -1 in (own, whole):
        return ""
    if own == 1:
        form = {0: "{dy} * {other}", 1: "{other} @ {dy}" if is_left else "{dy} @ {other}"}
        stacked = "({other} @ {dy}[..., None])" if is_left else "({other}.mT @ {dy}[..., None])"
        return call.format(form.get(whole, f"{stacked}[..., 0]"))
    if whole < own:  # the other is a vector
        by_vector = "{dy}[..., None] * {other}", "{other}[:, None] * {dy}[..., None, :]"
        return call.format(by_vector[not is_left])
    return call.format("{dy} @ {other}.mT" if is_left else "{other}.mT @ {dy}")


def _solve(call: Call) -> str:
    """Return the rule of the solution of equations, of both arguments."""
    a, b = call.ndim(1), call.ndim(2)
    if -1 in (a, b):
        return ""
    stacked = b == 1 and a > 2
    column = "linalg.solve({0}.mT, {dy}[..., None])" if stacked else "linalg.solve({0}.mT, {dy})"
    if call.argument == 2:
        return call.format(f"{column}[..., 0]" if stacked else column)
    if b == 1 and not stacked:
        return call.format(f"-outer({column}, {{y}})")
    return call.format(f"-{column} @ {'{y}[..., None, :]' if stacked else '{y}.mT'}")


def _of_matrices(slope: str, form: str) -> Callable[[Call], str]:
    """Make a formula for a matrix, and for each of a stack of them."""

    def formula(call: Call) -> str:
        wide = slope if call.ndim(1) == 2 else f"expand_dims({slope}, (-2, -1))"
        return call.format(wide + form) if call.ndim(1) >= 2 and not call.kwargs else ""

    return formula


def _cholesky(call: Call) -> str:
    return call.format(CHOLESKY) if call.takes(1) and call.ndim(1) == 2 else ""


def _eye(shape: Sequence[int], offset: int) -> str:
    rows, columns = shape[-2:]
    sizes = [rows, columns, offset] if offset else [rows] if rows == columns else [rows, columns]
    return f"eye({', '.join(map(str, sizes))})"


def _trace(call: Call) -> str:
    shape, offset = call.shapes[0], call.option("offset", 2, 0)
    if shape is None or len(shape) != 2 or not call.takes(2, "offset"):
        return ""
    return f"{call.dy} * {_eye(shape, offset)}"


def _diagonal(call: Call) -> str:
    shape, k = call.shapes[0], call.option("offset", 2, 0)
    axes = [call.option(name, at, at - 3) for name, at in (("axis1", 3), ("axis2", 4))]
    if (
        shape is None
        or call.shape is None
        or [i % len(shape) for i in axes] != [len(shape) - 2, len(shape) - 1]
    ):
        return ""
    if len(shape) == 2 and shape[0] == shape[1]:
        return f"diag({call.dy}{f', {k}' if k else ''})"
    if k >= 0 and call.shape[-1] == shape[-2]:
        return f"{call.dy}[..., None] * {_eye(shape, k)}"
    if k <= 0 and call.shape[-1] == shape[-1]:
        return f"{call.dy}[..., None, :] * {_eye(shape, k)}"
    return ""


def _repeat(call: Call) -> str:
    shape, n, axis = call.shapes[0], call.option("repeats", 2), call.option("axis", 3)
    if not shape or not isinstance(n, int):
        return ""
    at = (len(shape) - 1 if axis is None else axis % len(shape)) + 1
    return f"sum(reshape({call.dy}, {(*shape[:at], n, *shape[at:])}), {at})"


def _roll(call: Call) -> str:
    shift, axis = call.option("shift", 2), call.option("axis", 3)
    if not call.takes(3, "shift axis") or isinstance(shift, list):
        return ""
    if isinstance(shift, tuple):
        shift = tuple(-n for n in shift)
    else:
        shift = -shift if isinstance(shift, int) else f"-{shift}"
    return f"roll({call.dy}, {shift}{'' if axis is None else f', {axis}'})"


def _convolve(call: Call) -> str:
    is_full = call.option("mode", 3, "full") == "full" and call.ndim(1) == 1 == call.ndim(2)
    return f"convolve({call.dy}, flip({call.other}), 'valid')" if is_full else ""


def _transform(form: str) -> Callable[[Call], str]:
    """Make the formula of a Fourier transform of all elements along an axis."""

    def formula(call: Call) -> str:
        axis, norm = call.option("axis", 3, -1), call.option("norm", 4)
        if None in (call.shapes[0], call.shape) or not isinstance(axis, int):
            return ""
        given, made = (shape[axis] for shape in (call.shapes[0], call.shape))  # type: ignore[index]
        is_half = call.op in ("fft.irfft", "fft.hfft")  # of half a spectrum
        n = call.option("n", 2) or (made if is_half else given)
        if given != (n // 2 + 1 if is_half else n):
            return ""
        options = "" if axis == -1 else f", axis={axis}"
        options += "" if norm is None else f", norm={norm!r}"
        return form.format(dy=call.dy, n=n, options=options)

    return formula


def _at_index(call: Call) -> str:
    """Return the part of the gradient at an index in which no element occurs twice."""
    text = call.args[1]
    is_unique = call.op == "ungetitem" or re.fullmatch(r"[-\d:., ()]+", text)
    return f"{call.dy}[{index_text(text)}]" if is_unique else ""


def _cast(call: Call) -> str:
    is_whole = re.match(r"u?int|bool", call.args[1].strip("'"))
    return call.format("zeros(shape({0}))" if is_whole else "{dy}")


def _absolute(call: Call) -> str:
    if call.is_complex:
        return call.format("{dy} * conjugate({0}) / where({y} == 0, 1, {y})")
    return call.format("{dy} * sign({0})")


def _transpose(call: Call) -> str:
    axes = call.option("axes", 2)
    if axes is None:
        return call.format("transpose({dy})")
    places = tuple(axis % len(axes) for axis in axes) if isinstance(axes, (tuple, list)) else axes
    return call.format(f"transpose({{dy}}, argsort({places}))")


REDUCED = "axis keepdims dtype initial where"
LARGER = "{dy} * (({x} > {other}) + ({x} == {other}) / 2)"
SMALLER = "{dy} * (({x} < {other}) + ({x} == {other}) / 2)"
TAKEN = "{dy} * (({x} == {y}) - ({x} == {other}) / 2)"  # also where the other is NaN
LOWER = "{dy} * (({0} < {1}) & ({y} == {1}))"
EXPONENT = "{dy} * {y} * log(where({0} == 0, 1, {0}))"
SMALL: dict[float, str] = {
    0: "{dy} * 0",
    1: "{dy}",
    2: "2 * {dy} * {0}",
}  # rules of the base by the exponent
Form = str | Callable[[Call], str]

# The formula of a rule by operation and argument, 0 for any: a text in which {dy} and {y} are the
# gradient and the value, {0} and {1} the arguments, {x} the own one and {other} the other; or a
# function that makes one. It says what the rule computes, at ties, too. To add one, add an entry
# here; a test evaluates it.
FORMULAS: dict[tuple[str, int], Form] = {
    ("maximum", 0): LARGER,
    ("minimum", 0): SMALLER,
    ("fmax", 0): TAKEN,
    ("fmin", 0): TAKEN,
    **{(f"{nan}{end}", 1): _extreme for nan in ("", "a", "nan") for end in ("max", "min")},
    **{(f"{kind}clip", 1): "{dy} * ({0} == {y})" for kind in ("", "ndarray.")},
    **{(f"{kind}clip", 2): LOWER for kind in ("", "ndarray.")},
    **{(f"{kind}clip", 3): _clip_max for kind in ("", "ndarray.")},
    **{(f"{kind}power", 1): _base for kind in ("", "float_")},
    **{(f"{kind}power", 2): EXPONENT for kind in ("", "float_")},
    ("absolute", 1): _absolute,
    ("arcsinh", 1): "{dy} / hypot({0}, 1)",
    ("fmod", 2): "-{dy} * rint(({0} - {y}) / {1})",
    ("heaviside", 2): "{dy} * ({0} == 0)",
    ("hypot", 0): "{dy} * ({x} / where({y} == 0, 1, {y}))",
    ("arctan2", 1): "{dy} * where(({0} == 0) & ({1} == 0), 0, {1} / ({0} * {0} + {1} * {1}))",
    ("arctan2", 2): "-{dy} * where(({0} == 0) & ({1} == 0), 0, {0} / ({0} * {0} + {1} * {1}))",
    ("sinc", 1): "{dy} * where({0} == 0, 0, (cos(pi * {0}) - {y}) / {0})",
    ("logaddexp", 0): "{dy} * exp({x} - {y})",
    ("logaddexp2", 0): "{dy} * exp2({x} - {y})",
    ("sum", 1): _sum,
    ("mean", 1): _mean,
    ("cumsum", 1): _cumsum,
    ("matmul", 0): _matmul,
    ("dot", 0): dot,
    ("tensordot", 0): tensordot,
    ("einsum", 0): einsum,
    ("vecdot", 0): "{dy}[..., None] * {other}",
    ("vecmat", 1): "matvec({1}, {dy})",
    ("vecmat", 2): "{0}[..., None] * {dy}[..., None, :]",
    ("astype", 1): _cast,
    ("setitem", 3): _at_index,
    ("ungetitem", 1): _at_index,
    ("transpose", 1): _transpose,
    ("permute_dims", 1): _transpose,
    ("trace", 1): _trace,
    ("diagonal", 1): _diagonal,
    ("repeat", 1): _repeat,
    ("roll", 1): _roll,
    ("convolve", 0): _convolve,
    ("fft.fft", 1): _transform("fft.fft({dy}{options})"),
    ("fft.ifft", 1): _transform("fft.ifft({dy}{options})"),
    ("fft.rfft", 1): _transform("real(fft.fft({dy}, {n}{options}))"),
    ("fft.ihfft", 1): _transform("real(fft.ifft({dy}, {n}{options}))"),
    ("fft.irfft", 1): _transform("w * fft.ihfft({dy}{options})"),
    ("fft.hfft", 1): _transform("w * fft.rfft({dy}{options})"),
    ("linalg.norm", 1): _norm,
    ("linalg.solve", 0): _solve,
    ("linalg.det", 1): _of_matrices("({dy} * {y})", " * linalg.inv({0}).mT"),
    ("linalg.slogdet", 1): _of_matrices("{dy}[1]", " * linalg.inv({0}).mT"),
    ("linalg.cholesky", 1): _cholesky,
}
# Operations whose formula is that of real arrays only.
REAL = {("power", 2), ("float_power", 2)} | {
    (op, argument)
    for op in ("arcsinh", "vecdot", "vecmat", "linalg.norm", "linalg.slogdet", "linalg.cholesky")
    for argument in (1, 2)
}
NOTES = {"share(": SHARE, "Φ(": PHI, "w * fft": WEIGHTS}  # by the word that they explain
