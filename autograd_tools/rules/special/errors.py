"""The error function and related functions, and the normal distribution."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from autograd_tools.engine.registry import rules
from autograd_tools.rules.special.parts import of_parts

TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)
ROOT_2PI = math.sqrt(2 * math.pi)


def fresnel_x(dy, y, x):
    angle = math.pi / 2 * x * x
    return of_parts(dy, lambda: np.sin(angle), lambda: np.cos(angle))


def owens_t_h(dy, y, h, a):
    return -dy * np.exp(-h * h / 2) * special.erf(a * h / math.sqrt(2)) / (2 * ROOT_2PI)


def owens_t_a(dy, y, h, a):
    return dy * np.exp(-h * h * (1 + a * a) / 2) / (2 * math.pi * (1 + a * a))


rules(special.erf, lambda dy, y, x: dy * TWO_OVER_ROOT_PI * np.exp(-x * x))
rules(special.erfc, lambda dy, y, x: -dy * TWO_OVER_ROOT_PI * np.exp(-x * x))
rules(special.erfcx, lambda dy, y, x: dy * (2 * x * y - TWO_OVER_ROOT_PI))
rules(special.erfi, lambda dy, y, x: dy * TWO_OVER_ROOT_PI * np.exp(x * x))
rules(special.erfinv, lambda dy, y, x: dy * np.exp(y * y) / TWO_OVER_ROOT_PI)
rules(special.erfcinv, lambda dy, y, x: -dy * np.exp(y * y) / TWO_OVER_ROOT_PI)
rules(special.dawsn, lambda dy, y, x: dy * (1 - 2 * x * y))
rules(special.wofz, lambda dy, y, x: dy * (TWO_OVER_ROOT_PI * 1j - 2 * x * y))
rules(special.fresnel, fresnel_x)
rules(special.ndtr, lambda dy, y, x: dy * np.exp(-x * x / 2) / ROOT_2PI)
rules(special.log_ndtr, lambda dy, y, x: dy * np.exp(-x * x / 2 - y) / ROOT_2PI)
rules(special.ndtri, lambda dy, y, p: dy * np.exp(y * y / 2) * ROOT_2PI)
rules(special.ndtri_exp, lambda dy, y, x: dy * np.exp(x + y * y / 2) * ROOT_2PI)
rules(special.owens_t, owens_t_h, owens_t_a)
