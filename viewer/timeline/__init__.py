"""Timelines: single calls along time for Perfetto and speedscope, and stacks for flame graphs."""

from viewer.timeline.chrome import to_chrome_trace
from viewer.timeline.collapsed import to_collapsed
from viewer.timeline.speedscope import to_speedscope

__all__ = ["to_chrome_trace", "to_collapsed", "to_speedscope"]
