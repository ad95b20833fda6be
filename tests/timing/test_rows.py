"""Views of the timer: rows, options of the table, CSV and Markdown."""

import csv
import io
import json
import threading

import pytest
from support.hostile import NAMES, each_hostile_name

from autograd_tools.timing import Timer
from autograd_tools.timing.columns import COLUMNS
from autograd_tools.timing.rows import Row
from autograd_tools.timing.table import LINECHARS


@pytest.fixture
def busy(timer, spend, now):
    """A timer after 16 μs, 10 of them in two calls of `fit` with `step` inside, and `load`."""
    for ns in (1000, 3000):
        spend("fit", ns, inside=lambda ns=ns: spend("step", ns))
    spend("load", 2000)
    now[0] = 16_000
    return timer


def names(text):
    return [line.split("  ")[0] for line in text.splitlines()[7:-1]]


# Rows ---------------------------------------------------------------------------------------------


def test_rows_have_all_figures_of_every_section(busy):
    deviation = 2828.42712474619
    assert busy.rows() == [
        Row(("fit",), 0, 2, 8000, 80.0, None, 4000.0, 2000, 6000, deviation, 0, None, 0.0),
        Row(
            ("fit", "step"), 1, 2, 4000, 40.0, 50.0, 2000.0, 1000, 3000, deviation / 2, 0, None, 0.0
        ),
        Row(("load",), 0, 1, 2000, 20.0, None, 2000.0, 2000, 2000, None, 0, None, 0.0),
    ]


def test_rows_of_a_section_are_shares_of_its_children(busy):
    assert [(row.path, row.percent) for row in busy["fit"].rows()] == [(("step",), 100.0)]


def test_rows_go_as_deep_as_asked(busy):
    assert [row.path for row in busy.rows(maxdepth=1)] == [("fit",), ("load",)]


def test_rows_are_sorted_at_every_level(busy):
    assert [row.path for row in busy.rows(sortby="name")] == [("fit",), ("fit", "step"), ("load",)]


@pytest.mark.parametrize("maxdepth", [0, -1])
def test_a_depth_below_one_is_an_error(busy, maxdepth):
    with pytest.raises(ValueError, match=f"maxdepth must be 1 or more, got {maxdepth}"):
        busy.rows(maxdepth=maxdepth)


def test_the_deviation_of_long_equal_times_is_zero(timer, spend):
    for _ in range(3):
        spend("a", 10**18 + 1)
    assert timer.rows()[0].std_ns == 0.0


# The table ----------------------------------------------------------------------------------------


def test_the_table_shows_minimum_maximum_and_deviation_on_request(busy):
    columns = ["ncalls", "time", "time_par", "time_min", "time_max", "time_std"]
    assert busy.table(columns=columns).splitlines()[5:-1] == [
        " Section             ncalls     time   %par     min     max     std",
        "───────────────────────────────────────────────────────────────────",
        " fit                      2   8.00μs         2.00μs  6.00μs  2.83μs",
        " └─ step                  2   4.00μs    50%  1.00μs  3.00μs  1.41μs",
        " load                     1   2.00μs         2.00μs  2.00μs       -",
    ]


def test_bars_show_shares_in_eighths_of_a_block(busy):
    assert busy.table(columns=["time"], bars=True).splitlines()[5:-1] == [
        " Section               time  share",
        "────────────────────────────────────",
        " fit                 8.00μs  ██████▍",
        " └─ step             4.00μs  ███▎",
        " load                2.00μs  █▋",
    ]


def test_compact_leaves_out_means_and_bars(busy):
    assert busy.table(compact=True, bars=True).splitlines()[5].split() == [
        "Section",
        "ncalls",
        "time",
        "%tot",
        "alloc",
        "%tot",
    ]


def test_without_allocations_the_table_has_times_only(busy):
    assert busy.table(allocations=False).splitlines()[5].split() == [
        "Section",
        "ncalls",
        "time",
        "%tot",
        "avg",
    ]


def test_the_table_goes_as_deep_as_asked(busy):
    assert names(busy.table(maxdepth=1)) == [" fit", " load"]


def test_an_ascii_table_is_ascii(busy):
    assert busy.table(linechars="ascii", bars=True, allocations=False).splitlines() == [
        "-------------------------------------------------------------",
        "                                            Time",
        "                              --------------------------------",
        " Tot / % measured:                     16.0us / 62.5%",
        "",
        " Section             ncalls     time    %tot     avg  share",
        "-------------------------------------------------------------",
        " fit                      2   8.00us   80.0%  4.00us  ######.",
        " `- step                  2   4.00us   40.0%  2.00us  ###.",
        " load                     1   2.00us   20.0%  2.00us  #.",
        "-------------------------------------------------------------",
    ]


def test_an_ascii_table_keeps_labels_unchanged(timer, spend):
    spend("μ-step ├─", 1)
    assert names(timer.table(linechars="ascii")) == [" μ-step ├─"]


def test_unknown_linechars_are_an_error_with_the_choices(busy):
    with pytest.raises(ValueError, match="unknown linechars 'utf8'; choose unicode, ascii"):
        busy.table(linechars="utf8")


@pytest.mark.parametrize("width", [120, 80, 79, 60, 40, 20, 5])
@pytest.mark.parametrize("linechars", LINECHARS)
def test_no_line_is_longer_than_the_width(timer, spend, width, linechars):
    for label in NAMES.values():
        spend(label, 1, inside=lambda: spend("y" * 100, 1))
    assert (
        max(map(len, timer.table(width=width, bars=True, linechars=linechars).splitlines()))
        <= width
    )


def test_a_width_below_one_is_an_error(busy):
    with pytest.raises(ValueError, match="width must be 1 or more, got 0"):
        busy.table(width=0)


def test_a_table_that_fits_is_as_without_a_width(busy):
    assert busy.table(width=79) == busy.table()


def test_long_names_are_cut_before_columns_are_dropped(timer, spend):
    spend("a long name " * 3, 1)
    assert timer.table(width=60, allocations=False).splitlines()[5:-1] == [
        " Section                     ncalls     time    %tot     avg",
        "────────────────────────────────────────────────────────────",
        " a long name a long name …        1   1.00ns  100.0%  1.00ns",
    ]


def test_columns_that_do_not_fit_are_dropped_from_the_right(busy):
    assert busy.table(width=60).splitlines()[5].split() == [
        "Section",
        "ncalls",
        "time",
        "%tot",
        "avg",
    ]


def test_wide_characters_count_twice_in_a_width(timer, spend):
    spend("日本語" * 10, 1)
    assert names(timer.table(columns=["time"], width=27)) == [" 日本語日本語日本…"]


@pytest.mark.parametrize("title", ["a\nb", "\x1b[1mx"])
def test_a_title_stays_on_its_line(busy, title):
    assert len(busy.table(title=title).splitlines()) == len(str(busy).splitlines())


def test_the_table_of_a_section_has_its_children_and_time(busy):
    assert str(busy["fit"]).splitlines()[3:-1] == [
        " Tot / % measured:                8.00μs / 50.0%                  ∅",
        "",
        " Section             ncalls     time    %tot     avg     alloc    %tot      avg",
        "───────────────────────────────────────────────────────────────────────────────",
        " step                     2   4.00μs  100.0%  2.00μs         ∅       -        ∅",
    ]


def test_the_table_names_the_number_of_threads():
    timer, meet = Timer(clock=lambda: 0), threading.Barrier(2, timeout=60)

    def work():
        with timer.section("work"):
            meet.wait()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert str(timer).splitlines()[-1] == " Measured in 2 threads; their sum may exceed Tot."


def test_the_table_ends_with_the_unmeasured_time():
    data = {"total_ns": 10_000, "section_cost_ns": 100, "sections": {"a": SECTION}, "records": []}
    assert str(Timer.from_dict(data)).splitlines()[-2:] == [
        " Not measured: 4.00μs, 40.0% of Tot.",
        " Timer overhead: 100ns per section, 300ns in total, 3.0% of Tot.",
    ]


def test_overlapping_threads_leave_nothing_unmeasured():
    data = {"total_ns": 5000, "section_cost_ns": 100, "sections": {"a": SECTION}, "records": []}
    assert "Not measured" not in str(Timer.from_dict(data))


SECTION = {"ncalls": 3, "ns": 6000, "nbytes": 0, "children": {}}


# CSV and Markdown ---------------------------------------------------------------------------------


def test_csv_has_plain_numbers(busy):
    assert busy.to_csv().splitlines()[:3] == [
        "section,path,depth,ncalls,ns,percent,parent_percent,avg_ns,min_ns,max_ns,std_ns,nbytes,nbytes_percent,avg_nbytes",
        'fit,"[""fit""]",0,2,8000,80.0,,4000.0,2000,6000,2828.42712474619,0,,0.0',
        'step,"[""fit"", ""step""]",1,2,4000,40.0,50.0,2000.0,1000,3000,1414.213562373095,0,,0.0',
    ]


@each_hostile_name
def test_every_label_comes_back_from_csv(timer, spend, name):
    spend(name, 1)
    (row,) = csv.DictReader(io.StringIO(timer.to_csv()))
    assert (json.loads(row["path"]), row["ns"]) == ([name], "1")


@pytest.mark.parametrize("label", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_no_cell_of_csv_begins_as_a_formula(timer, spend, label):
    spend(label, 1)
    rows = list(csv.reader(io.StringIO(timer.to_csv())))
    assert rows[1][0] == f"'{label}"
    assert rows[1][1].startswith("[")


def test_csv_and_markdown_are_written_where_asked(busy, tmp_path):
    assert busy.to_csv(tmp_path / "a.csv") == (tmp_path / "a.csv").read_text(encoding="utf-8")
    assert busy.to_markdown(tmp_path / "a.md") == (tmp_path / "a.md").read_text(encoding="utf-8")


def test_markdown_is_a_table(busy):
    assert busy.to_markdown(columns=["ncalls", "time", "time_par"]).splitlines() == [
        "| section | ncalls | time | time_par |",
        "| --- | ---: | ---: | ---: |",
        "| fit | 2 | 8.00μs |  |",
        "| &nbsp;&nbsp;step | 2 | 4.00μs | 50% |",
        "| load | 1 | 2.00μs |  |",
    ]


@pytest.mark.parametrize(
    ("label", "cell"),
    [
        ("a|b", r"a\|b"),
        ("a\nb", r"a\\nb"),
        ("</script>", r"\</script\>"),
        ("`x`", r"\`x\`"),
        ("matmul[1]", r"matmul\[1\]"),
        ("\\|", r"\\\|"),
    ],
)
def test_labels_in_markdown_are_escaped(timer, spend, label, cell):
    spend(label, 1)
    assert timer.to_markdown(columns=["ncalls"]).splitlines()[2] == f"| {cell} | 1 |"


def test_an_unknown_markdown_column_is_an_error_with_the_choices(busy):
    with pytest.raises(ValueError, match="unknown column 'x'; choose ncalls, time, "):
        busy.to_markdown(columns=["x"])


@pytest.mark.parametrize("column", list(COLUMNS))
def test_every_column_has_a_cell_for_a_section_without_calls(column):
    timer = Timer.from_dict(
        {"total_ns": 0, "sections": {"open": {**SECTION, "ncalls": 0, "ns": 0}}, "records": []}
    )
    assert timer.table(columns=[column]).splitlines()[7].split()[:1] == ["open"]
