"""A bucket, a table and a state machine in memory, and a clock that only sleeping moves."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from cost_calculator.row_keys import DEFAULT_TENANT, key_of, request_id_of, tenant_of
from router.executions.names import execution_name
from router.executions.run import Busy, Run
from router.ingress.batch.chunk_runner import ChunkRun
from router.intake.identity import payload_hash


class Bucket:
    def __init__(self, **files: str) -> None:
        self.files: dict[str, str] = dict(files)
        self.puts: list[str] = []

    def blocks(self, key: str, offset: int) -> Iterator[bytes]:
        yield self.files[key].encode()[offset:]

    def find(self, key: str) -> str | None:
        return self.files.get(key)

    def find_all(self, keys: Iterable[str]) -> list[str | None]:
        return [self.files.get(key) for key in keys]

    def put(self, key: str, body: str) -> None:
        self.files[key] = body
        self.puts.append(key)

    def lines(self, key: str) -> list[Any]:
        return [json.loads(line) for line in self.files[key].splitlines()]


class World:
    """Executions and rows: a run takes two seconds, and its cost is known a second later."""

    def __init__(self) -> None:
        self.time = 0.0
        self.runs: dict[str, tuple[float, dict[str, Any]]] = {}
        self.started: list[str] = []
        self.most_at_once = 0
        self.refused: set[str] = set()  # by the workflow, before it accepts
        self.busy = 0
        self.store_text = True
        self.names_are_unique = True  # as on a Standard machine
        self.priced = True
        self.rows: dict[str, tuple[float, str]] = {}

    def start(self, name: str, payload: str) -> Run | None:
        if self.busy:
            self.busy -= 1
            raise Busy("ThrottlingException")
        if name in self.runs and self.names_are_unique:
            return self.describe(name)
        self.started.append(name)
        given = json.loads(payload)
        self.runs[name] = (self.time, given)
        if given["input"] not in self.refused:
            # Accepted once, whatever the execution is called.
            self.rows.setdefault(_key(given), (self.time, _hash(given)))
        running = sum(at + 2 > self.time for at, _ in self.rows.values())
        self.most_at_once = max(self.most_at_once, running)
        return None

    def describe(self, name: str) -> Run:
        at, given = self.runs[name]
        if _key(given) not in self.rows:
            return Run("FAILED", json.dumps(given), "RateLimited", "try again in 10 s")
        over = self.time >= at + 2
        output = json.dumps({"output": f"said {given['input']}"}) if over else None
        return Run("SUCCEEDED" if over else "RUNNING", json.dumps(given), output=output)

    def statuses(self, keys: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        return {
            key: {
                "status": self._status(key),
                "tenant": tenant_of(key),
                "payload_hash": self.rows[key][1],
            }
            for key in keys
            if key in self.rows
        }

    def rows_of(self, key: str) -> dict[str, dict[str, Any]]:
        at, _ = self.rows[key]
        name = execution_name(tenant_of(key), request_id_of(key))
        known = self.priced and self.time >= at + 3
        request = {
            "status": self._status(key),
            "route": "SIMPLE",
            "complexity": "SIMPLE",
            "model": "haiku",
            "provider": "bedrock",
            "execution_arn": f"arn:aws:states:us-east-1:1:execution:faregate:{name}",
            "cost_status": "PRICED" if known else "PENDING",
        }
        attempt: dict[str, Any] = {"cost_status": "PENDING"}
        if known:
            request["overhead_usd"] = Decimal("0.0001")
            attempt = {
                "cost_status": "PRICED",
                "cost_usd": Decimal("0.000010"),
                "baseline_usd": Decimal("0.0002"),
            }
        rows = {"REQUEST": request, "ATTEMPT#01": attempt}
        if self.store_text:
            rows["CONTENT"] = {"output": f"said by {key}"}
        return rows

    def _status(self, key: str) -> str:
        return "SUCCEEDED" if self.time >= self.rows[key][0] + 2 else "ACCEPTED"

    def chunk_run(self, token: str = "t1", until: float = 1e9, express: bool = False) -> ChunkRun:
        def sleep(seconds: float) -> None:
            self.time += seconds

        return ChunkRun(
            self,
            self,
            token,
            express,
            has_time=lambda: self.time < until,
            monotonic=lambda: self.time,
            sleep=sleep,
        )


def _key(given: dict[str, Any]) -> str:
    return key_of(given.get("tenant", DEFAULT_TENANT), given["request_id"])


def _hash(given: dict[str, Any]) -> str:
    return payload_hash(given)
