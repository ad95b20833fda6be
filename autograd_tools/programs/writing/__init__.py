"""Programs as source that people read."""
