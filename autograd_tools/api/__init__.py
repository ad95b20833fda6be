"""The public functions that differentiate, and NumPy's calls and operators on recorded values."""
