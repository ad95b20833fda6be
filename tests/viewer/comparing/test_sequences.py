"""Common items of two sequences: known cases, and random ones."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from viewer.comparing import sequences
from viewer.comparing.sequences import common

items = st.lists(st.integers(0, 4), max_size=30)


def test_equal_sequences_are_paired_as_a_whole():
    assert common([5, 6, 5], [5, 6, 5]) == [(0, 0), (1, 1), (2, 2)]


def test_inserted_items_are_left_out():
    assert common([1, 2, 3, 4], [1, 2, 9, 3, 4]) == [(0, 0), (1, 1), (2, 3), (3, 4)]


def test_nothing_in_common_gives_no_pairs():
    assert common([1, 1], [2, 2, 2]) == []


def test_items_that_occur_once_are_paired_before_others():
    assert common([0, 0, 7, 0], [7, 0, 0, 0]) == [(2, 0), (3, 3)]


def test_sure_pairs_leave_out_what_repeats_between_others():
    assert common([1, 5, 5, 2, 9], [3, 5, 5, 4, 8], sure=True) == []


@given(items, items)
def test_pairs_are_equal_and_in_rising_order(a, b):
    pairs = common(a, b)
    assert all(a[i] == b[j] for i, j in pairs)
    assert all(i < k and j < n for (i, j), (k, n) in pairwise(pairs))


def test_sequences_that_need_many_edits_are_searched_piece_by_piece(monkeypatch):
    monkeypatch.setattr(sequences, "MOST_EDITS", 3)
    assert common([1, 2] * 20, [1, 2, 3] * 20) == [(i, i // 2 * 3 + i % 2) for i in range(40)]
