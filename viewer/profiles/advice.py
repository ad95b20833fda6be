"""Tips as text: the patterns found in a profile, the most expensive first."""

from __future__ import annotations

import math
from collections.abc import Iterator

from autograd_tools import Tape, Timer
from autograd_tools.base.formats import percent_text, time_text
from autograd_tools.engine import structure
from autograd_tools.engine.values import held
from autograd_tools.timing import Counts, Record
from autograd_tools.timing.facts import Facts
from autograd_tools.timing.records import called_with
from autograd_tools.timing.samples import SAMPLED, Samples, SampleStore, Trials
from viewer.inputs import as_trace
from viewer.profiles import patterns, rewritten  # noqa: F401  they add to TIPS
from viewer.profiles.line_profile import LEAST, TIPS, Finder, Found, LineProfile, Place
from viewer.profiles.machine_peaks import Peaks
from viewer.profiles.measured import Timed, opened
from viewer.profiles.roofline import measured
from viewer.profiles.trials import trial_text
from viewer.text.lines import Row, Span, fold, plain
from viewer.text.places import source_text

ALMOST = 0.9  # the share of a line from which on a pattern is the line
NO_TIPS = "No tips: no known slow pattern exceeds 2% of the measured time."
AGAIN = "As above."  # for what a tip of an earlier line says
OF_LITTLE_TIME = ("outer", "promoted", "kept")  # facts that may cost elsewhere, or no time
UNSEEN = "Strided matmul was not checked: the machine's peaks are unknown."


def facts_of(x: Timed) -> Facts:
    """Return facts on the structure of gradients; of a trace, on what calls need."""
    if isinstance(x, Tape):
        return structure.facts_of(x.entries, x.notes) | structure.unread(x)()
    found = opened(x)
    if isinstance(found, Timer):
        return found.facts
    columns = as_trace(found).columns
    places = list(zip(columns.op, columns.file, columns.line, strict=True))
    parents = [tuple([parent - 1 for parent in own]) for own in columns.parents]
    return structure.chains(places, parents)


def tips(x: Timed, *, width: int | None = None, peaks: Peaks | None = None) -> str:
    """Return faster equivalents for slow patterns, one tip per line, the most expensive first.

    Parameters
    ----------
    x : Timer, Tape, Trace, str or path
        A timer with shapes (`autograd-tools profile`, `ag.profile()`, or AUTOGRAD_TIMER=shapes), a
        tape or trace recorded while a timer was on, or the path of a saved one.
    width : int, optional
        Columns of the terminal; by default, nothing is folded.
    peaks : Peaks, optional
        The peaks of the machine that measured `x`, if they are not saved with it. Without peaks,
        there is no tip on strided arrays.

    Returns
    -------
    str
        Each tip with its line of code, the time and share of that line as in a table of hotspots,
        and the time of the pattern if it is far less. Patterns with a share of 2 % or less get no
        tip. Rewrites are tried on arrays that the profile has copied from the program, or on random
        ones of the same shapes. A rewrite is a tip only if it is faster on this machine and has the
        same gradient. The profile keeps the trials.

    Raises
    ------
    ValueError
        If the shapes of arrays were not measured.
    """
    return plain(tip_rows(x, width=width, peaks=peaks))


def worth_a_look(line: LineProfile, whole: int) -> bool:
    """Return whether a tip may be given for a line."""
    return line.total_ns > LEAST * whole or any(map(line.told, OF_LITTLE_TIME))


def tip_rows(x: Timed, *, width: int | None = None, peaks: Peaks | None = None) -> Iterator[Row]:
    """Yield the rows of `tips`, as styled spans."""
    known, peaks = measured(x, peaks)
    records = {record: counts for record, counts in known.items() if record.phase != "record"}
    whole = sum(counts.ns for counts in records.values())
    lines = _lines(x, records, peaks)
    given = [
        (place, found, found.instead or (found.trial and found.trial.instead) or instead)
        for place, line in lines.items()
        if place[0] and worth_a_look(line, whole)
        for found, instead in _of_line(line, whole)
    ]
    said: set[str] = set()
    groups: set[str] = set()
    for place, found, instead in sorted(given, key=lambda row: (-row[1].ns, row[0])):
        if found.group in groups:
            continue
        ns = lines[place].total_ns
        part = f", of it {time_text(found.ns)}" if found.ns < ALMOST * ns else ""
        spent = f": {time_text(ns)}, {percent_text(ns, whole)}{part}: " if found.ns else ": "
        link = Span(source_text(*place), "cyan", place)
        tried = "" if found.trial is None else trial_text(found.trial, found.times)
        advice = [AGAIN if instead in said else instead, tried]
        text = " ".join([f"{found.pattern}.", *filter(None, advice)])
        yield from fold([link, Span(spent, "bold"), Span(text)], width)
        said.add(instead)
        groups |= {found.group} - {""}
    if not given:
        yield from fold([Span(NO_TIPS if peaks else f"{NO_TIPS} {UNSEEN}", "dim")], width)


def _of_line(line: LineProfile, whole: int) -> list[tuple[Found, str]]:
    """Return what is found at a line, and what to write for each; a tip on all of it is enough."""
    found = [(_found(find, line), instead) for find, instead in TIPS]
    given = [
        (own, instead)
        for own, instead in found
        if own is not None and (own.always or own.saved_ns > own.least * whole)
    ]
    all_of_it = range(math.ceil(ALMOST * line.total_ns), line.total_ns + 1)
    enough = [row for row in given if row[0].trial and row[0].ns in all_of_it]
    return [row for row in given if row[0].always or row in enough] if enough else given


def _found(find: Finder, line: LineProfile) -> Found | None:
    """Return what a finder finds; a damaged fact of a file is none."""
    try:
        return find(line)
    except (ArithmeticError, LookupError, ValueError):
        return None


def _lines(
    x: Timed, records: dict[Record, Counts], peaks: Peaks | None
) -> dict[Place, LineProfile]:
    """Return the profile of each line that has records or a fact."""
    found, facts = opened(x), facts_of(x)
    own: tuple[Samples, Trials] = {}, {}
    if isinstance(found, Timer):
        own = found.samples, found.trials
    elif isinstance(found, Tape):
        own = _samples_of(found), {}
    lines: dict[Place, LineProfile] = {}
    for place in {(r.file, r.line) for r in records} | {(f.file, f.line) for f in facts}:
        lines[place] = LineProfile({}, peaks, {}, *own, lines)
    for record, counts in records.items():
        lines[record.file, record.line].records[record] = counts
    for fact, calls in facts.items():
        lines[fact.file, fact.line].facts[fact] = calls
    return lines


def _samples_of(tape: Tape) -> Samples:
    """Return the arrays of operations that are tried, which a tape has all."""
    store = SampleStore()
    for plan, y, args, _, _ in tape.entries:
        if plan is not None and plan.primitive.name in SAMPLED:
            given = tuple(map(held, args))
            store.take(plan.primitive.name, called_with(given, y), given)
    return store.found()
