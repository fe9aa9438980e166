"""A batch is retried, split, checkpointed and discarded by the rules AWS documents."""

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from local.emulator.stream_batches import (
    RETRIES_EXHAUSTED,
    TOO_OLD,
    Answer,
    Outside,
    Policy,
    Record,
    deliver,
)


def record(number: int, created: float = 1000.0) -> Record:
    return {"dynamodb": {"SequenceNumber": f"{number:05}", "ApproximateCreationDateTime": created}}


def numbers(records: Sequence[Record]) -> list[int]:
    return [int(r["dynamodb"]["SequenceNumber"]) for r in records]


def policy(**changes: Any) -> Policy:
    settings = {
        "max_retries": 2,
        "max_age_seconds": -1,
        "bisect": False,
        "report_item_failures": False,
    }
    return Policy(**{**settings, **changes})


class Run:
    """Delivers records to a function of the test's and keeps what happened."""

    def __init__(
        self,
        records: Sequence[Record],
        how: Policy,
        function: Callable[[list[int]], Answer],
        now: float = 1000.0,
    ) -> None:
        self.calls: list[list[int]] = []
        self.discarded: list[tuple[list[int], str, int]] = []
        self.waits: list[int] = []

        def call(batch: Sequence[Record]) -> Answer:
            self.calls.append(numbers(batch))
            return function(numbers(batch))

        deliver(
            records,
            how,
            Outside(
                call=call,
                discard=lambda batch, why, n: self.discarded.append((numbers(batch), why, n)),
                back_off=self.waits.append,
                now=lambda: now,
                stopped=lambda: False,
            ),
        )


def failing_on(*poison: int) -> Callable[[list[int]], Answer]:
    return lambda batch: Answer(failed=bool(set(poison) & set(batch)))


def reporting(*poison: int) -> Callable[[list[int]], Answer]:
    def function(batch: list[int]) -> Answer:
        failures = [{"itemIdentifier": f"{n:05}"} for n in batch if n in poison]
        return Answer(failed=False, body={"batchItemFailures": failures})

    return function


BATCH = [record(n) for n in range(1, 5)]


def test_failed_batch_is_retried_whole_then_discarded_whole() -> None:
    run = Run(BATCH, policy(), failing_on(3))

    assert run.calls == [[1, 2, 3, 4]] * 3
    assert run.discarded == [([1, 2, 3, 4], RETRIES_EXHAUSTED, 3)]
    assert run.waits == [0, 1]


def test_bisecting_isolates_the_poison_and_costs_no_retry() -> None:
    run = Run(BATCH, policy(bisect=True), failing_on(3))

    assert run.calls == [[1, 2, 3, 4], [1, 2], [3, 4], [3], [3], [3], [4]]
    assert run.discarded == [([3], RETRIES_EXHAUSTED, 3)]


def test_lowest_reported_record_is_the_checkpoint() -> None:
    run = Run(BATCH, policy(report_item_failures=True), reporting(2, 4))

    assert run.calls == [[1, 2, 3, 4], [2, 3, 4], [2, 3, 4]]
    assert run.discarded == [([2, 3, 4], RETRIES_EXHAUSTED, 3)]


def test_with_both_the_batch_is_cut_at_the_checkpoint_and_the_rest_goes_on() -> None:
    run = Run(BATCH, policy(bisect=True, report_item_failures=True), reporting(3))

    assert run.calls[:3] == [[1, 2, 3, 4], [3, 4], [3]]
    assert run.calls[-1] == [4]
    assert run.discarded == [([3], RETRIES_EXHAUSTED, 3)]


def test_answers_that_mean_success() -> None:
    for body in (None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}, "text"):
        run = Run(BATCH, policy(report_item_failures=True), lambda _, b=body: Answer(False, b))
        assert len(run.calls) == 1, body
        assert not run.discarded, body


def test_identifiers_that_fail_the_whole_batch() -> None:
    for item in ({"itemIdentifier": ""}, {"itemIdentifier": None}, {"wrong": "1"}, "00001"):
        body = {"batchItemFailures": [item]}
        run = Run(BATCH, policy(report_item_failures=True), lambda _, b=body: Answer(False, b))
        assert run.calls == [[1, 2, 3, 4]] * 3, item


def test_reported_failures_are_ignored_unless_the_mapping_asks_for_them() -> None:
    run = Run(BATCH, policy(), reporting(1))

    assert len(run.calls) == 1
    assert run.discarded == []


def test_record_over_its_age_is_discarded_without_a_call() -> None:
    records = [record(1, created=100), record(2, created=990)]

    run = Run(records, policy(max_age_seconds=60), failing_on())

    assert run.discarded == [([1], TOO_OLD, 0)]
    assert run.calls == [[2]]


def test_defaults_of_a_mapping_are_awss() -> None:
    assert Policy.from_mapping({}) == Policy(-1, -1, False, False)


@given(poison=st.sets(st.integers(1, 20)), bisect=st.booleans(), report=st.booleans())
def test_every_record_is_handled_or_discarded_and_poison_never_blocks(
    poison: set[int], bisect: bool, report: bool
) -> None:
    records = [record(n) for n in range(1, 21)]
    function = reporting(*poison) if report else failing_on(*poison)

    run = Run(records, policy(bisect=bisect, report_item_failures=report), function)

    discarded = {n for batch, _, _ in run.discarded for n in batch}
    handled = {n for batch in run.calls for n in batch}
    assert discarded | handled == set(range(1, 21))
    assert poison <= discarded
    if bisect:
        assert discarded == poison
