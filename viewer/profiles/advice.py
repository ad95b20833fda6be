"""Tips as text: the patterns found in a profile, the most expensive first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from autograd_tools import Tape, Timer, Trace
from autograd_tools.base.formats import percent_text, time_text
from autograd_tools.engine import structure
from autograd_tools.timing.facts import Facts
from viewer.inputs import as_trace
from viewer.profiles.machine_peaks import Peaks
from viewer.profiles.measured import Timed, opened
from viewer.profiles.patterns import TIPS, Found, LineProfile, Place
from viewer.profiles.roofline import measured
from viewer.text.lines import Row, Span, fold, plain
from viewer.text.places import source_text

ALMOST = 0.9  # the share of a line from which on a pattern is the line
LEAST = 0.02  # the share of the measured time below which there is no tip
NO_TIPS = "No tips: no known slow pattern exceeds 2% of the measured time."
AGAIN = "As above."  # for what a tip of an earlier line says
UNSEEN = "Strided matmul was not checked: the machine's peaks are unknown."


def facts_of(x: Timed) -> Facts:
    """Return facts on the structure of gradients; of a trace, on what calls need."""
    if isinstance(x, Tape):
        return structure.facts_of(x.entries, x.notes)
    found = opened(x)
    if isinstance(found, Timer):
        return found.facts
    columns = as_trace(found).columns
    places = list(zip(columns.op, columns.file, columns.line, strict=True))
    parents = [tuple([parent - 1 for parent in own]) for own in columns.parents]
    return structure.chains(places, parents)


# For a tape only: a timer does not know which gradients were read.
UNUSED = "Write ag.value(x) for x where its gradient is not needed, or do not make it an ag.Param."


def unused(trace: Trace, read: set[int]) -> dict[Place, int]:
    """Return the nanoseconds of gradients that lead to none of the nodes `read`, by line.

    Nothing is known if no gradient was read: they may have been read in another way.
    """
    spent: dict[Place, int] = defaultdict(int)
    wanted = {0: False}  # by node; 0 stands for a constant
    for node in trace if read else ():
        wanted[node.id] = node.id in read or any(wanted[parent] for parent in node.parents)
        for argument, ns in (node.backward_ns or {}).items():
            if node.file and not any(wanted[parent] for parent in node.args[argument - 1].nodes):
                spent[node.file, node.line] += ns
    return dict(spent)


def unread_params(tape: Tape) -> list[str]:
    """Return the names or values of the Params of a tape whose gradients were not read."""
    params = (node for node in tape.trace() if node.kind == "param")
    return [node.name or node.call for node in params if node.id - 1 not in tape.asked]


def tips(x: Timed, *, width: int | None = None, peaks: Peaks | None = None) -> str:
    """Return faster equivalents for slow patterns, a tip a line, the most expensive first.

    Parameters
    ----------
    x : Timer, Tape, Trace, str or path
        A timer that knows shapes (`autograd-tools profile`, `ag.profile()`, or
        AUTOGRAD_TIMER=shapes), a tape or trace recorded while a timer was on, or the path of a
        saved one. Of a tape, gradients that were computed and not read get a tip, too.
    width : int, optional
        Columns of the terminal; without it nothing is folded.
    peaks : Peaks, optional
        The peaks of the machine that measured, if they are not saved with `x`. Without peaks there
        is no tip on strided arrays.

    Returns
    -------
    str
        Each tip with its line of code, the time and share of that line as in a table of hotspots,
        and the time of the pattern if it is far less. Patterns of 2 % or less get no tip. Rewrites
        of powers, einsum, inverses and distances are tried on arrays of the same shapes. What is
        not faster here, or has another gradient, is no tip.

    Raises
    ------
    ValueError
        If the shapes of arrays were not measured.
    """
    return plain(tip_rows(x, width=width, peaks=peaks))


def worth_a_look(line: LineProfile, whole: int) -> bool:
    """Return whether a tip may be given for a line."""
    return line.total_ns > LEAST * whole or bool(line.told("outer"))


def tip_rows(x: Timed, *, width: int | None = None, peaks: Peaks | None = None) -> Iterator[Row]:
    """Yield the rows of `tips`, as styled spans."""
    known, peaks = measured(x, peaks)
    records = {record: counts for record, counts in known.items() if record.phase != "record"}
    whole = sum(counts.ns for counts in records.values())
    lines: dict[Place, LineProfile] = {}
    for record, counts in records.items():
        place = record.file, record.line
        lines.setdefault(place, LineProfile({}, peaks, {})).records[record] = counts
    for fact, calls in facts_of(x).items():
        if (fact.file, fact.line) in lines:
            lines[fact.file, fact.line].facts[fact] = calls
    given = [
        (place, found, found.instead or instead)
        for place, line in lines.items()
        if place[0] and worth_a_look(line, whole)
        for find, instead in TIPS
        if (found := find(line)) is not None
    ]
    if isinstance(x, Tape):
        names = unread_params(x)
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        pattern = f"gradients of {', '.join(names[:3])}{more}, which nothing reads"
        wasted = unused(x.trace(), {index + 1 for index in x.asked})
        given += [(place, Found(ns, pattern), UNUSED) for place, ns in wasted.items()]
    given = [row for row in given if row[1].always or row[1].ns > LEAST * whole]
    said: set[str] = set()
    for place, found, instead in sorted(given, key=lambda row: (-row[1].ns, row[0])):
        ns = lines[place].total_ns if place in lines else found.ns
        part = f", of it {time_text(found.ns)}" if found.ns < ALMOST * ns else ""
        spent = f": {time_text(ns)}, {percent_text(ns, whole)}{part}: "
        link = Span(source_text(*place), "cyan", place)
        advice = [AGAIN if instead in said else instead, found.trial]
        text = " ".join([f"{found.pattern}.", *filter(None, advice)])
        yield from fold([link, Span(spent, "bold"), Span(text)], width)
        said.add(instead)
    if not given:
        yield from fold([Span(NO_TIPS if peaks else f"{NO_TIPS} {UNSEEN}", "dim")], width)
