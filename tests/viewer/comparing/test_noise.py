"""The significance of a difference, from the times of single gradients."""

import math

import pytest

from autograd_tools.timing import Counts
from viewer.comparing.noise import Change, Spent, spent_on


def counts(*times, calls=1):
    """The counts of a record that took these nanoseconds in each gradient."""
    return Counts(calls * len(times), sum(times), 0, len(times), 0, dict(enumerate(times)))


def spent(*times):
    return spent_on([counts(*times)], len(times), range(len(times)))


def change(before, after):
    return Change("sum", "forward", before, after)


def test_a_typical_gradient_is_the_median():
    assert spent(10, 20, 9000).typical == 20


def test_a_row_of_few_gradients_takes_the_mean():
    assert spent(0, 0, 0, 8).typical == 2


def test_without_samples_the_mean_is_typical():
    assert Spent(10, 5, 700).typical == 70


def test_without_gradients_it_is_the_whole_run():
    assert Spent(0, 5, 700).typical == 700


def test_records_of_one_gradient_add_up():
    assert spent_on([counts(1, 2, 3), counts(10, 20, 30)], 3, range(3)) == Spent(
        3, 6, 66, (11, 22, 33)
    )


def test_times_are_exact_beyond_64_bits():
    assert spent_on([counts(2**70), counts(1)], 1, range(1)).samples == (2**70 + 1,)


def test_a_gradient_without_a_sample_spent_nothing():
    assert spent_on([counts(6)], 3, range(3)).samples == (6, 0, 0)


def test_the_error_is_that_of_a_median_by_the_quartiles():
    assert spent(10, 20, 30, 40, 50).error == pytest.approx(
        math.sqrt(math.pi / 2) * 20 / 1.349 / math.sqrt(5)
    )


def test_one_gradient_that_was_disturbed_adds_no_error():
    assert spent(*[10] * 9, 9000).error == 0


def test_the_error_of_a_mean_is_by_the_deviation():
    assert spent(0, 0, 0, 8).error == pytest.approx(4 / math.sqrt(4))


def test_a_difference_within_three_standard_errors_means_nothing():
    assert change(spent(100, 200, 300, 400), spent(200, 300, 400, 500)).verdict == "same"


def test_a_difference_beyond_three_standard_errors_is_slower_or_faster():
    a, b = spent(100, 110, 90, 100), spent(200, 210, 190, 200)
    assert (change(a, b).verdict, change(b, a).verdict) == ("slower", "faster")


def test_a_difference_is_compared_with_both_standard_errors():
    noise = change(spent(1000, 1300, 1600), spent(1000, 1400, 1800)).noise
    assert noise == pytest.approx(
        3 * math.sqrt(math.pi / 2) / 1.349 * math.sqrt(300**2 / 3 + 400**2 / 3)
    )


def test_a_small_share_means_nothing_however_little_the_gradients_vary():
    assert change(spent(1000, 1000, 1000), spent(1090, 1090, 1090)).verdict == "same"


def test_two_gradients_have_no_known_noise():
    assert change(spent(1, 1), spent(100, 100, 100)).verdict == "unknown"


def test_two_equal_gradients_have_no_known_noise():
    assert change(spent(1, 1), spent(1, 1)).verdict == "unknown"


def test_a_row_of_one_profile_is_new_or_gone():
    assert (change(None, spent(1)).verdict, change(spent(1), None).verdict) == ("new", "gone")


def test_the_ratio_is_of_times_per_gradient():
    assert change(spent(10, 10, 10), spent(20, 20, 20, 20, 20, 20)).ratio == 2


def test_there_is_no_ratio_to_nothing():
    assert (change(None, spent(1)).ratio, change(spent(0, 0, 0), spent(1, 1, 1)).ratio) == (
        None,
        None,
    )


def test_more_than_thirty_gradients_tell_no_more():
    assert spent(*[0, 60] * 15).error == spent(*[0, 60] * 1500).error > 0


def test_the_floor_is_a_share_of_the_shorter_time():
    a, b = spent(100, 100, 100), spent(109, 109, 109)
    assert (change(a, b).noise, change(b, a).noise) == (10, 10)
