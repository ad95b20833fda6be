"""The names of HIPS autograd's numpy_vspaces."""

from autograd_tools.compat.vector_spaces import VSpace


class ArrayVSpace(VSpace):
    """The vector space of a real array."""


class ComplexArrayVSpace(VSpace):
    """The vector space of a complex array."""


__all__ = ["ArrayVSpace", "ComplexArrayVSpace"]
