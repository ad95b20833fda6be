"""Lines of spans: folding and a console's output."""

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from viewer.text.lines import Span, chop, fold, painted, plain


def rows(text, width, first="", rest=""):
    return plain(fold([Span(text)], width, first, rest)).splitlines()


@pytest.mark.parametrize(
    ("text", "width", "folded"),
    [
        ("one two three", 13, ["one two three"]),
        ("one two three", 12, ["one two", "three"]),
        ("one two three", 7, ["one two", "three"]),
        ("one two three", 4, ["one", "two", "thre", "e"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("日本語", 4, ["日本", "語"]),
        ("日本語", 5, ["日本", "語"]),
        ("日本語", 1, ["日", "本", "語"]),
        ("", 3, []),
    ],
)
def test_a_line_is_folded_at_spaces_or_else_anywhere(text, width, folded):
    assert rows(text, width) == folded


def test_guides_precede_the_first_row_and_the_others():
    assert rows("one two three", 12, "1. ", "   ") == ["1. one two", "   three"]


def test_a_long_guide_leaves_half_the_width():
    assert rows("one two", 8, "│   │   ├── ", "│   │   │   ") == ["├── one", "│   two"]


def test_a_fold_keeps_styles():
    assert list(fold([Span("one ", "bold"), Span("two", "red")], 4)) == [
        [Span("", "dim"), Span("one", "bold")],
        [Span("", "dim"), Span("two", "red")],
    ]


@pytest.mark.parametrize(
    ("text", "width"), [("abc", 3), ("∇=R", 3), ("日本", 4), ("├── ", 4), ("", 0), ("e\u0301", 1)]
)
def test_the_width_of_a_text(text, width):
    assert cell_len(text) == width


def test_a_text_is_chopped_into_pieces():
    assert chop("float64[2,3]", 5) == ["float", "64[2,", "3]"]


def console(**options):
    return Console(file=io.StringIO(), force_terminal=True, **options)


def test_colours_are_those_of_the_console():
    lines = [[Span("a", "bold"), Span("b")]]
    found = painted(lines, console(color_system="standard", _environ={}))
    assert [*found] == ["\x1b[1ma\x1b[0mb"]


def test_a_console_without_colours_gets_plain_text():
    lines = [[Span("a", "red"), Span("b", "", (__file__, 3))]]
    assert [*painted(lines, console(color_system=None, _environ={}))] == ["ab"]


def test_plain_rows_escape_what_a_terminal_would_obey() -> None:
    assert plain([[Span("a\x1b[2J"), Span("\u202eb\x9b")]]) == r"a\x1b[2J\u202eb\x9b"


def test_a_gradient_stays_beside_its_sign():
    assert rows("3×16  ∇ 0.00798", 9) == ["3×16", "∇ 0.00798"]
