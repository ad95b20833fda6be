"""The trace: a finished recording as nodes (Tape) and as plain data (Trace)."""
