"""What a DynamoDB event source mapping does with a batch: retry, bisect, checkpoint, discard.

Pure: the call of the function, the clock and the destination come from outside.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Record = dict[str, Any]
RETRIES_EXHAUSTED = "RetryAttemptsExhausted"
TOO_OLD = "MaximumRecordAgeExceeded"


@dataclass(frozen=True, slots=True)
class Policy:
    """The mapping's settings for failures; -1 means no limit."""

    max_retries: int
    max_age_seconds: int
    bisect: bool
    report_item_failures: bool

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> "Policy":
        """Read the settings of an event source mapping, with AWS's defaults."""
        retries = mapping.get("MaximumRetryAttempts")
        age = mapping.get("MaximumRecordAgeInSeconds")
        return cls(
            max_retries=-1 if retries is None else int(retries),
            max_age_seconds=-1 if age is None else int(age),
            bisect=bool(mapping.get("BisectBatchOnFunctionError")),
            report_item_failures="ReportBatchItemFailures"
            in (mapping.get("FunctionResponseTypes") or []),
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """How one call of the function ended."""

    failed: bool
    body: Any = None


@dataclass(frozen=True, slots=True)
class Outside:
    """What the delivery needs from the world around it."""

    call: Callable[[Sequence[Record]], Answer]
    discard: Callable[[Sequence[Record], str, int], None]
    back_off: Callable[[int], None]
    now: Callable[[], float]
    stopped: Callable[[], bool]


def deliver(batch: Sequence[Record], policy: Policy, outside: Outside) -> None:
    """Call the function until each record is done with or discarded, in order.

    Splitting a batch costs no retry, as AWS documents; everything else that is sent again does.
    """
    waiting: deque[tuple[Sequence[Record], int]] = deque([(batch, 0)])
    while waiting and not outside.stopped():
        records, retries = waiting.popleft()
        records = _drop_old(records, policy, outside, retries)
        if not records:
            continue
        done = _checkpoint(records, outside.call(records), policy)
        rest = records[done:]
        if not rest:
            continue
        if policy.bisect and done:
            waiting.appendleft((rest, retries))
        elif policy.bisect and len(rest) > 1:
            middle = len(rest) // 2
            waiting.extendleft([(rest[middle:], retries), (rest[:middle], retries)])
        elif 0 <= policy.max_retries <= retries:
            outside.discard(rest, RETRIES_EXHAUSTED, retries + 1)
        else:
            outside.back_off(retries)
            waiting.appendleft((rest, retries + 1))


def _checkpoint(records: Sequence[Record], answer: Answer, policy: Policy) -> int:
    """How many records from the front are done with."""
    if answer.failed:
        return 0
    if not policy.report_item_failures or not isinstance(answer.body, dict):
        return len(records)
    failures = answer.body.get("batchItemFailures")
    if not failures:
        return len(records)
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    reported = {item.get("itemIdentifier") if isinstance(item, dict) else None for item in failures}
    if not reported <= set(numbers):
        return 0  # an empty, null, misspelt or unknown identifier fails the whole batch
    return min(numbers.index(number) for number in reported)


def _drop_old(
    records: Sequence[Record], policy: Policy, outside: Outside, retries: int
) -> Sequence[Record]:
    if policy.max_age_seconds < 0:
        return records
    horizon = outside.now() - policy.max_age_seconds
    old = [r for r in records if r["dynamodb"]["ApproximateCreationDateTime"] < horizon]
    if not old:
        return records
    outside.discard(old, TOO_OLD, retries)
    return [record for record in records if record not in old]
