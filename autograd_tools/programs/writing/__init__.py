"""Programs as readable source."""
