"""Timelines: single calls for other viewers, and stacks for flame graphs."""

from viewer.profiles.timeline.chrome import to_chrome_trace
from viewer.profiles.timeline.collapsed import to_collapsed
from viewer.profiles.timeline.firefox import to_firefox
from viewer.profiles.timeline.speedscope import to_speedscope

__all__ = ["to_chrome_trace", "to_collapsed", "to_firefox", "to_speedscope"]
