"""Sends the requests of a soak, does to AWS what its plan says, and waits until all is quiet."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from cost_calculator.aws.ledger_store import LedgerStore
from local import client, cloud_time
from local.deployment import Deployment
from router.aws.usage_table import UsageStore
from router.cli.rerun import Runs
from router.operations.rerun import failed_for, run_again
from tests.local_cloud.cloud_control import Emulator, make_older, wait_for
from tests.local_cloud.simulator import Simulator
from tests.soak.disasters import calm, strike
from tests.soak.doors import Doors, Sent
from tests.soak.hostile import attacker, queued
from tests.soak.plan import MODEL_TIMEOUT_SECONDS, Ask

MODELS = ("invoke_model", "converse")
_AT_A_TIME = 32
_ATTACKED = 5  # an attack after so many requests
_LONG_AGO = "2026-01-01T00:00:00.000Z"
_SWEEPS = 5


@dataclass(slots=True)
class Ran:
    """What was sent and done; `runs` are the requests under way by their ids.

    `reruns` are the second ones of what failed. `poison` are the failures that any replay of this
    stream brings, soak or not. `wrong` is what an attacker achieved.
    """

    asks: list[Ask] = field(default_factory=list)
    runs: dict[str, Sent] = field(default_factory=dict)
    disasters: Counter[str] = field(default_factory=Counter)
    poison: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    swept: int = 0
    reruns: dict[str, str] = field(default_factory=dict)


def soak(
    deployment: Deployment, asks: Sequence[Ask], seconds: float, say: Callable[[str], None]
) -> Ran:
    """Send the requests, no new one after so many seconds, and return when nothing moves."""
    emulator, simulator = Emulator(deployment), Simulator(deployment.cloud.simulator_url)
    poison = _poison(deployment, emulator)
    simulator.script(*(ask.rule for ask in asks if ask.rule))
    with ExitStack() as settings:
        for function in MODELS:
            patient = {"MODEL_TIMEOUT_SECONDS": str(MODEL_TIMEOUT_SECONDS)}
            settings.enter_context(emulator.settings(function, **patient))
        try:
            ran = _send(deployment, emulator, asks, cloud_time.now() + seconds, say)
            for sent in ran.runs.values():
                sent.wait()
        finally:
            calm(emulator)
            simulator.clear_script()
    wait_for(lambda: queued(deployment) == 0, "a message keeps the queue from being empty", 120)
    wait_for(emulator.drained, "the stream is not delivered", 300)
    _let_time_pass(deployment, emulator, ran)
    _run_again(deployment, ran)
    _let_time_pass(deployment, emulator, ran)
    ran.poison |= poison
    return ran


def _poison(deployment: Deployment, emulator: Emulator) -> set[str]:
    """Return the failures of records that were in the stream before, and empty the queue."""
    emulator.drain()
    if any(stream["discarded"] for stream in emulator.streams()):
        failures(deployment)
        emulator.streams(replay=True)
        wait_for(emulator.drained, "the stream is not delivered", 300)
    return failures(deployment)


def _send(
    deployment: Deployment,
    emulator: Emulator,
    asks: Sequence[Ask],
    deadline: float,
    say: Callable[[str], None],
) -> Ran:
    ran, doors = Ran(), Doors.of(deployment)
    mallory = attacker(deployment, len(asks), ran.wrong.append)
    for number, ask in enumerate(asks):
        if cloud_time.now() > deadline:
            say(f"out of time after {number} of {len(asks)} requests")
            break
        if number >= _AT_A_TIME:
            ran.runs[asks[number - _AT_A_TIME].request_id].wait()
        for _ in range(2 if ask.repeated and ask.door != "batch" else 1):
            for request_id, sent in doors.send(ask).items():
                ran.runs.setdefault(request_id, sent)
        ran.asks.append(ask)
        if ask.disaster:
            ran.disasters += strike(deployment, emulator, ask, ran.runs.get(ask.request_id))
        if number % _ATTACKED == _ATTACKED - 1:
            ran.disasters["attack"] += 1
            for key, arn in mallory.act(asks[number - 1].request_id):
                ran.runs[key] = doors.execution(arn)
        if number % 200 == 199:
            say(f"{number + 1} requests sent")
    ran.runs |= doors.close()
    return ran


def _let_time_pass(deployment: Deployment, emulator: Emulator, ran: Ran) -> None:
    """Do what the schedule does within half an hour: sweep up what events and stream lost."""
    for _ in range(_SWEEPS):
        client.eventually(lambda: not _waiting(deployment, ran), 10)
        if not (waiting := _waiting(deployment, ran)):
            return
        for request_id in waiting:
            make_older(deployment, request_id, _LONG_AGO)
        ran.swept += len(waiting)
        emulator.sweep()
        wait_for(emulator.drained, "the stream is not delivered", 300)


def _run_again(deployment: Deployment, ran: Ran) -> None:
    """Run again what failed, now that nothing is wrong, and ask for it twice."""
    aws = deployment.client("stepfunctions")
    runs = Runs(aws, deployment.state_machine_arn)
    executions = deployment.state_machine_arn.replace(":stateMachine:", ":execution:")
    store = UsageStore(deployment.client("dynamodb"), deployment.usage_table)
    failed = [
        row["request_id"]
        for row in ledger(deployment).all_rows()
        if row["item"] == "REQUEST" and row["request_id"] in ran.runs and failed_for(row, None)
    ]
    for request_id in failed:
        for _ in range(2):
            if name := run_again(request_id, store, runs).started:
                ran.reruns[request_id] = f"{executions}:{name}"
    for arn in ran.reruns.values():
        client.wait_for_execution(deployment, arn, 120)


def _waiting(deployment: Deployment, ran: Ran) -> set[str]:
    """Return the requests that are not closed, or not priced."""
    return {
        row["request_id"]
        for row in ledger(deployment).all_rows()
        if row["request_id"] in ran.runs
        and str(row.get("queue", "")).startswith(("ACCEPTED", "PENDING"))
    }


def ledger(deployment: Deployment) -> LedgerStore:
    """Return the tables of the deployment, as the reports read them."""
    aws = deployment.client("dynamodb")
    tables = (deployment.usage_table, deployment.spend_table, deployment.control_table)
    return LedgerStore(aws, *tables)


def failures(deployment: Deployment) -> set[str]:
    """Empty the failures queue; return what its messages speak of."""
    return {_about(message) for message in Emulator(deployment).failures()}


def _about(message: Mapping[str, Any]) -> str:
    """Name the records or the event of a message, the same whenever they fail."""
    batch = message.get("DDBStreamBatchInfo") or {}
    if "startSequenceNumber" in batch:
        return f"stream records {batch['startSequenceNumber']} to {batch['endSequenceNumber']}"
    return json.dumps(message)[:300]
