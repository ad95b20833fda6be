"""The names of HIPS autograd's numpy_vspaces."""

from autograd_tools.compat.vector_spaces import VSpace


class ArrayVSpace(VSpace):
    """The vector space of a real array."""


class ComplexArrayVSpace(VSpace):
    """The vector space of a complex array."""


class NamedTupleVSpace(VSpace):
    """The vector space of a named tuple of arrays."""


class EigResultVSpace(NamedTupleVSpace):
    """That of the result of `np.linalg.eig`."""


class EighResultVSpace(NamedTupleVSpace):
    """That of the result of `np.linalg.eigh`."""


class QRResultVSpace(NamedTupleVSpace):
    """That of the result of `np.linalg.qr`."""


class SVDResultVSpace(NamedTupleVSpace):
    """That of the result of `np.linalg.svd`."""


class SlogdetResultVSpace(NamedTupleVSpace):
    """That of the result of `np.linalg.slogdet`."""


__all__ = [
    "ArrayVSpace",
    "ComplexArrayVSpace",
    "EigResultVSpace",
    "EighResultVSpace",
    "NamedTupleVSpace",
    "QRResultVSpace",
    "SVDResultVSpace",
    "SlogdetResultVSpace",
]
