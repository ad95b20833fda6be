"""The engine: values, primitives, recordings and the backward pass."""
