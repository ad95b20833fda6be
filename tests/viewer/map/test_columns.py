"""Columns of numbers as a browser reads them."""

import math

import numpy as np
import pytest
from support.maps import Decoded

from viewer.map.columns import compressed, differences, high_words, low_bits, packed


def back(words):
    return (words.astype(np.uint64) << np.uint64(32)).view(np.float64)


def test_high_words_keep_four_digits():
    numbers = np.array([math.pi, -1e300, 1e-300, 0.1, 123456.0, 0.0])
    assert np.allclose(back(high_words(numbers)), numbers, rtol=2**-14, atol=0)


def test_exact_words_with_their_low_bits_keep_six_digits():
    numbers = np.random.default_rng(0).normal(size=1000)
    words = high_words(numbers, exact=True).astype(np.uint64) << np.uint64(32)
    found = (words | (low_bits(numbers).astype(np.uint64) << np.uint64(20))).view(np.float64)
    assert [f"{x:.6g}" for x in found] == [f"{x:.6g}" for x in numbers]


def test_rounding_carries_into_the_exponent():
    assert back(high_words([1.9999999999]))[0] == 2.0


def test_high_words_keep_what_is_not_finite():
    assert np.isnan(back(high_words([math.nan]))[0])
    assert back(high_words([math.inf, -math.inf])).tolist() == [math.inf, -math.inf]


def test_a_number_beyond_the_greatest_is_infinite():
    assert back(high_words([np.finfo(float).max]))[0] == math.inf


def test_columns_start_at_multiples_of_eight_bytes():
    stream = packed({"title": "é"}, {"a": ("u8", [1, 2, 3]), "b": ("i32", [-1, 2**31 - 1])})
    found = Decoded(stream)
    assert found["a"].tolist() == [1, 2, 3]
    assert found["b"].tolist() == [-1, 2**31 - 1]
    assert found.header["title"] == "é"


def test_planes_hold_the_same_numbers():
    found = Decoded(packed({}, {"x": ("p32", np.array([1, 2**32 - 1, 7 << 20], np.uint64))}))
    assert found["x"].tolist() == [1, 2**32 - 1, 7 << 20]


def test_a_number_that_does_not_fit_is_an_error():
    with pytest.raises(OverflowError, match="the column 'a' has a number beyond uint8"):
        packed({}, {"a": ("u8", [256])})


def test_differences_of_nothing_are_nothing():
    assert differences([]).tolist() == []


def test_a_stream_is_compressed_to_the_same_bytes():
    assert compressed(b"abc") == compressed(b"abc")
