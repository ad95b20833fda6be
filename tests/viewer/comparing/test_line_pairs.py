"""Pairs of files and lines: moved folders, inserted, removed and changed lines."""

import pytest

from viewer.comparing.line_pairs import pair_files, pair_lines


def lines(text, first=1):
    """One line for each letter, which says what it does; a space does nothing."""
    return {number: letter for number, letter in enumerate(text, first) if letter != " "}


@pytest.mark.parametrize(
    ("a", "b", "pairs"),
    [
        (["/x/a.py"], ["/x/a.py"], {"/x/a.py": "/x/a.py"}),
        (
            ["/old/src/a.py", "/old/b.py"],
            ["/new/src/a.py", "/new/b.py"],
            {"/old/src/a.py": "/new/src/a.py", "/old/b.py": "/new/b.py"},
        ),
        (
            ["/x/p/a.py", "/x/q/a.py"],
            ["/y/q/a.py", "/y/p/a.py"],
            {"/x/p/a.py": "/y/p/a.py", "/x/q/a.py": "/y/q/a.py"},
        ),
        (["C:\\x\\a.py"], ["/x/a.py"], {"C:\\x\\a.py": "/x/a.py"}),
        (
            ["/x/a.py", "/x/one.py"],
            ["/x/a.py", "/x/two.py"],
            {"/x/a.py": "/x/a.py", "/x/one.py": "/x/two.py"},
        ),
        (["/x/a.py", "/x/b.py"], ["/y/c.py", "/y/d.py"], {}),
        (["/x/a.py", "/y/x/a.py"], ["/x/a.py"], {"/x/a.py": "/x/a.py"}),
        (["", "/x/a.py"], ["/x/a.py"], {"/x/a.py": "/x/a.py"}),
        ([], [], {}),
    ],
    ids=[
        "same",
        "moved",
        "by folder",
        "Windows",
        "renamed",
        "unknown",
        "the same before longer ones",
        "no file",
        "none",
    ],
)
def test_files_are_paired_by_the_end_of_their_paths(a, b, pairs):
    assert pair_files(a, b) == pairs


@pytest.mark.parametrize(
    ("a", "b", "pairs"),
    [
        ("abc", "abc", {1: 1, 2: 2, 3: 3}),
        ("abc", " abc", {1: 2, 2: 3, 3: 4}),
        ("abc", "axbc", {1: 1, 2: 3, 3: 4}),
        ("axbc", "abc", {1: 1, 3: 2, 4: 3}),
        ("abc", "axc", {1: 1, 2: 2, 3: 3}),
        ("aaa", "aa a", {1: 1, 2: 2, 3: 4}),
        ("aaa", "a a", {1: 1, 3: 3}),
        ("abc", "xyz", {1: 1, 2: 2, 3: 3}),
        ("a  b", "a bx", {1: 1, 4: 3}),
        ("", "abc", {}),
    ],
    ids=[
        "same",
        "down",
        "inserted",
        "removed",
        "changed",
        "repeated",
        "not run",
        "all changed",
        "up",
        "none",
    ],
)
def test_lines_are_paired_by_what_they_do(a, b, pairs):
    assert pair_lines(lines(a), lines(b)) == pairs


def test_a_long_file_with_a_line_more_is_paired():
    old = {n: n % 7 for n in range(1, 3000)}
    new = {n + (n > 1500): does for n, does in old.items()} | {1501: "new"}
    assert pair_lines(old, new) == {n: n + (n > 1500) for n in old}
