"""What a message in the failures queue is about, and what does its work once more. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from router.encoding import json_object

# Writers stamp a row with a clock of their own, and the stream with another.
_CLOCKS_APART = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class StreamRecords:
    """Rows that ``price_rows`` gave up; all were on the work list by ``queued_by``."""

    queued_by: datetime
    count: int

    @property
    def about(self) -> str:
        return f"{self.count} stream record(s) to price"


@dataclass(frozen=True, slots=True)
class Event:
    """An event that a function, by its deployed name, could not handle or was never given."""

    function: str
    payload: Any

    @property
    def about(self) -> str:
        return f"an event for {self.function}"


@dataclass(frozen=True, slots=True)
class Unknown:
    """A message that nobody here wrote."""

    about: str = "not written by this deployment"


Subject = StreamRecords | Event | Unknown


def subject_of(body: str, attributes: Mapping[str, str], prefix: str) -> Subject:
    """Return what a message is about; only functions whose names start with ``prefix`` are known.

    ``attributes`` are the message's own: a rule that could not deliver names its target there.
    """
    message = json_object(body)
    batch = message.get("DDBStreamBatchInfo")
    if isinstance(batch, dict):
        arrived = datetime.fromisoformat(batch["approximateArrivalOfLastRecord"])
        return StreamRecords(arrived + _CLOCKS_APART, int(batch["batchSize"]))
    context = message.get("requestContext")
    if isinstance(context, dict):
        function, payload = _name(context.get("functionArn")), message.get("requestPayload")
    else:
        function, payload = _name(attributes.get("TARGET_ARN")), message
    return Event(function, payload) if function.startswith(prefix) else Unknown()


def _name(function_arn: object) -> str:
    """Return the name in ``arn:aws:lambda:region:account:function:NAME[:version]``."""
    parts = str(function_arn).split(":")
    return parts[6] if len(parts) > 6 and parts[5] == "function" else ""
