"""A run of a function as steps: its calls, reads and writes, verified by a second run."""
