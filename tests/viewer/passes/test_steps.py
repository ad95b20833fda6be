"""Numbers of steps: the iterations of the program's loops that copies of folded groups are."""

import numpy as np
import pytest
from support.maps import Decoded

import autograd_tools as ag
import viewer
from viewer.labels import heading
from viewer.map.building import MapData
from viewer.map.graph_part import add_graph
from viewer.passes.paging import paged
from viewer.passes.steps import listed


@pytest.fixture
def w():
    return ag.Param(1.1, name="w")


def groups(f, *kinds):
    graph = viewer.fold(ag.diff(f))
    graph.check()
    return [group for group in graph.root.inner() if group.kind in kinds]


def test_a_row_of_steps_has_the_number_of_each(w):
    def f():
        x = 1.0
        for i in range(9):
            x = x * w if i < 5 else np.sin(x * w)
        return x

    assert [group.steps for group in groups(f, "step")] == [
        ((1, 1), (2, 2), (3, 3), (4, 4), (5, 5)),
        ((6, 6), (7, 7), (8, 8), (9, 9)),
    ]


def test_a_loop_that_continues_skips_numbers(w):
    def f():
        x = 1.0
        for i in range(9):
            if i % 3 == 1:
                continue
            x = x * w
        return x

    assert [[first for first, _ in loop.steps] for loop in groups(f, "loop")] == [
        [1, 3, 4, 6, 7, 9]
    ]


def pairs_of_steps(w):
    x = w
    for i in range(8):
        x = np.sin(x) if i % 2 else np.cos(x) + w
    return x


def test_a_repeat_of_steps_has_the_first_and_last_of_each(w):
    found = groups(lambda: pairs_of_steps(w), "repeat")
    assert [group.steps for group in found] == [((1, 2), (3, 4), (5, 6), (7, 8))]


def test_steps_in_a_repeat_are_named_by_all_they_stand_for(w):
    found = groups(lambda: pairs_of_steps(w), "step")
    assert [heading(group) for group in found] == ["steps 1, 3, … 7", "steps 2, 4, … 8"]


def test_inner_steps_have_a_number_in_each_outer_step(w):
    def f():
        x = 1.0
        for i in range(4):
            x = x * w
            for j in range(7):
                if j == i + 1:
                    x = np.cos(x) + w
        return x

    found = groups(f, "step")
    assert [group.steps for group in found] == [((2, 2), (3, 3), (4, 4), (5, 5))]
    assert [heading(group) for group in found] == ["steps 2, 3, … 5"]


def test_an_inner_step_that_is_the_same_in_all_has_one_number(w):
    def f():
        x = 1.0
        for _ in range(4):
            x = x * w
            for j in range(7):
                if j == 2:
                    x = np.cos(x) + w
        return x

    assert [heading(group) for group in groups(f, "step")] == ["step 3"]


def test_levels_have_their_depth():
    def fact(n, x):
        y = fact(n - 1, x) * x if n else x
        return np.sin(y) if n > 3 else y

    found = groups(lambda: fact(6, ag.Param(0.9, name="x")), "level")
    assert sorted(group.steps for group in found if group.copies) == [
        ((1, 1), (2, 2), (3, 3)),
        ((4, 4), (5, 5), (6, 6)),
    ]


def test_levels_in_a_row_of_pairs_are_named_by_all():
    def power(n, x):
        y = power(n - 1, x) * 0.9 if n else x
        return np.cos(y) if n % 2 else y

    found = groups(lambda: power(7, ag.Param(0.9, name="x")), "level")
    assert [heading(group) for group in found] == ["level 7", "levels 2, 4, 6", "levels 1, 3, 5"]


def test_a_page_of_steps_has_the_first_and_last(w):
    def f():
        x = 1.0
        for _ in range(3):
            x = x * w
            for j in range(70):
                x = np.sin(x) if j % 2 and j % 3 and j % 5 and j % 7 else np.cos(x) * j
        return x

    graph = paged(viewer.fold(ag.diff(f)), 10)
    pages = [group for group in graph.root.inner() if group.kind == "stretch"]
    assert pages
    assert {len(page.steps) for page in pages} == {3}


def test_a_map_has_the_steps_in_columns(w):
    made = MapData({})
    add_graph(made, viewer.fold(ag.diff(lambda: pairs_of_steps(w))), ())
    found = Decoded(made.stream())
    assert [int(n) for n in found["g_steps"] if n] == [4, 4, 4]
    assert np.cumsum(found["s_first"]).tolist() == [1, 3, 5, 7, 1, 3, 5, 7, 2, 4, 6, 8]
    assert np.cumsum(found["s_last"]).tolist() == [2, 4, 6, 8, 1, 3, 5, 7, 2, 4, 6, 8]


def test_steps_of_a_title_are_in_order():
    assert listed([(5, 5), (2, 2), (5, 5), (3, 3)]) == "2, 3, 5"
    assert listed([(9, 9), (2, 2), (5, 6), (-3, -3)]) == "2, ≥3, … 9"
