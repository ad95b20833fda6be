"""Comparison of two traces or two profiles."""
