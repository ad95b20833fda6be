"""The lines of a file that are shown around measured lines."""

import pytest

from viewer.profiles.extents import lines_around

CODE = """\
class Outer:
    x = 1

    class Inner:
        @cached
        @property
        def method(self):
            def nested():
                return 1

            return nested()

        async def other(self):
            return 2


for i in range(3):
    y = (
        i
    )
z = lambda: y
""".splitlines(keepends=True)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (9, [1, 4, 7, 8, 9]),
        (11, [1, 4, 5, 6, 7, 8, 9, 10, 11]),
        (6, [1, 4, 5, 6, 7, 8, 9, 10, 11]),
        (14, [1, 4, 13, 14]),
        (19, [17, 18, 19, 20]),
        (21, [21]),
    ],
    ids=["nested function", "method", "decorator", "async function", "loop", "lambda"],
)
def test_the_innermost_function_is_shown_or_else_the_outermost_statement(line, shown):
    assert lines_around(CODE, [line]) == (shown, False)


def test_a_line_of_a_class_shows_the_class():
    assert lines_around(CODE, [2]) == (list(range(1, 15)), False)


@pytest.mark.parametrize(
    ("line", "shown"),
    [(16, [14, 15, 16, 17, 18]), (10, [1, 4, 5, 6, 7, 8, 9, 10, 11]), (99, [99])],
    ids=["blank", "blank in a function", "beyond the end"],
)
def test_a_measured_line_without_code_means_a_changed_file(line, shown):
    assert lines_around(CODE, [line]) == (shown, True)


def test_other_text_is_shown_around_the_lines():
    assert lines_around(["print 1\n"] * 9, [4]) == ([2, 3, 4, 5, 6], False)


def test_an_empty_file_has_changed():
    assert lines_around([""], [4]) == ([4], True)


def test_code_that_warns_when_compiled_warns_once():
    assert lines_around(["x = '\\d'\n", "y = 1 is 1\n"], [1]) == ([1], False)
