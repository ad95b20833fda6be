"""Whether a difference means something: by hand, from the times of single gradients."""

import math

import pytest

from autograd_tools.timing import Counts, Record
from viewer.noise import Change, Spent, gradients_of, spent_on


def counts(*times, calls=1):
    """The counts of a record that took these nanoseconds in each gradient."""
    return Counts(calls * len(times), sum(times), 0, len(times), sum(ns * ns for ns in times))


def spent(*times):
    return spent_on([counts(*times)], len(times))


def change(before, after):
    return Change("sum", "forward", before, after)


def test_the_deviation_is_that_of_single_gradients():
    assert spent(2, 4, 4, 4, 5, 5, 7, 9) == Spent(8, 8, 40, math.sqrt(32 / 7))


def test_deviations_of_records_add_up_as_if_they_were_slow_together():
    assert spent_on([counts(1, 2, 3), counts(10, 20, 30)], 3) == Spent(3, 6, 66, 11.0)


def test_a_gradient_without_a_part_in_a_record_spent_nothing_on_it():
    assert spent_on([counts(6)], 3) == Spent(3, 1, 6, math.sqrt(12))


def test_the_mean_is_per_gradient():
    assert spent(10, 20, 60).mean == 30


def test_without_gradients_the_mean_is_of_the_whole_run():
    assert Spent(0, 5, 700).mean == 700


def test_a_run_has_as_many_gradients_as_an_argument_had_a_part_in():
    where = ("train.py", 1, "loss", ())
    records = {Record("sum", 0, *where): counts(*[1] * 5), Record("sum", 1, *where, "backward"): counts(*[1] * 4)}
    assert gradients_of(records) == 4


def test_a_run_of_nothing_has_no_gradients():
    assert gradients_of({}) == 0


def test_a_difference_within_three_standard_errors_means_nothing():
    assert change(spent(100, 200, 300, 400), spent(200, 300, 400, 500)).verdict == "same"


def test_a_difference_beyond_three_standard_errors_is_slower_or_faster():
    a, b = spent(100, 110, 90, 100), spent(200, 210, 190, 200)
    assert (change(a, b).verdict, change(b, a).verdict) == ("slower", "faster")


def test_a_difference_is_compared_with_both_standard_errors():
    noise = change(spent(1000, 1300, 1600), spent(1000, 1400, 1800)).noise
    assert noise == pytest.approx(3 * math.sqrt(300**2 / 3 + 400**2 / 3))


def test_a_small_share_means_nothing_however_little_the_gradients_vary():
    assert change(spent(1000, 1000, 1000), spent(1090, 1090, 1090)).verdict == "same"


def test_of_two_gradients_nothing_is_known():
    assert change(spent(1, 1), spent(100, 100, 100)).verdict == "unknown"


def test_of_two_gradients_nobody_knows_though_they_take_the_same():
    assert change(spent(1, 1), spent(1, 1)).verdict == "unknown"


def test_what_was_not_there_is_new_and_what_is_no_more_is_gone():
    assert (change(None, spent(1)).verdict, change(spent(1), None).verdict) == ("new", "gone")


def test_the_ratio_is_of_times_per_gradient():
    assert change(spent(10, 10, 10), spent(20, 20, 20, 20, 20, 20)).ratio == 2


def test_there_is_no_ratio_to_nothing():
    assert (change(None, spent(1)).ratio, change(spent(0, 0, 0), spent(1, 1, 1)).ratio) == (None, None)


def test_more_than_a_hundred_gradients_tell_no_more():
    assert Spent(100, deviation=60.0).error == Spent(3000, deviation=60.0).error == 6


def test_the_floor_is_a_share_of_the_shorter_time_either_way():
    a, b = spent(100, 100, 100), spent(109, 109, 109)
    assert (change(a, b).noise, change(b, a).noise) == (10, 10)
