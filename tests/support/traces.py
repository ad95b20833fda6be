"""Traces built by hand: nodes and scopes without arrays."""

import contextlib
from dataclasses import replace

import numpy as np

import autograd_tools as ag
from autograd_tools import Trace
from autograd_tools.location.call_tree import ScopeNode
from autograd_tools.tracing.columns import Argument, Columns, TraceNode
from autograd_tools.tracing.summaries import Summary
from viewer.graph import Graph
from viewer.groups import Group

STEPS = ((3, 4), (5, 6), (7, 8))  # of `three_steps`


def three_steps():
    """Two leaves and three equal steps: 1 x, 2 w, multiply and tanh of each step, 9 a sum."""

    def f(x, w):
        for _ in range(3):
            x = np.tanh(x * w)
        return np.sum(x)

    return ag.trace(f, np.ones(2), np.ones(2))


class Building(Trace):
    """A trace to add nodes and scopes to; `graph` has all its nodes and no groups."""

    def __init__(self):
        self.__dict__.update(
            nodes=[], made=[ScopeNode(0, "", "")], here=[0], homes=[], result=None, table=None
        )

    def leaf(self, kind="param", shape=(2,), name=""):
        return self._add(kind, "", name, (), (), 0, shape)

    def op(self, op, *parents, line=1, shape=(2,), constants=(), file="f.py", **keywords):
        args = [Argument(f"R({p})", (p,)) for p in parents] + [Argument(c) for c in constants]
        args += [Argument(text, (), keyword) for keyword, text in keywords.items()]
        self.__dict__["result"] = self._add(
            "result", op, "", parents, tuple(args), line, shape, file
        )
        return self.result

    def _add(self, kind, op, name, parents, args, line, shape, file="f.py"):
        value = Summary(f"float64{list(shape)}", shape, "float64")
        self.nodes.append(
            TraceNode(
                len(self.nodes) + 1,
                kind,
                op,
                name,
                args,
                value,
                parents=tuple(parents),
                file=file,
                line=line,
            )
        )
        self.homes.append(self.here[-1])
        return len(self.nodes)

    @contextlib.contextmanager
    def place(self, kind, name, line=1):
        self.made.append(ScopeNode(self.here[-1], kind, str(name), "f.py", line))
        self.here.append(len(self.made) - 1)
        yield
        self.here.pop()

    def steps(self, count, line=1, name="for i in r"):
        """Yield the steps of a loop; nodes added meanwhile belong to them."""
        with self.place("loop", name, line):
            for n in range(count):
                with self.place("step", n + 1, line):
                    yield n

    @property
    def places(self):
        return self.made

    @property
    def columns(self):
        if self.table is None or len(self.table.signature) != len(self.nodes):
            self.__dict__["table"] = replace(
                Columns.of(self.nodes), places=self.made, place=self.homes[:]
            )
        return self.table

    @property
    def graph(self):
        return Graph(self, Group("", tuple(range(1, len(self) + 1))))


def outline(group):
    """Return a group as nested lists of ids, each group headed by `name ×times`."""
    return [
        member
        if isinstance(member, int)
        else [f"{member.name} ×{member.times}" if member.copies else member.name, *outline(member)]
        for member in group.members
    ]
