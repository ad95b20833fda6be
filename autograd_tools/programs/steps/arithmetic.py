"""Functions of Python and NumPy that are the same arithmetic."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

PRODUCTS: frozenset[Any] = frozenset({operator.mul, np.multiply})
QUOTIENTS: frozenset[Any] = frozenset({operator.truediv, np.true_divide})
SUMS: frozenset[Any] = frozenset({operator.add, np.add})
DIFFERENCES: frozenset[Any] = frozenset({operator.sub, np.subtract})
NEGATIVES: frozenset[Any] = frozenset({operator.neg, np.negative})
MATRIX_PRODUCTS: frozenset[Any] = frozenset({operator.matmul, np.matmul})
WITH_SIGNS = PRODUCTS | QUOTIENTS | SUMS | DIFFERENCES | NEGATIVES
