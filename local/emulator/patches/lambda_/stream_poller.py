"""The event source mapping between a DynamoDB stream and a Lambda function.

AWS: filters; batches up to BatchSize within MaximumBatchingWindowInSeconds; with
ReportBatchItemFailures the lowest failed sequence number is the checkpoint and what follows is sent
again; BisectBatchOnFunctionError splits a failed batch, which costs no retry; after
MaximumRetryAttempts, or over MaximumRecordAgeInSeconds, the records are discarded and the failure
destination gets their metadata; a shard's records arrive in order.
MiniStack 1.5.33: item failures, bisecting and the retry limit are ignored (records are dropped, or
block for ever), and a stream record holds the live row, not a copy of it.
One shard a table and one batch at a time: ParallelizationFactor is not supplied.

`/_local/streams`: `GET` answers each mapping's state; `POST` sets `{"replay": true, "shuffle": SEED
or null, "duplicate": N}` on all mappings, or on those of `"function"`.
"""

import contextvars
import threading
from collections.abc import Callable
from typing import Any

from ministack.services import dynamodb, lambda_svc

from local.emulator.patches import admin
from local.emulator.patches.dynamodb.item_copies import copied
from local.emulator.patches.registry import replaces
from local.emulator.stream_consumer import Consumer

_consumers: dict[str, Consumer] = {}
_KNOBS = {"function", "replay", "shuffle", "duplicate"}


@replaces(dynamodb, "_build_change_record")
def record(original: Callable[..., Any], *arguments: Any) -> Any:
    """A record holds a copy of the row."""
    return copied(original(*arguments))


@replaces(dynamodb, "_emit_stream_event")
def announce(original: Callable[..., None], *arguments: Any, **options: Any) -> None:
    """Wake the pollers at each change."""
    original(*arguments, **options)
    _wake_all()


@replaces(lambda_svc, "_create_esm")
def create(original: Callable[..., Any], data: dict[str, Any]) -> Any:
    """Start a poller for a new mapping."""
    response = original(data)
    _start_consumers()
    return response


@replaces(lambda_svc, "_update_esm")
def update(original: Callable[..., Any], mapping_id: str, data: dict[str, Any]) -> Any:
    """Wake the pollers: their mapping may have changed."""
    response = original(mapping_id, data)
    _wake_all()
    return response


@replaces(lambda_svc, "_poll_dynamodb_streams")
def poll_nothing(_original: object) -> bool:
    """Leave the streams to our pollers."""
    return False


def _start_consumers() -> None:
    for account, region, mapping in lambda_svc._iter_all_esms():
        if ":dynamodb:" not in mapping["EventSourceArn"] or mapping["UUID"] in _consumers:
            continue
        context = contextvars.copy_context()
        context.run(lambda_svc._request_account_id.set, account)
        context.run(lambda_svc._request_region.set, region)
        consumer = context.run(Consumer, mapping)
        _consumers[mapping["UUID"]] = consumer
        threading.Thread(
            target=context.run, args=(_run, consumer), name="stream-poller", daemon=True
        ).start()


def _run(consumer: Consumer) -> None:
    try:
        consumer.run()
    finally:
        _consumers.pop(consumer.mapping["UUID"], None)


def _wake_all() -> None:
    for consumer in list(_consumers.values()):
        consumer.wake.set()


def _control(method: str, body: dict[str, Any]) -> dict[str, Any]:
    if unknown := body.keys() - _KNOBS:
        raise ValueError(f"unknown {', '.join(sorted(unknown))}; use {', '.join(sorted(_KNOBS))}")
    chosen = [
        consumer
        for consumer in _consumers.values()
        if body.get("function") in (None, consumer.mapping["FunctionName"])
    ]
    if method == "POST":
        for consumer in chosen:
            if "shuffle" in body:
                consumer.switches.shuffle = body["shuffle"]
            if "duplicate" in body:
                consumer.switches.duplicate = int(body["duplicate"])
            if body.get("replay"):
                consumer.replay()
    return {"streams": [consumer.state() for consumer in chosen]}


admin.route("streams", _control)
