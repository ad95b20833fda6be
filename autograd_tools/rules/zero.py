"""Functions whose gradient is zero wherever it exists, or whose output is not numeric."""

from __future__ import annotations

import numpy as np

from autograd_tools.engine.registry import zerograds

# comparisons and logic
zerograds(np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal)
zerograds(np.logical_and, np.logical_or, np.logical_xor, np.logical_not, np.all, np.any)
zerograds(np.isfinite, np.isinf, np.isnan, np.isnat, np.signbit, np.isclose, np.allclose)
zerograds(np.array_equal, np.array_equiv, np.isin, np.iscomplex, np.isreal, np.iscomplexobj)
zerograds(np.isrealobj, np.isneginf, np.isposinf)

# steps
zerograds(np.floor, np.ceil, np.trunc, np.rint, np.round, np.around, np.fix, np.floor_divide)
zerograds(np.spacing)

# positions and counts
zerograds(np.argmax, np.argmin, np.argsort, np.argpartition, np.argwhere, np.nonzero)
zerograds(np.flatnonzero, np.count_nonzero, np.linalg.matrix_rank, np.nanargmax, np.nanargmin)
zerograds(np.searchsorted, np.digitize, np.lexsort, np.unravel_index, np.bitwise_and, np.bitwise_or)
zerograds(np.bitwise_xor, np.invert, np.left_shift, np.right_shift, np.bitwise_count, np.gcd)
zerograds(np.lcm, np.diag_indices_from, np.tril_indices_from, np.triu_indices_from, np.ix_)
zerograds(np.ravel_multi_index, np.packbits, np.unpackbits, np.may_share_memory, np.shares_memory)

# descriptions, new arrays
zerograds(np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.common_type)
zerograds(np.min_scalar_type, np.einsum_path, np.zeros_like, np.ones_like, np.empty_like, np.zeros)
zerograds(np.ones, np.empty, np.eye, np.identity, np.tri, np.arange)

# text and files
zerograds(np.array_repr, np.array_str, np.array2string, np.save, np.savez, np.savez_compressed)
zerograds(np.savetxt)
