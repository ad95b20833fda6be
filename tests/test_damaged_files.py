"""Damaged files are refused when they are loaded, or every view can be made of them.

`tests/data/complete` holds a trace, a profile and a history with all that a file may have.
"""

import json
import random
from pathlib import Path

import pytest

import autograd_tools as ag
import viewer
from tests.support.mutations import mutated
from viewer.command.profile_page import to_html
from viewer.command.profile_report import Report
from viewer.drawing.history_page import history_html
from viewer.terminal.text import VIEWS

DATA = Path(__file__).parent / "data" / "complete"
TRACE, PROFILE, HISTORY = (DATA / f"{name}.json" for name in ("trace", "profile", "history"))


def look_at_trace(path, original):
    trace = ag.load_trace(path)
    trace.save(path)
    saved = path.read_bytes()
    ag.load_trace(path).save(path)
    assert path.read_bytes() == saved
    views = [
        str,
        repr,
        viewer.to_dot,
        viewer.to_mermaid,
        viewer.explain,
        lambda x: viewer.compare(x, original),
        viewer.hotspots,
        *[lambda x, view=view: viewer.to_text(x, view) for view in VIEWS],
    ]
    return trace, views


def look_at_profile(path, original):
    timer = ag.Timer.load(path)
    timer.save(path)
    assert ag.Timer.load(path).to_dict() == timer.to_dict()
    views = [
        str,
        ag.Timer.to_csv,
        ag.Timer.to_markdown,
        viewer.hotspots,
        viewer.arithmetic,
        viewer.tips,
        viewer.to_chrome_trace,
        viewer.to_speedscope,
        viewer.to_collapsed,
        lambda x: to_html(Report(x), "a page"),
        lambda x: viewer.compare(x, original),
    ]
    return timer, views


def look_at_history(path, original):
    history = ag.History.load(path)
    history.save(path)
    saved = path.read_bytes()
    ag.History.load(path).save(path)
    assert path.read_bytes() == saved
    csv = path.with_suffix(".csv")
    return history, [str, repr, ag.History.columns, history_html, lambda x: x.save(csv)]


def check(path, look, original, drawn=False):
    """Load a file and look at it in every way; only a ValueError may say that this fails."""
    try:
        loaded, views = look(path, original)
    except ValueError as error:
        assert str(error).startswith(str(path)), error  # noqa: PT017  no error is right, too
        return 0
    for view in [*views, viewer.to_svg] if drawn and look is look_at_trace else views:
        try:
            view(loaded)
        except ValueError as error:
            assert str(error), view  # noqa: PT017
    return 1


CASES = {
    "trace": (TRACE, look_at_trace, ag.load_trace),
    "profile": (PROFILE, look_at_profile, ag.Timer.load),
    "history": (HISTORY, look_at_history, ag.History.load),
}
FEW = {"trace": 60, "profile": 20, "history": 60}


def damage(tmp_path, kind, seeds):
    source, look, load = CASES[kind]
    document, path = json.loads(source.read_bytes()), tmp_path / "a.json"
    loaded = 0
    for seed in seeds:
        path.write_bytes(mutated(document, random.Random(seed)))
        try:
            loaded += check(path, look, load(source), seed % 20 == 9)
        except Exception as error:
            error.add_note(f"damaged with the seed {seed}")
            raise
    assert 0 < loaded < len(seeds)


@pytest.mark.parametrize("kind", CASES)
def test_damaged_files_are_refused_or_can_be_shown(tmp_path, kind):
    damage(tmp_path, kind, range(FEW[kind]))


@pytest.mark.slow
@pytest.mark.parametrize("kind", CASES)
def test_many_damaged_files_are_refused_or_can_be_shown(tmp_path, kind):
    damage(tmp_path, kind, range(100, 400))


@pytest.mark.parametrize(
    "times",
    ["fast", [{}] * 33, [-1] * 33, [1.5] * 33, [float("nan")] * 33, [1] * 32, [1] * 34, {"1": 1}],
)
def test_forward_times_that_are_no_column_are_refused(tmp_path, times):
    document = json.loads(TRACE.read_bytes())
    assert len(document["head"]) == 33
    path = tmp_path / "a.json"
    path.write_text(json.dumps({**document, "forward_ns": times}))
    with pytest.raises(ValueError, match=r"a\.json is damaged: "):
        ag.load_trace(path)


@pytest.mark.parametrize("column", ["head", "spot", "place", "forward_ns"])
@pytest.mark.parametrize("change", [list.pop, lambda items: items.append(items[-1])])
def test_columns_of_different_lengths_are_refused(tmp_path, column, change):
    document = json.loads(TRACE.read_bytes())
    change(document[column])
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document))
    with pytest.raises(ValueError, match=r"a\.json is damaged: "):
        ag.load_trace(path)
