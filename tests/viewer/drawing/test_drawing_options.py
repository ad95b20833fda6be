"""Options of drawings: each has a meaning in a format, or is refused with what to write."""

import re

import numpy as np
import pytest

import autograd_tools as ag
import viewer

TAPE = ag.diff(lambda: np.sin(ag.Param(2.0, name="x")))


@pytest.mark.parametrize(
    ("ending", "reason"),
    [(".html", "the page shows the source beside the picture"), (".png", "pixels have no links")],
)
def test_links_apply_to_no_format_without_them(tmp_path, ending, reason):
    message = f"links= does not apply to {ending}, {reason}; write a .svg"
    with pytest.raises(ValueError, match=re.escape(message)):
        viewer.draw(TAPE, tmp_path / f"g{ending}", links="vscode")


@pytest.mark.parametrize("ending", [".svg", ".html", ".dot", ".mmd", ".png"])
@pytest.mark.parametrize("name", ["view", "title", "html", "origin", "color"])
def test_an_option_of_no_drawing_is_unknown_in_each_format(tmp_path, ending, name):
    with pytest.raises(TypeError, match=f"unknown drawing option '{name}'; choose gradients, "):
        viewer.draw(TAPE, tmp_path / f"g{ending}", **{name: 1})


@pytest.mark.parametrize("ending", [".svg", ".html"])
def test_a_profile_is_an_option_of_the_map_alone(tmp_path, ending):
    with pytest.raises(TypeError, match=r"profile= adds to a page; write viewer\.to_map"):
        viewer.draw(TAPE, tmp_path / f"g{ending}", profile=ag.timer)


@pytest.mark.parametrize("links", [True, 3, ["vscode"], "emacs"])
def test_links_that_are_no_address_name_those_there_are(links):
    with pytest.raises(ValueError, match=r"unknown links .*; choose file, vscode, pycharm, or an"):
        viewer.to_svg(TAPE, links=links)


@pytest.mark.parametrize("name", ["gradients", "backward"])
def test_a_switch_is_true_or_false(name):
    with pytest.raises(ValueError, match=f"{name}= must be True or False, got 'no'"):
        viewer.to_dot(TAPE, **{name: "no"})


def test_links_to_a_page_are_an_error_before_the_script_runs(ask, tmp_path):
    (tmp_path / "train.py").write_text("raise SystemExit(7)")
    _, errors, status = ask("draw", "-o", "g.html", "--links", "vscode", "train.py")
    assert (errors.startswith("autograd-tools: links= does not apply to .html"), status) == (
        True,
        2,
    )
