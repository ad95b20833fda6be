"""Histories as pages: well-formed, without scripts, small, and safe for every name."""

import re
from xml.etree import ElementTree

import numpy as np
from support.hostile import each_hostile_name

import autograd_tools as ag
from autograd_tools.tracing.gradient_norms import Norm
from autograd_tools.tracing.series import Series
from tests.support.histories import training
from viewer.drawing.charts import Line, Mark, chart
from viewer.drawing.history_page import history_html


def parsed(page):
    """Return a piece of a page as XML, which fails unless every tag is closed."""
    return ElementTree.fromstring(page.replace("class=bad", 'class="bad"'))


def long_history(steps, params):
    """Return a history of random norms."""
    rng = np.random.default_rng(0)
    made = Series("loss", "train.py", 3)
    for i in range(params):
        made.column(f"w{i}")
    norms = 10 ** rng.normal(size=(steps, params))
    for row in norms.tolist():
        made.add(row[0], 1000, 2000, {i: Norm(x, 0, 0) for i, x in enumerate(row)})
    return ag.History([made])


def test_a_page_has_charts_findings_and_a_table():
    page = history_html(training())
    root = parsed(f"<div>{page}</div>")
    assert len(root.findall(".//svg[@class='chart']")) == 6
    assert [item.text for item in root.findall(".//li")] == [
        "step 1: Inf in the gradient of s (1 Inf)",
        "step 2: the loss is NaN",
        "step 2: NaN in the gradient of s (1 NaN)",
    ]
    rows = [row.find("td").text for row in root.findall(".//tr") if row.find("td") is not None]
    assert rows == ["loss", "w", "s", "loss", "w"]


@each_hostile_name
def test_a_page_has_the_same_tags_whatever_names_there_are(name):
    tags = []
    for text in (name, "plain"):
        made = Series(text, f"/{text}.py", 3)
        made.add(1.0, 1, 2, {made.column(text): Norm(float("nan"), 1, 0)})
        root = parsed(f"<div>{history_html(ag.History([made]))}</div>")
        tags.append([element.tag for element in root.iter()])
    assert tags[0] == tags[1]


def test_a_page_of_many_steps_and_params_is_small():
    assert len(history_html(long_history(20_000, 20))) < 1_000_000
    assert len(history_html(long_history(300, 200))) < 2_000_000


def test_a_history_without_gradients_is_a_sentence():
    assert "No gradient of a scalar was recorded" in history_html(ag.History())


def points(svg, look):
    """Return the path of a line, with its numbers rounded."""
    (path,) = re.findall(rf'class="{look}" d="([^"]*)"', svg)
    return re.sub(r"[\d.]+", lambda number: f"{float(number[0]):.0f}", path)


def test_a_line_has_gaps_where_a_number_is_missing():
    line = Line(np.arange(5), np.array([0.0, 2.0, np.nan, 1.0, np.inf]), "c0")
    assert points(chart([line], "Loss", is_log=False), "c0") == "M64 218h0L265 20M667 119h0"


def test_a_logarithmic_scale_has_zero_at_its_bottom():
    line = Line(np.arange(3), np.array([0.0, 1e-4, 1.0]), "c0")
    svg = chart([line], "Norms", is_log=True)
    assert points(svg, "c0") == "M64 218h0L466 218L868 20"
    assert re.findall(r">(1e[^<]*)<", svg) == ["1e-04", "1e-03", "1e-02", "1e-01", "1e+00"]


def test_a_logarithmic_scale_of_both_signs_has_zero():
    line = Line(np.arange(4), np.array([-999.0, -1.0, 0.0, 99_999.0]), "c0")
    svg = chart([line], "Loss", is_log=True)
    labels = re.findall(r'text-anchor="end">([^<]*)<', svg)
    assert labels == ["0", "-1e+03", "1e+03", "1e+04", "1e+05"]
    assert points(svg, "c0") == "M64 218h0L332 167L600 167L868 20"


def test_a_logarithmic_scale_holds_all_finite_numbers():
    for losses in ([-5e-324, 1e-320], [-1.7e308, 1.7e308], [-1e-320, 1e-320, 1.7e308, -1.7e308]):
        line = Line(np.arange(len(losses)), np.array(losses), "c0")
        assert not re.search("nan|inf", chart([line], "Loss", is_log=True))


def axis(losses):
    """Return the labels of the axis of a loss."""
    made = Series("loss", "train.py", 3)
    for loss in losses:
        made.add(loss, 1, 2, {})
    page = history_html(ag.History([made]))
    return re.findall(r'text-anchor="end">([^<]*)<', page.split("</svg>")[0])


def test_losses_have_logarithmic_axes_where_few_are_far_above_most():
    assert axis([-1.0, -2.0, -3.0, 1e9]) == ["0", "1e+02", "1e+04", "1e+06", "1e+08"]
    assert axis([0.0, 1.0, 2.0, 1e3]) == ["1e+00", "1e+01", "1e+02", "1e+03"]
    assert axis([-1.0, 1.0, 2.0, 3.0]) == ["-1", "0", "1", "2", "3"]


def test_steps_of_nan_or_inf_have_dots_and_missing_ones_none():
    made = Series("loss", "train.py", 3)
    made.column("w")
    for loss in (1.0, np.nan, np.inf, 1.0):
        made.add(loss, 1, 2, {})
    page = history_html(ag.History([made]))
    assert re.findall(r'class="nonfinite" d="([^"]*)"', page) == ["M332.0 20h.01M600.0 20h.01"]


def test_a_slow_first_step_makes_the_axis_of_times_logarithmic():
    for first, ticks in (
        (9, ["0", "2", "4", "6", "8"]),
        (1000, ["1e+00", "1e+01", "1e+02", "1e+03"]),
    ):
        made = Series("loss", "train.py", 3)
        for ns in (first, 1, 1, 1):
            made.add(1.0, ns * 10**6, ns * 10**6, {})
        times = history_html(ag.History([made])).partition("Milliseconds")[2]
        assert re.findall(r'text-anchor="end">([^<]*)<', times) == ticks


def test_a_line_of_many_steps_keeps_its_peaks():
    y = np.ones(100_000)
    y[54_321] = 9.0
    path = points(chart([Line(np.arange(100_000), y, "c0")], "Loss", is_log=False), "c0")
    assert "L501 20" in path
    assert path.count("L") < 1000


def test_lines_of_one_number_have_a_scale():
    for number in (0.0, -3.0, 1e300, 5e-324):
        for is_log in (True, False):
            line = Line(np.arange(2), np.full(2, number), "c0")
            assert "nan" not in chart([line], "Loss", is_log=is_log)
    assert "nan" not in chart([Line(np.arange(1), np.full(1, np.nan), "c0")], "L", is_log=False)


def test_words_of_marks_do_not_cover_each_other():
    line = Line(np.arange(100), np.ones(100), "c0")
    marks = [Mark(50, "inf at 50"), Mark(51, "nan at 51"), Mark(99, "zero at 99")]
    svg = chart([line], "Loss", is_log=False, marks=marks)
    assert svg.count('<path class="mark"') == 3
    assert re.findall(r'<text class="mark" x="([\d.]+)" .*>(.*)<', svg) == [
        ("442.2", "inf at 50"),
        ("806.0", "zero at 99"),
    ]
