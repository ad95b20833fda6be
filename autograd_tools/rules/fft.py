"""np.fft: the gradients of Fourier transforms are transforms again, with the same `norm`.

Conventions: the gradient of an argument x + iy is dL/dx - i dL/dy, so the rule of a linear
function is its transpose, without a conjugate; the matrix of `fft` is its own transpose. A
transform between real numbers and half a spectrum counts each element of the half also for its
mirror image.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_tools.engine.primitives import SHAPES
from autograd_tools.engine.registry import composite, rules
from autograd_tools.engine.values import unwrap
from autograd_tools.rules.arrays import laid_along, part_of


def resized(dx, x, axis):
    """Cut `dx` to the length of `x` along an axis, or pad it with zeros."""
    length, wanted = np.shape(dx)[axis], np.shape(x)[axis]
    if length < wanted:
        zeros = np.zeros(
            [wanted - length if i == axis % np.ndim(dx) else n for i, n in enumerate(np.shape(dx))],
            unwrap(dx).dtype,
        )
        return np.concatenate([dx, zeros], axis)
    return part_of(dx, slice(wanted), axis) if length > wanted else dx


def share(spectrum, n, axis):
    """Return the weight of each element of half a spectrum: 1/2, or 1 for its own mirror image."""
    k = np.arange(np.shape(spectrum)[axis])
    weights = np.where((k == 0) | (2 * k == n), 1.0, 0.5)
    weights = weights.astype(np.finfo(unwrap(spectrum).dtype).dtype)
    return laid_along(weights, axis, np.ndim(spectrum))


def fft_a(dy, y, a, n=None, axis=-1, norm=None, out=None):
    return resized(np.fft.fft(dy, None, axis, norm), a, axis)


def ifft_a(dy, y, a, n=None, axis=-1, norm=None, out=None):
    return resized(np.fft.ifft(dy, None, axis, norm), a, axis)


def rfft_a(dy, y, a, n=None, axis=-1, norm=None, out=None):
    n = np.shape(a)[axis] if n is None else n
    return resized(np.fft.hfft(dy * share(dy, n, axis), n, axis, norm), a, axis)


def hfft_a(dy, y, a, n=None, axis=-1, norm=None, out=None):
    dx = np.fft.rfft(dy, None, axis, norm)
    return resized(dx / share(dx, np.shape(dy)[axis], axis), a, axis)


def irfft_a(dy, y, a, n=None, axis=-1, norm=None, out=None):
    dx = np.fft.ihfft(dy, None, axis, norm)
    return resized(dx / share(dx, np.shape(dy)[axis], axis), a, axis)


def ihfft_a(dy, y, a, n=None, axis=-1, norm=None, out=None):
    n = np.shape(a)[axis] if n is None else n
    return resized(np.fft.irfft(dy * share(dy, n, axis), n, axis, norm), a, axis)


# To add one, see rules/__init__.py; its cases go to tests/rules/cases_fft.py.
rules(np.fft.fft, fft_a, reads=SHAPES)
rules(np.fft.ifft, ifft_a, reads=SHAPES)
rules(np.fft.rfft, rfft_a, reads=SHAPES)
rules(np.fft.irfft, irfft_a, reads=SHAPES)
rules(np.fft.hfft, hfft_a, reads=SHAPES)
rules(np.fft.ihfft, ihfft_a, reads=SHAPES)
rules(np.fft.fftshift, lambda dy, y, x, axes=None: np.fft.ifftshift(dy, axes))
rules(np.fft.ifftshift, lambda dy, y, x, axes=None: np.fft.fftshift(dy, axes))


def axis_lengths(a: Any, s: Any, axes: Any) -> Iterator[tuple[int | None, int]]:
    """Yield the length and the axis of each transform in one over several axes."""
    if axes is None:
        axes = range(-(np.ndim(a) if s is None else len(s)), 0)
    if s is None:
        s = [None] * len(axes)
    return ((np.shape(a)[axis] if n == -1 else n, axis) for n, axis in zip(s, axes, strict=True))


@composite(np.fft.fftn)
def fftn(a, s=None, axes=None, norm=None, out=None):
    for n, axis in reversed(list(axis_lengths(a, s, axes))):
        a = np.fft.fft(a, n, axis, norm)
    return a


@composite(np.fft.ifftn)
def ifftn(a, s=None, axes=None, norm=None, out=None):
    for n, axis in reversed(list(axis_lengths(a, s, axes))):
        a = np.fft.ifft(a, n, axis, norm)
    return a


@composite(np.fft.rfftn)
def rfftn(a, s=None, axes=None, norm=None, out=None):
    *rest, (n, axis) = axis_lengths(a, s, axes)
    a = np.fft.rfft(a, n, axis, norm)
    for n, axis in reversed(rest):
        a = np.fft.fft(a, n, axis, norm)
    return a


@composite(np.fft.irfftn)
def irfftn(a, s=None, axes=None, norm=None, out=None):
    *rest, (last, last_axis) = axis_lengths(a, s, axes)
    for n, axis in rest:
        a = np.fft.ifft(a, n, axis, norm)
    return np.fft.irfft(a, last, last_axis, norm)


@composite(np.fft.fft2)
def fft2(a, s=None, axes=(-2, -1), norm=None, out=None):
    return fftn(a, s, axes, norm)


@composite(np.fft.ifft2)
def ifft2(a, s=None, axes=(-2, -1), norm=None, out=None):
    return ifftn(a, s, axes, norm)


@composite(np.fft.rfft2)
def rfft2(a, s=None, axes=(-2, -1), norm=None, out=None):
    return rfftn(a, s, axes, norm)


@composite(np.fft.irfft2)
def irfft2(a, s=None, axes=(-2, -1), norm=None, out=None):
    return irfftn(a, s, axes, norm)
