"""scipy.spatial: distances."""

from autograd_tools.scipy.spatial import distance

__all__ = ["distance"]
