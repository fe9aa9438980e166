"""Write units by the sizes of rows, as DynamoDB counts both."""

from decimal import Decimal

import pytest

from cost_calculator.item_size import item_bytes, write_units
from cost_calculator.row_units import attempt_units, request_units
from tests.support.cost_rows import attempt, request

FILLED = 1_100  # more than what is left of a kilobyte


@pytest.mark.parametrize(
    ("row", "size"),
    [
        ({"a": "x"}, 2),
        ({"a": "é"}, 3),
        ({"n": 0}, 2),
        ({"n": 7}, 3),
        ({"n": 120_000}, 3),  # two significant digits
        ({"n": Decimal("-0.0123")}, 5),  # three, and a sign
        ({"b": True, "none": None}, 7),
        ({"l": ["ab", "c"]}, 1 + 3 + (1 + 2) + (1 + 1)),
        ({"m": {"k": "v"}}, 1 + 3 + 1 + 2),
    ],
)
def test_an_item_is_as_large_as_its_names_and_values(row, size):
    assert item_bytes(row) == size


@pytest.mark.parametrize(("size", "units"), [(0, 1), (1, 1), (1024, 1), (1025, 2), (5000, 5)])
def test_a_write_takes_a_unit_for_each_started_kilobyte(size, units):
    assert write_units(size) == units


def test_a_small_request_takes_the_fewest_units():
    # accepted, ended and priced; two indexes and the work list, put and left; the sum
    assert request_units(request()) == 3 * 2 + 3 + 1 + 2
    # written and priced; the work list, put and left
    assert attempt_units(attempt()) == 2 * 2 + 1 + 1


def test_texts_count_by_their_size_once_each():
    stored = request_units(request(content_bytes=1_400, answer_bytes=1_000))

    assert stored - request_units(request()) == 2 * 2 + 2 * 1


def test_what_makes_a_row_larger_counts_with_each_of_its_writes():
    grown = request(metadata={"note": "-" * FILLED})
    at_the_end = request(fallback_cause="-" * FILLED)

    assert request_units(grown) - request_units(request()) == 3 * 2
    assert request_units(at_the_end) - request_units(request()) == 2 * 2
    assert attempt_units(attempt(response_model="-" * FILLED)) - attempt_units(attempt()) == 2 * 2
    assert attempt_units(attempt(price_version="-" * FILLED)) - attempt_units(attempt()) == 2


def test_budgets_caches_and_reviews_count_what_they_write():
    plain = request_units(request())

    assert request_units(request(budgets="acme#2026-11-24,acme#2026-11")) - plain == 2 * 4
    assert request_units(request(cache_key="CACHE#1", answer_bytes=500)) - plain == 2 + 2
    assert request_units(request(review="APPROVED")) > plain
    assert request_units(request(cached=True)) == plain - 2


def test_a_question_to_the_classifier_counts_its_row_and_the_requests_once_more():
    assert attempt_units(attempt(purpose="classify")) - attempt_units(attempt()) == 2 + 2


def test_a_session_takes_one_more_sum():
    # Its name, long as it is here, makes no row pass a kilobyte.
    assert request_units(request(session_id="chat-7")) - request_units(request()) == 2
