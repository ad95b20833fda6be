"""What differs between two traces, or between two profiles."""
