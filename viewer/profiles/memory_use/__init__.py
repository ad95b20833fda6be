"""Memory of a gradient: bytes over its time, holders at its peak, and plans of checkpoints."""
