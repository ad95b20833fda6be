"""The list view: an equation for each node, with its shape and the size of its gradient."""

from __future__ import annotations

import math
from collections.abc import Iterator

from autograd_tools import Trace
from autograd_tools.base.text import one_line
from autograd_tools.tracing.columns import Argument, OpSignature
from autograd_tools.tracing.summaries import Summaries
from viewer.labels import digits, shape_text
from viewer.terminal.equations import LONGEST_CONSTANT
from viewer.terminal.subject import Options, Subject, omitted
from viewer.terminal.symbols import Names
from viewer.text.lines import Row, Span, fold, shorten
from viewer.text.signs import infix

INDENT = "    "  # of the further rows of a line
HOLE = "\0"  # for the name of a node; other texts have no such character


def list_rows(subject: Subject, options: Options, width: int | None) -> Iterator[Row]:
    """Yield the rows of the list."""
    head, left_out, tail = subject.cut(options)
    lines = NodeLines(subject.trace, width)
    for part, after in ((head, left_out), (tail, 0)):
        for id in part:
            yield from fold(lines[id], width, "", INDENT)
        if after:
            yield from fold(omitted(after, len(subject.ids)), width)


class NodeLines:
    """The lines of nodes: `v5 = v2 + v4  4×12×16  ∇ 1.69`, `Param w  3×3  ∇ 2.45`.

    A name is at most as wide as the terminal.
    """

    def __init__(self, trace: Trace, width: int | None) -> None:
        self.longest = width
        self.columns = trace.columns
        self.names = Names(trace)
        self.formats: dict[int, str] = {}  # of the calls of signatures, with %s for each parent
        self.values = _Numbers(trace.columns.value)
        self.gradients = _Numbers(trace.columns.outgrad)

    def __getitem__(self, id: int) -> list[Span]:
        columns, row = self.columns, id - 1
        name, kind = self.names[id], columns.kind[row]
        if kind == "result":
            source = (columns.file[row], columns.line[row])
            call = Span(self._call(row), "cyan", source if source[0] else None)
            spans = [Span(f"{name} = "), call]
        else:
            own = shorten(columns.name[row], self.longest)
            spans = [Span(f"{kind.replace('param', 'Param')} "), Span(own.strip() or name, "green")]
            if own.strip() and id not in self.names.own:
                spans.append(Span(f" = {name}"))
        if value := self._value(row):
            spans.append(Span(f"  {value}"))
        if self.gradients.form[row] >= 0:
            spans.append(Span(f"  ∇ {self._gradient(row)}", "yellow"))
        elif reason := columns.reasons.get(row):
            _, _, last = reason.rpartition("\n")
            spans.append(Span(f"  no gradient: {one_line(last.strip())}", "yellow"))
        return spans

    def _call(self, row: int) -> str:
        number = self.columns.signature[row]
        if number not in self.formats:
            self.formats[number] = self._format(self.columns.signatures[number])
        names = tuple([self.names[id] for id in self.columns.parents[row]])
        return one_line(self.formats[number] % names)

    def _format(self, signature: OpSignature) -> str:
        """Return the call of an operation as an equation has it, with %s for each parent."""
        args, options = [], []
        for arg in signature.args:
            if isinstance(arg, str):
                args.append(_short(arg))
            elif not isinstance(arg, Argument):
                args.append(HOLE.join(map(_short, arg)))
            elif arg.keyword is not None:
                options.append(f"{shorten(arg.keyword, self.longest)}={_short(arg.text)}")
            else:
                args.append(self._argument(arg))
        call = "" if options else infix(signature.op, args)
        call = call or f"{shorten(signature.op, self.longest)}({', '.join([*args, *options])})"
        return call.replace("%", "%%").replace(HOLE, "%s")

    def _argument(self, argument: Argument) -> str:
        """Return an argument with a hole for the text of each node in it."""
        pieces, end = [], 0
        for id in argument.nodes:
            operand = self.columns.operand(id)
            start = argument.text.find(operand, end)
            if start < 0:
                return f"[{', '.join([HOLE] * len(argument.nodes))}]"
            pieces.append(argument.text[end:start])
            end = start + len(operand)
        return HOLE.join(map(_short, [*pieces, argument.text[end:]]))

    def _value(self, row: int) -> str:
        """Return a scalar in six digits, an array as its shape."""
        values = self.values
        if values.form[row] < 0:
            return "freed"
        shape, dtype = values.forms[values.form[row]][1:3]
        if shape:
            return shape_text(shape, dtype)
        is_number = shape is not None and not math.isnan(values.mean[row])
        return f"{values.mean[row]:.6g}" if is_number else shorten(values.text_of(row))

    def _gradient(self, row: int) -> str:
        """Return a scalar, or the norm of an array, and how many elements are not finite."""
        found = self.gradients
        is_scalar = found.forms[found.form[row]][1] == ()
        size = found.mean[row] if is_scalar else found.norm[row]
        counts = ((found.nans[row], "NaN"), (found.infs[row], "Inf"))
        shown = [] if math.isnan(size) else [f"{size:.3g}"]
        shown += [f"{count:,} {kind}" for count, kind in counts if count and not is_scalar]
        return " ".join(shown) or one_line(found.text_of(row))


class _Numbers:
    """The columns of summaries that lines show, as lists: a list is faster by the row."""

    def __init__(self, summaries: Summaries) -> None:
        self.form: list[int] = summaries.form.tolist()
        self.mean: list[float] = summaries.mean.tolist()
        self.norm: list[float] = summaries.norm.tolist()
        self.nans: list[int] = summaries.nans.tolist()
        self.infs: list[int] = summaries.infs.tolist()
        self.forms = summaries.forms
        self.text_of = summaries.text_of


def _short(text: str) -> str:
    return shorten(digits(text), LONGEST_CONSTANT)
