"""Numbers as short text."""

import pytest

from autograd_tools.base.formats import bar_text, count_text, memory_text, percent_text, time_text


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0.00ns"),
        (1, "1.00ns"),
        (9.94, "9.94ns"),
        (9.96, "10.0ns"),
        (99.4, "99.4ns"),
        (99.6, "100ns"),
        (999, "999ns"),
        (1000, "1.00μs"),
        (9999, "10.0μs"),
        (99999, "100μs"),
        (123_456, "123μs"),
        (9_999_999, "10.0ms"),
        (45_600_000, "45.6ms"),
        (1_000_000_000, "1.00s"),
        (59_900_000_000, "59.9s"),
        (60_000_000_000, "60.0s"),
        (3_599_000_000_000, "3599s"),
        (3_600_000_000_000, "1.00h"),
        (360_000_000_000_000, "100h"),
        (7_200_000_000_000_000, "2000h"),
    ],
)
def test_time_has_three_digits_and_no_minutes(ns, text):
    assert time_text(ns) == text


@pytest.mark.parametrize(
    ("nbytes", "text"),
    [
        (0, "∅"),
        (1, "1.00B"),
        (464, "464B"),
        (999, "999B"),
        (1000, "0.98KiB"),
        (1024, "1.00KiB"),
        (102_400, "100KiB"),
        (999_999, "977KiB"),
        (1000**2, "0.95MiB"),
        (1024**2, "1.00MiB"),
        (1000**3 - 1, "954MiB"),
        (1000**3, "0.93GiB"),
        (1024**3, "1.00GiB"),
        (1000**4, "0.91TiB"),
        (1000**5, "0.89PiB"),
        (1000**6, "0.87EiB"),
        (1000**7, "867EiB"),
    ],
)
def test_memory_units_change_at_powers_of_1000(nbytes, text):
    assert memory_text(nbytes) == text


def test_memory_never_has_four_digits():
    assert memory_text(999.7) == "0.98KiB"


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 1, "0.0%"),
        (1, 3, "33.3%"),
        (2, 3, "66.7%"),
        (1, 1, "100.0%"),
        (3, 2, "150.0%"),
        (1, 10_000, "0.0%"),
        (0, 0, "-"),
    ],
)
def test_percent_has_one_decimal(part, whole, text):
    assert percent_text(part, whole) == text


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (0, "0"),
        (7, "7"),
        (999, "999"),
        (1000, "1.00k"),
        (12_345, "12.3k"),
        (240_123, "240k"),
        (1_000_000, "1.00M"),
        (1_063_063, "1.06M"),
        (1_000_000_000, "1.00B"),
        (123_456_789_012, "123B"),
    ],
)
def test_counts_have_a_unit_from_1000_on(n, text):
    assert count_text(n) == text


@pytest.mark.parametrize(
    ("share", "bar"),
    [
        (0, ""),
        (1 / 64, "▏"),
        (0.285, "██▎"),
        (0.485, "███▉"),
        (0.5, "████"),
        (1, "████████"),
        (3, "████████"),
    ],
)
def test_a_bar_has_at_most_eight_blocks(share, bar):
    assert bar_text(share) == bar
