"""Profiles: hotspots, annotated source, arithmetic, tips and timelines."""
