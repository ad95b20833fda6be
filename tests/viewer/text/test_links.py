"""Optional links from a drawing to the source."""

import pytest

import autograd_tools as ag
import viewer
from viewer.text.links import LINKS, link


@pytest.fixture(scope="module")
def trace():
    names = {}
    exec(compile("def double(w):\n    return w * 2", "/models/my model.py", "exec"), names)
    return ag.trace(names["double"], 3.0)


def test_a_drawing_names_no_folder_of_this_machine(trace):
    assert "/models" not in viewer.to_svg(trace)


@pytest.mark.parametrize(
    ("links", "address"),
    [
        ("file", "file:///models/my%20model.py#L2"),
        ("vscode", "vscode://file/models/my%20model.py:2"),
        ("pycharm", "pycharm://open?file=/models/my%20model.py&amp;line=2"),
        ("emacs://{file}?l={line}", "emacs:///models/my%20model.py?l=2"),
    ],
)
def test_a_box_leads_to_its_line(trace, links, address):
    assert f'xlink:href="{address}"' in viewer.to_svg(trace, links=links)


@pytest.mark.parametrize("links", ["emacs", "vscode://{line}", "x://{file}:{column}", ""])
def test_unknown_links_are_an_error_that_lists_the_known(trace, links):
    with pytest.raises(
        ValueError,
        match=rf"unknown links .*; choose {', '.join(LINKS)}, or an address with {{file}} and ",
    ):
        viewer.to_dot(trace, links=links)


@pytest.mark.parametrize(("file", "line"), [("", 0), ("<stdin>", 3)])
def test_without_a_file_there_is_no_link(file, line):
    assert link("file", file, line) == ""


@pytest.mark.parametrize("file", ['/a"b.py', "/a'b<c>.py", "/a\nb.py"])
def test_a_hostile_file_is_only_an_address(file):
    assert set(link("file", file, 1)) & set("\"'<>\n") == set()


def test_a_file_name_that_is_not_text_has_an_address():
    assert link("file", "/a\ud800.py", 1) == "file:///a%3F.py#L1"
