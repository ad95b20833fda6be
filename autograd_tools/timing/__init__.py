"""Timers: sections, records of operations, and the timer that AUTOGRAD_TIMER switches on."""

import os as _os

from autograd_tools.timing.events import Event as Event
from autograd_tools.timing.instrument import ENABLED as ENABLED
from autograd_tools.timing.instrument import reset_timer as reset_timer
from autograd_tools.timing.instrument import timer as timer
from autograd_tools.timing.measure import Timer as Timer
from autograd_tools.timing.records import Counts as Counts
from autograd_tools.timing.records import Operand as Operand
from autograd_tools.timing.records import Record as Record
from autograd_tools.timing.shown import Section as Section
from autograd_tools.timing.totals import MEMORY as MEMORY

if ENABLED and _os.environ.get("AUTOGRAD_TIMER_SAVE"):  # a profiled process started this one
    from autograd_tools.timing.processes import Saver as _Saver

    _Saver(_os.environ["AUTOGRAD_TIMER_SAVE"]).start()
