"""The page of a map: one file that loads nothing, for tapes, traces, graphs and profiles."""

import html
import re

import numpy as np
import pytest
from support.hostile import each_hostile_name
from support.maps import decoded

import autograd_tools as ag
import viewer
from autograd_tools.timing import Event, Record
from viewer.drawing.images import svg_of
from viewer.map.page import POLICY, map_page


@pytest.fixture
def tape():
    w = ag.Param(np.eye(3), name="w")
    return ag.diff(lambda: np.sum(np.tanh(w @ np.ones(3))))


def timer_of(*names):
    """A timer of operations that took 1 ms forward and 2 ms backward each."""
    timer = ag.Timer.from_dict(
        {"total_ns": 10_000_000, "section_cost_ns": 0, "sections": {}, "records": []}
    )
    for name in names:
        timer.add(Record(name, 0, f"/models/{name}.py", 3, name, (name,)), 1_000_000, 8)
        timer.add(Record(name, 1, f"/models/{name}.py", 3, name, (name,), "backward"), 2_000_000, 8)
    return timer


def tags(page):
    """The tags of a page outside of the app and its style."""
    page = re.sub(r"<(style|script)\b[^>]*>.*?</\1>", r"<\1>", page, flags=re.DOTALL)
    return re.findall(r"<[/!]?(\w*)", page)


def test_a_page_may_load_nothing(tape):
    page = viewer.to_map(tape)
    assert f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">' in page
    assert "default-src 'none'" in POLICY
    assert re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=", page) == []


def test_a_page_holds_the_first_picture(tape):
    svg = svg_of(tape, heading=False)
    assert svg[svg.index("<svg") :] in viewer.to_map(tape)


def test_the_first_picture_has_no_heading(tape):
    assert "operations" in viewer.to_svg(tape)
    assert "operations" not in svg_of(tape, heading=False).partition("</desc>")[2]


def test_the_first_picture_has_no_legend_of_heat(tape):
    assert "■</tspan>" in viewer.to_svg(tape, heat="bytes")
    assert "■" not in svg_of(tape, heading=False, heat="bytes")


def test_the_app_comes_before_the_data_to_place_the_first_picture(tape):
    page = viewer.to_map(tape)
    assert page.index("<script>") < page.index('id="map-data"')


def test_a_page_that_opens_at_hotspots_hides_the_first_picture(tape):
    page = map_page(tape, "run", view="hotspots")
    assert '<section class="pane middle" hidden>' in page
    assert '<section class="pane middle">' in viewer.to_map(tape)


def test_a_page_is_the_same_for_the_same_tape(tape):
    assert viewer.to_map(tape) == viewer.to_map(tape)


def test_an_html_drawing_is_a_map_with_the_name_of_the_file(tape, tmp_path):
    page = viewer.draw(tape, tmp_path / "graph.html").read_text("utf-8")
    assert page == map_page(tape, "graph")
    assert "<title>graph</title>" in page


def test_to_map_writes_the_path_given(tape, tmp_path):
    page = viewer.to_map(tape, tmp_path / "g.html")
    assert (tmp_path / "g.html").read_text("utf-8") == page


def test_a_saved_trace_gives_the_page_of_its_trace(tape, tmp_path):
    tape.trace().save(tmp_path / "g.json")
    found = decoded(viewer.to_map(tmp_path / "g.json"))
    assert found.header["notes"] == decoded(viewer.to_map(tape)).header["notes"]


def test_a_profile_alone_opens_at_the_hotspots():
    found = decoded(viewer.to_map(timer_of("sin")))
    assert (found.header["view"], found.header["nodes"]) == ("hotspots", 0)
    lines = found.header["profile"]["lines"]
    assert [line[1:] for line in lines] == [[3, 1_000_000, 2_000_000, 1]]


def test_a_profile_counts_the_gradients_of_its_run():
    w = ag.Param(2.0, name="w")
    with ag.profile() as timer:
        for _ in range(3):
            ag.diff(lambda: np.sin(w))
    assert decoded(viewer.to_map(timer)).header["profile"]["gradients"] == 3


def test_a_graph_and_a_profile_share_their_files(tape):
    found = decoded(viewer.to_map(tape, profile=timer_of("sin", "cos")))
    assert found.header["view"] == "graph"
    names = [file["name"] for file in found.header["files"]]
    assert names == ["test_page.py", "sin.py", "cos.py"]


def test_options_are_those_the_page_opens_with(tape):
    header = decoded(
        viewer.to_map(tape, by="line", heat="bytes", focus="w", where="op=tanh")
    ).header
    assert header["looks_at_first"] == {"by": "line", "heat": "bytes"}
    assert (header["selected"], header["query"]) == (1, "op=tanh")


def test_an_unknown_option_is_an_error(tape):
    with pytest.raises(TypeError, match="unknown drawing option 'hue'"):
        viewer.to_map(tape, hue="red")


def test_another_object_is_an_error():
    with pytest.raises(TypeError, match="expected a Tape, a Trace, a Timer"):
        viewer.to_map(3)


def test_marks_of_a_comparison_are_a_column(tape):
    found = decoded(viewer.to_map(tape, marks={2: "changed"}))
    assert found["mark"].tolist() == [0, 3, 0, 0]


def test_the_graph_of_a_pass_keeps_its_groups_open(tape):
    graph = viewer.fit(tape, 2)
    found = decoded(viewer.to_map(graph))
    assert len(found["g_parent"]) > 1
    assert found.header["notes"][1:] == list(graph.notes)


def test_a_notebook_shows_a_page_in_a_frame(tape):
    page = viewer.to_map(tape)
    frame = re.fullmatch(
        r'<iframe srcdoc="([^"]*)" title="Map of a gradient" [^>]*>([^<]*)</iframe>',
        page._repr_html_(),
    )
    assert html.unescape(frame[1]) == page
    assert frame[2] == "The map of a gradient: trust this notebook or run the cell to see it."


def test_a_session_shows_the_size_of_a_page(tape):
    assert re.fullmatch(r"<page of \d+KiB; pass a path to write it>", repr(viewer.to_map(tape)))


def test_a_timeline_of_hours_has_a_coarser_unit():
    timer, hour = ag.Timer(clock=lambda: 0), 3_600_000_000_000
    event = Event(0, "sin", "sin", 0, -1, -1, 2 * hour, 3 * hour, 0)
    timer._events._loaded.append(event)
    timer.add(Record("sin", 0, "/a.py", 3, "f", ("f",)), 1000, 8)
    found = decoded(viewer.to_map(timer))
    unit = found.header["timeline"]["unit_ns"]
    assert (found["t_start"].astype(float) * unit)[0] == pytest.approx(2 * hour, rel=1e-6)
    assert (found["t_length"].astype(float) * unit)[0] == pytest.approx(hour, rel=1e-6)


@each_hostile_name
def test_a_hostile_name_adds_no_tag(name):
    def page(name):
        x = ag.Param(np.ones(2), name=name)
        return viewer.to_map(ag.diff(lambda: np.sum(x * 2)))

    assert tags(page(name)) == tags(page("plain"))


@each_hostile_name
def test_a_hostile_title_adds_no_tag(tape, name):
    assert tags(map_page(tape, name)) == tags(map_page(tape, "plain"))
