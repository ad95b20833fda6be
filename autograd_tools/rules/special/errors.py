"""The error function and related functions, and the normal distribution."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from autograd_tools.engine.registry import rules
from autograd_tools.engine.values import unwrap
from autograd_tools.rules.special.parts import of_parts

ROOT_PI = math.sqrt(math.pi)
TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)
ROOT_2PI = math.sqrt(2 * math.pi)
ROOT_2, ROOT_2_OVER_PI = math.sqrt(2), math.sqrt(2 / math.pi)


def beyond(far, slope, x, sign):
    """Return `slope`, and for a `far` x the asymptotic series: DLMF 7.12.1.

    It is -2u times the sum of (2k + 1)!! (sign u)^k, where u = 1 / (2 x^2). `slope`, a small
    difference of large numbers, loses its digits there.
    """
    if not np.any(far):
        return slope
    u = 1 / np.where(far, x, 10) ** 2 / 2
    total = 1.0
    for k in range(12, 0, -1):
        total = 1 + (2 * k + 1) * sign * u * total
    return np.where(far, -2 * u * total, np.where(far, 0, slope))


def dawsn_slope(y, x):
    """1 - 2 x y. In the lower half plane the function grows: only its odd, real form is far."""
    far = (np.abs(unwrap(x)) > 10) & np.isrealobj(unwrap(x))
    with np.errstate(invalid="ignore"):
        return beyond(far, 2 - 4 * x * y, x, 1) / 2


def erfcx_x(dy, y, x):
    """dy (2 x y - 2 / sqrt(pi))."""
    far = (np.real(unwrap(x)) > 10) & (np.abs(np.imag(unwrap(x))) <= np.real(unwrap(x)))
    with np.errstate(invalid="ignore"):
        return dy * beyond(far, 2 * ROOT_PI * x * y - 2, x, -1) / ROOT_PI


def wofz_x(dy, y, x):
    """dy (2i / sqrt(pi) - 2 x y); for real numbers, by Dawson's function."""
    if np.isrealobj(unwrap(x)):
        dawsn = special.dawsn(x)
        return dy * (dawsn_slope(dawsn, x) * (TWO_OVER_ROOT_PI * 1j) - 2 * x * np.exp(-x * x))
    far = (np.imag(unwrap(x)) > 10) & (np.abs(np.real(unwrap(x))) <= np.imag(unwrap(x)))
    return dy * (1j / ROOT_PI) * beyond(far, 2 + 2j * ROOT_PI * x * y, x, 1)


def fresnel_x(dy, y, x):
    angle = math.pi / 2 * x * x
    return of_parts(dy, lambda: np.sin(angle), lambda: np.cos(angle))


def owens_t_h(dy, y, h, a):
    return -dy * np.exp(-h * h / 2) * special.erf(a * h / math.sqrt(2)) / (2 * ROOT_2PI)


def owens_t_a(dy, y, h, a):
    return dy * np.exp(-h * h * (1 + a * a) / 2) / (2 * math.pi * (1 + a * a))


rules(special.erf, lambda dy, y, x: dy * TWO_OVER_ROOT_PI * np.exp(-x * x))
rules(special.erfc, lambda dy, y, x: -dy * TWO_OVER_ROOT_PI * np.exp(-x * x))
rules(special.erfcx, erfcx_x)
rules(special.erfi, lambda dy, y, x: dy * TWO_OVER_ROOT_PI * np.exp(x * x))
rules(special.erfinv, lambda dy, y, x: dy * np.exp(y * y) / TWO_OVER_ROOT_PI)
rules(special.erfcinv, lambda dy, y, x: -dy * np.exp(y * y) / TWO_OVER_ROOT_PI)
rules(special.dawsn, lambda dy, y, x: dy * dawsn_slope(y, x))
rules(special.wofz, wofz_x)
rules(special.fresnel, fresnel_x)
rules(special.ndtr, lambda dy, y, x: dy * np.exp(-x * x / 2) / ROOT_2PI)
rules(special.log_ndtr, lambda dy, y, x: dy * ROOT_2_OVER_PI / special.erfcx(-x / ROOT_2))
rules(special.ndtri, lambda dy, y, p: dy * np.exp(y * y / 2) * ROOT_2PI)
rules(special.ndtri_exp, lambda dy, y, x: dy * special.erfcx(-y / ROOT_2) / ROOT_2_OVER_PI)
rules(special.owens_t, owens_t_h, owens_t_a)
