"""Says what is wrong after a soak: requests, calls on the wire, sums, queues."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cost_calculator.cli.reconcile import reconcile_tables
from local.deployment import Deployment
from tests.local_cloud.simulator import Simulator
from tests.soak.plan import Ask
from tests.soak.run import Ran, failures, ledger

TERMINAL = {"SUCCEEDED", "TRUNCATED", "REFUSED", "FILTERED", "BLOCKED", "FAILED"}
_ANSWERED = {"SUCCEEDED", "TRUNCATED"}
# The call was made, and these say how it ended on the wire.
_SEEN_ON_THE_WIRE = ("ModelTimeout", "ModelError", "States.Http.")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`findings` is empty when nothing is lost and nothing is counted twice."""

    findings: tuple[str, ...]
    summary: tuple[str, ...]

    @property
    def line(self) -> str:
        if not self.findings:
            return "VERDICT: nothing lost, nothing counted twice"
        return f"VERDICT: {len(self.findings)} things are wrong; the first: {self.findings[0]}"


def audit(deployment: Deployment, ran: Ran, calls_before: int) -> Verdict:
    """Compare rows, wire calls, sums and queues; `calls_before` were made before the soak."""
    rows: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in ledger(deployment).all_rows():
        if row["request_id"] in ran.runs:
            rows[row["request_id"]][row["item"]] = row
    ends = {request_id: sent.end() for request_id, sent in ran.runs.items()}
    calls = Simulator(deployment.cloud.simulator_url).calls()[calls_before:]
    findings = [
        *ran.wrong,
        *_requests(ran.asks, rows, ends),
        *_wire(ran.asks, rows, calls),
        *_queues(rows),
        *_reruns(ran.reruns, rows),
    ]
    sums = reconcile_tables(ledger(deployment))
    findings += [f"{d.cell}: {d.name} differs from its rows" for d in sums.differences]
    findings += [f"{sums.pending} rows are not priced"] if sums.pending else []
    unexplained = failures(deployment) - ran.poison
    findings += [f"unexplained in the failures queue: {text}" for text in sorted(unexplained)]
    return Verdict(tuple(findings), tuple(_summary(ran, rows, calls, sums.total)))


def _requests(
    asks: Iterable[Ask], rows: Mapping[str, Mapping[str, Row]], ends: Mapping[str, str]
) -> Iterator[str]:
    for ask in asks:
        found = rows.get(ask.request_id, {})
        request = found.get("REQUEST")
        if request is None:
            if ends[ask.request_id] == "SUCCEEDED":
                yield f"{ask.request_id} was answered and has no row"
            continue
        if request["status"] not in TERMINAL:
            yield f"{ask.request_id} is {request['status']}"
        if ends[ask.request_id] == "SUCCEEDED" and request["status"] not in _ANSWERED:
            yield f"{ask.request_id} was answered, and its row says {request['status']}"
        attempts = answers(found)
        if request.get("attempts") != len(attempts):
            yield f"{ask.request_id} has {len(attempts)} of {request.get('attempts')} attempts"
        if request["status"] in _ANSWERED and sum(row["served"] for row in attempts) != 1:
            yield f"{ask.request_id} was not served by exactly one attempt"
        for row in attempts:
            if row["outcome"] == "OK" and row["cost_status"] == "PRICED" and not row["cost_usd"]:
                yield f"{ask.request_id} {row['item']}: an answer that is free"


def _wire(
    asks: Sequence[Ask], rows: Mapping[str, Mapping[str, Row]], calls: Sequence[Row]
) -> Iterator[str]:
    """A call that no row knows of is lost; a row without a call needs a death that explains it."""
    made = Counter(call["prompt_hash"] for call in calls)
    for ask in asks:
        attempts = answers(rows.get(ask.request_id, {}))
        fingerprint = hashlib.sha256(ask.prompt.encode()).hexdigest()[:16]
        yield from _compare(ask.request_id, made[fingerprint], attempts)
    everything = [row for items in rows.values() for row in items.values() if is_attempt(row)]
    yield from _compare("all requests", len(calls), everything)


def _compare(name: str, made: int, attempts: Sequence[Row]) -> Iterator[str]:
    accounted = sum(1 + int(row["retries"]) for row in attempts)
    if not accounted - len(unseen(attempts)) <= made <= accounted:
        yield f"{name}: {made} calls on the wire, {accounted} accounted for"


def unseen(attempts: Iterable[Row]) -> list[Row]:
    """Return the attempts of which nobody can say whether the call went out."""
    return [
        row
        for row in attempts
        if row["outcome"] == "UNKNOWN" and not str(row["cause"]).startswith(_SEEN_ON_THE_WIRE)
    ]


def _reruns(reruns: Mapping[str, str], rows: Mapping[str, Mapping[str, Row]]) -> Iterator[str]:
    """A request that was run again has one row, and its second run is the one that ended it."""
    for request_id, arn in reruns.items():
        request = rows[request_id]["REQUEST"]
        if (request.get("runs"), request["execution_arn"]) != (2, arn):
            yield f"{request_id} was run again, and its row says run {request.get('runs', 1)}"


def _queues(rows: Mapping[str, Mapping[str, Row]]) -> Iterator[str]:
    for items in rows.values():
        for row in items.values():
            if "queue" in row and row.get("cost_status") != "UNPRICED":
                yield f"{row['request_id']} {row['item']} still waits in {row['queue']}"


def answers(items: Mapping[str, Row]) -> list[Row]:
    """Return the attempts to answer, without the classifier's question."""
    return [row for row in items.values() if is_attempt(row) and row["item"] != "ATTEMPT#00"]


def is_attempt(row: Row) -> bool:
    return str(row["item"]).startswith("ATTEMPT#")


def _summary(
    ran: Ran, rows: Mapping[str, Mapping[str, Row]], calls: Sequence[Row], total: Mapping[str, Any]
) -> Iterator[str]:
    attempts = [row for items in rows.values() for row in items.values() if is_attempt(row)]
    requests = [items["REQUEST"] for items in rows.values() if "REQUEST" in items]
    yield f"{len(ran.asks)} requests sent, {sum(ask.rule is not None for ask in ran.asks)} faulty"
    ways = Counter(ask.door for ask in ran.asks)
    yield f"ways in: {_counted(ways)}"
    yield f"disasters: {_counted(ran.disasters)}"
    yield f"{len(requests)} accepted: {_counted(Counter(row['status'] for row in requests))}"
    yield f"{len(attempts)} attempts: {_counted(Counter(row['outcome'] for row in attempts))}"
    accounted = sum(1 + int(row["retries"]) for row in attempts)
    died = len(unseen(attempts))
    yield f"{len(calls)} calls on the wire, {accounted} accounted for, {died} of them died unseen"
    yield f"costs: {_counted(Counter(row['cost_status'] for row in attempts))}"
    again = Counter(rows[request_id]["REQUEST"]["status"] for request_id in ran.reruns)
    yield f"{len(ran.reruns)} failed requests run again: {_counted(again)}"
    yield f"{ran.swept} requests left to the sweep; spend in all ${total.get('cost_usd', 0):.6f}"


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counter.most_common()) or "none"
