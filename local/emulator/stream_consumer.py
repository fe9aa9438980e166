"""Reads one table's stream for one event source mapping and delivers it, in order."""

import random
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ministack.services import dynamodb, lambda_svc

from local.emulator import failure_destination
from local.emulator.stream_batches import Answer, Outside, Policy, Record, deliver

_READ = 1000  # records looked at in one go
_IDLE_SECONDS = 1.0  # how long to wait without a wake, as a net under a missed one
_BACK_OFF_SECONDS = (0.1, 2.0)  # first delay, longest delay; AWS starts near a second


@dataclass(slots=True)
class Switches:
    """What a test may order; see `local/README.md`."""

    shuffle: int | None = None
    duplicate: int = 0


class Consumer:
    """The poller of one mapping; run it in its own thread, in its account's context."""

    def __init__(self, mapping: dict[str, Any]) -> None:
        self.mapping = mapping
        self.switches = Switches()
        self.invocations = 0
        self.discarded = 0
        self.wake = threading.Event()
        self._replay = False
        self._table = mapping["EventSourceArn"].split(":table/", 1)[1].split("/", 1)[0]
        self._position: int | None = lambda_svc._dynamodb_stream_positions.get(mapping["UUID"])

    def run(self) -> None:
        """Deliver until the mapping is deleted."""
        while self._exists():
            self.wake.clear()
            if not self._step():
                self.wake.wait(_IDLE_SECONDS)

    def replay(self) -> None:
        """Deliver the whole stream again, from its oldest record."""
        self._replay = True
        self.wake.set()

    def state(self) -> dict[str, Any]:
        """What a test waits on: `pending` is 0 when all that was written has been delivered."""
        end = dynamodb.stream_end_position(self._table)
        position = self._position or 0
        return {
            "uuid": self.mapping["UUID"],
            "function": self.mapping["FunctionName"],
            "table": self._table,
            "pending": end if self._replay else end - position,
            "invocations": self.invocations,
            "discarded": self.discarded,
        }

    def _step(self) -> bool:
        """Deliver one batch; False when there was nothing to read."""
        table = dynamodb._tables.get(self._table)
        if not self._enabled() or not table:
            return False
        if table.get("LatestStreamArn") != self.mapping["EventSourceArn"]:
            return False
        horizon = dynamodb.stream_start_position(self._table)
        if self._replay:
            self._replay, self._position = False, horizon
        elif self._position is None:
            self._position = dynamodb.stream_end_position(self._table)
        self._position = max(self._position, horizon)
        read = dynamodb.stream_records_since(self._table, self._position, _READ)
        if not read:
            return False
        batch, taken = self._gather(read)
        if batch:
            policy = Policy.from_mapping(self.mapping)
            deliver(self._disturb(batch), policy, self._outside())
        if self._enabled() and self._exists():
            self._position += taken
        return True

    def _gather(self, read: Sequence[Record]) -> tuple[list[Record], int]:
        """The records that pass the filters, up to a batch, and how many were looked at."""
        size = int(self.mapping.get("BatchSize") or 100)
        window = float(self.mapping.get("MaximumBatchingWindowInSeconds") or 0)
        deadline = time.monotonic() + window
        while True:
            batch: list[Record] = []
            taken = 0
            for record in read:
                if len(batch) == size:
                    break
                taken += 1
                batch += lambda_svc._apply_filter_criteria([record], self.mapping)
            remaining = deadline - time.monotonic()
            if not batch or len(batch) == size or remaining <= 0:
                return batch, taken
            self.wake.wait(remaining)
            self.wake.clear()
            read = dynamodb.stream_records_since(self._table, self._position or 0, _READ)

    def _disturb(self, batch: list[Record]) -> list[Record]:
        batch = batch * (1 + self.switches.duplicate)
        if self.switches.shuffle is not None:
            random.Random(self.switches.shuffle).shuffle(batch)
        return batch

    def _outside(self) -> Outside:
        return Outside(
            call=self._call,
            discard=self._discard,
            back_off=self._back_off,
            now=time.time,
            stopped=lambda: not (self._exists() and self._enabled()),
        )

    def _call(self, records: Sequence[Record]) -> Answer:
        while True:
            function, _ = lambda_svc._get_func_record_for_qualifier(
                self.mapping["FunctionName"], self.mapping.get("Qualifier")
            )
            if function is None:
                return Answer(failed=True)
            result = lambda_svc._execute_function(function, {"Records": list(records)})
            if not result.get("throttle"):  # a throttled call costs no retry
                break
            self.wake.wait(_BACK_OFF_SECONDS[0])
        self.invocations += 1
        failed = bool(result.get("error"))
        self.mapping["LastProcessingResult"] = "PROBLEM: Function call failed" if failed else "OK"
        return Answer(failed=failed, body=result.get("body"))

    def _discard(self, records: Sequence[Record], condition: str, invocations: int) -> None:
        self.discarded += len(records)
        failure_destination.send(self.mapping, records, condition, invocations)

    def _back_off(self, retries: int) -> None:
        first, longest = _BACK_OFF_SECONDS
        time.sleep(min(first * 2**retries, longest))

    def _enabled(self) -> bool:
        return bool(self.mapping.get("Enabled", True))

    def _exists(self) -> bool:
        found: Mapping[str, Any] | None = lambda_svc._esms.get(self.mapping["UUID"])
        return found is self.mapping
