"""scipy.signal: convolution."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.signal

from autograd_tools.base.traced import plain_array
from autograd_tools.engine.registry import primitive
from autograd_tools.scipy.arguments import array
from autograd_tools.scipy.steps import Steps

signal = Steps(scipy.signal)

__all__ = ["convolve", "fftconvolve"]


def part(y: Any, start: Any, shape: Any) -> Any:
    """Return the part of `y` of the given shape that begins at `start`."""
    return y[tuple(slice(i, i + n) for i, n in zip(start, shape, strict=True))]


def full_rule(dy: Any, a: Any, b: Any, method: str) -> Any:
    """The gradient of `a`: `dy` convolved with the flipped `b`, where they overlap in full."""
    return part(_convolve(dy, np.flip(b), method), [n - 1 for n in np.shape(b)], np.shape(a))


@primitive(
    lambda dy, y, a, b, method: full_rule(dy, a, b, method),
    lambda dy, y, a, b, method: full_rule(dy, b, a, method),
)
def _convolve(a: Any, b: Any, method: str) -> Any:
    return signal.convolve(a, b, "full", method)


def convolve(in1: Any, in2: Any, mode: str = "full", method: str = "auto") -> Any:
    """Convolve two arrays along all their axes.

    Parameters
    ----------
    in1, in2 : array_like
        Arrays with the same number of axes.
    mode : {"full", "same", "valid"}
        "same" returns the middle, of the shape of `in1`; "valid" the part where one array lies
        within the other.
    method : {"auto", "direct", "fft"}

    Returns
    -------
    array
        Each axis has length n + m - 1 in mode "full", n in "same", and abs(n - m) + 1 in "valid".

    Raises
    ------
    ValueError
        If the numbers of axes differ, or if in mode "valid" neither array contains the other.
    """
    in1, in2 = array(in1), array(in2)
    shape1, shape2 = np.shape(in1), np.shape(in2)
    if len(shape1) != len(shape2):
        raise ValueError(f"convolve expected equally many axes, got shapes {shape1} and {shape2}")
    if mode not in ("full", "same", "valid"):
        raise ValueError(f"convolve: mode must be 'full', 'same' or 'valid', got {mode!r}")
    if not shape1:
        return in1 * in2
    y = _convolve(in1, in2, method)
    if mode == "full":
        return y
    bounds = _bounds(mode, list(zip(shape1, shape2, strict=True)))
    if bounds is None:
        raise ValueError(
            "convolve: mode 'valid' expects one array at least as long along every axis, "
            f"got shapes {shape1} and {shape2}"
        )
    return part(y, *bounds)


def _bounds(mode: str, pairs: list[tuple[int, int]]) -> tuple[list[int], list[int]] | None:
    """Return the start and length, along each axis, of what a mode keeps of the full convolution.

    `pairs` are the lengths of the two arrays. None: neither contains the other.
    """
    if mode == "same":
        return [(m - 1) // 2 for _, m in pairs], [n for n, _ in pairs]
    if mode == "valid" and (all(n >= m for n, m in pairs) or all(m >= n for n, m in pairs)):
        return [min(pair) - 1 for pair in pairs], [abs(n - m) + 1 for n, m in pairs]
    return None


def fftconvolve(in1: Any, in2: Any, mode: str = "full", axes: Any = None) -> Any:
    """Convolve two arrays by Fourier transforms: `convolve` with method "fft".

    Parameters
    ----------
    in1, in2 : array_like
        Arrays with the same number of axes.
    mode : {"full", "same", "valid"}
    axes : int or sequence of int, optional
        The axes to convolve; default: all. The others broadcast.

    Returns
    -------
    array
    """
    if axes is None:
        return convolve(in1, in2, mode, "fft")
    in1, in2 = array(in1), array(in2)
    shapes, ndim = (np.shape(in1), np.shape(in2)), np.ndim(in1)
    if len(shapes[0]) != len(shapes[1]):
        raise ValueError(f"fftconvolve expected equally many axes, got shapes {shapes}")
    along = sorted({axis % ndim for axis in np.atleast_1d(plain_array(axes, int)).tolist()})
    pairs = [(shapes[0][axis], shapes[1][axis]) for axis in along]
    size = [n + m - 1 for n, m in pairs]
    is_real = not (np.iscomplexobj(in1) or np.iscomplexobj(in2))
    forward, back = (np.fft.rfftn, np.fft.irfftn) if is_real else (np.fft.fftn, np.fft.ifftn)
    y = back(forward(in1, size, along) * forward(in2, size, along), size, along)
    if mode == "full":
        return y
    bounds = _bounds(mode, pairs)
    if bounds is None:
        raise ValueError(
            f"fftconvolve expected mode 'full', 'same', or 'valid' where one array is at least as "
            f"long along every axis, got {mode!r} and shapes {shapes}"
        )
    index = [slice(None)] * ndim
    for axis, start, length in zip(along, *bounds, strict=True):
        index[axis] = slice(start, start + length)
    return y[tuple(index)]
