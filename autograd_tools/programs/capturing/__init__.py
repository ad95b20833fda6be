"""A run of a function as steps: what it calls, reads and writes, and two runs that agree."""
