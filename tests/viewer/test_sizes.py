"""Large and deep traces: memory grows with the number of nodes, and the output is cut."""

import io
import tracemalloc

import numpy as np
import pytest

import autograd_tools as ag
import viewer


def deep(n):
    """Return a function that calls itself in a new scope `n` times."""

    def inner(x, level):
        with ag.scope(f"level {level}"):
            return inner(x * 0.5, level - 1) * 1.0 if level else x

    return lambda w: inner(w, n).sum()


def deep_and_wide(n):
    """Return a function that also has an operation of `n` arguments, and uses one in `n` scopes."""

    def f(w):
        total = np.stack([w[0] * 1.0 for _ in range(n)]).sum() + deep(n)(w)
        for i in range(n):
            with ag.scope(f"scope {i}"):
                total = total + w.sum()
        return total

    return f


VIEWS = {
    "list": lambda trace: viewer.show(trace, file=io.StringIO()),
    "folded": lambda trace: viewer.to_text(trace, width=60),
    "table": lambda trace: viewer.show(trace, "table", file=io.StringIO()),
    "scopes": lambda trace: viewer.to_text(trace, "table", columns="id,scope", limit=50),
    "sorted": lambda trace: viewer.to_text(trace, "table", sort="scope", limit=50),
    "by scope": lambda trace: viewer.to_text(trace, "table", by="scope"),
    "by step": lambda trace: viewer.to_text(trace, "table", by="step"),
    "search": lambda trace: viewer.to_text(trace, "table", where="scope=*7* level", limit=50),
    "tree": lambda trace: viewer.to_text(trace, "tree", limit=10**6),
    "lesson": viewer.explain,
    "dot": viewer.to_dot,
    "mermaid": viewer.to_mermaid,
    "comparison": lambda trace: viewer.compare(trace, trace),
}


@pytest.fixture(scope="module")
def traces():
    return [ag.trace(deep_and_wide(n), np.ones(2)) for n in (100, 400)]


def peak(view, trace):
    """Return the bytes that a view takes: the less of two runs, as other threads may take some."""
    peaks = []
    for _ in range(2):
        tracemalloc.start()
        try:
            view(trace)
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    return min(peaks)


@pytest.mark.parametrize("view", VIEWS)
def test_memory_grows_with_the_number_of_nodes(traces, view):
    small, large = traces
    VIEWS[view](small)  # fills caches
    VIEWS[view](large)
    assert peak(VIEWS[view], large) < 5.5 * peak(VIEWS[view], small) + 100_000


def test_a_deep_path_shows_its_ends():
    trace = ag.trace(deep(30), np.ones(2))
    rows = viewer.to_text(trace, "table", columns="scope", where="scope='level 1'").splitlines()
    outer = "".join(f"deep.inner / level {level} / " for level in (30, 29, 28, 27))
    inner = "".join(f" / deep.inner / level {level}" for level in (4, 3, 2, 1))
    assert rows[-1] == f"{outer}… 44 more …{inner}"


def test_a_search_finds_a_name_in_the_middle_of_a_deep_path():
    trace = ag.trace(deep(30), np.ones(2))
    found = viewer.to_text(trace, where="scope='level 15'")
    assert found.startswith("30 of 62 nodes")


@pytest.mark.slow
@pytest.mark.parametrize("view", ["list", "table"])
def test_a_large_trace_is_cut(view):
    def f(w):
        for _ in range(100_100):
            w = w * 1.0
        return w.sum()

    lines = viewer.to_text(ag.trace(f, np.ones(2)), view).splitlines()
    assert len(lines) == 100_001 + (view == "table")
    assert "… 102 of 100,102 omitted; raise the limit to see them" in lines
