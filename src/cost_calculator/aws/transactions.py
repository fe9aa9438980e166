"""What DynamoDB's errors mean for a conditional transaction: whether to send it again as it is."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

from botocore.exceptions import ClientError

CONDITION_FAILED = "ConditionalCheckFailed"
CONFLICT = "TransactionConflict"

# Another writer changes the same items, or a limit was reached: the items are unaffected.
_PASSING = frozenset(
    {
        CONFLICT,
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionInProgressException",
        "InternalServerError",
        "ServiceUnavailable",
    }
)


def reasons_of(error: ClientError) -> list[str]:
    """Return the code of each action of a cancelled transaction; ``"None"`` is no reason."""
    reasons = error.response.get("CancellationReasons", [])
    return [str(reason.get("Code", "None")) for reason in reasons]


def passing(codes: Iterable[str]) -> frozenset[str]:
    """Return those of the codes that pass by themselves: conflicts and throttles."""
    return _PASSING.intersection(codes)


def waits(tries: int, first: float, longest: float) -> Iterator[float]:
    """Yield the seconds to wait between so many tries: exponential, with full jitter."""
    for earlier in range(tries - 1):
        yield random.uniform(0, min(longest, first * 2**earlier))
