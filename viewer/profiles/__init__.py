"""Where time and memory go: hotspots, annotated source, arithmetic, tips, timelines."""
