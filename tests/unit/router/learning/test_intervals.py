from __future__ import annotations

from random import Random

import pytest

from router.learning.intervals import Group, difference, mean, mean_difference, wilson


def test_a_share_has_wilsons_bounds() -> None:
    found = wilson(8, 10)

    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx((0.8, 0.4902, 0.9433), abs=1e-4)


def test_of_nothing_there_is_no_share() -> None:
    assert wilson(0, 0) is None


def test_all_of_a_few_good_is_not_all_of_everything() -> None:
    found = wilson(5, 5)

    assert found is not None
    assert found.high == 1.0
    assert found.low is not None
    assert found.low < 0.6


def test_the_difference_of_two_shares_has_bounds_by_newcombe() -> None:
    # Newcombe (1998), example a: 56 of 70 less 48 of 80 lies within .0524 and .3339.
    one, other = wilson(48, 80), wilson(56, 70)

    assert one
    assert other
    found = difference(one, other)
    assert (found.value, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=1e-4)


def test_means_of_the_same_numbers_have_the_same_bounds_each_time() -> None:
    random = Random(1)
    groups = [Group(random.random(), 1) for _ in range(100)]

    assert mean(groups) == mean(groups)


def test_an_interval_covers_the_true_mean_about_nineteen_times_in_twenty() -> None:
    random = Random(2)
    hits = 0
    for _ in range(60):
        found = mean([Group(random.expovariate(1.0), 1) for _ in range(60)])
        assert found
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= 1.0 <= found.high
    assert hits >= 51


def test_requests_of_one_session_are_no_independent_evidence() -> None:
    random = Random(3)
    sessions = [Group(10 * random.choice((0.0, 1.0)), 10) for _ in range(20)]
    alone = [Group(g.total / 10, 1) for g in sessions for _ in range(10)]

    by_session, by_request = mean(sessions), mean(alone)

    assert by_session
    assert by_request
    assert by_session.high - by_session.low > 2 * (by_request.high - by_request.low)  # type: ignore[operator]


def test_a_few_sessions_have_a_mean_and_no_bounds() -> None:
    found = mean([Group(1.0, 1), Group(3.0, 1)])

    assert found is not None
    assert (found.value, found.low, found.high) == (2.0, None, None)


def test_a_difference_of_means_is_signed_towards_the_second() -> None:
    cheap, expensive = ([Group(usd + n / 100, 1) for n in range(20)] for usd in (1.0, 2.0))

    found = mean_difference(cheap, expensive)

    assert found is not None
    assert found.value == pytest.approx(1.0)
    assert found.low is not None
    assert found.low > 0.8
    assert mean_difference(cheap, []) is None


def test_many_sessions_take_no_longer_than_some() -> None:
    groups = [Group(float(n % 7), 1) for n in range(30_000)]

    found = mean(groups)

    assert found is not None
    assert found.low is not None
    assert found.low < found.value
