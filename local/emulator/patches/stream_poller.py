"""The event source mapping between a DynamoDB stream and a Lambda function.

AWS: filters; batches up to BatchSize within MaximumBatchingWindowInSeconds; with
ReportBatchItemFailures the lowest failed sequence number is the checkpoint and what follows is sent
again; BisectBatchOnFunctionError splits a failed batch, which costs no retry; after
MaximumRetryAttempts, or over MaximumRecordAgeInSeconds, the records are discarded and the failure
destination gets their metadata; a shard's records arrive in order.
MiniStack 1.5.33: item failures, bisecting and the retry limit are ignored (records are dropped, or
block for ever), and a stream record holds the live row, not a copy of it.
One shard a table and one batch at a time: ParallelizationFactor is not supplied.

`/_local/streams`: `GET` tells each mapping's state; `POST` sets `{"replay": true, "shuffle": SEED
or null, "duplicate": N}` on all mappings, or on those of `"function"`.
"""

import contextvars
import threading
from typing import Any

from ministack.services import dynamodb, lambda_svc

from local.emulator.patches import admin
from local.emulator.patches.item_copies import copied
from local.emulator.stream_consumer import Consumer

_consumers: dict[str, Consumer] = {}
_KNOBS = {"function", "replay", "shuffle", "duplicate"}


def apply() -> None:
    """Replace the emulator's poller of DynamoDB streams."""
    build_record = dynamodb._build_change_record
    emit = dynamodb._emit_stream_event
    create_mapping = lambda_svc._create_esm
    update_mapping = lambda_svc._update_esm

    def record(*arguments: Any) -> Any:
        return copied(build_record(*arguments))

    def announce(*arguments: Any, **options: Any) -> None:
        emit(*arguments, **options)
        _wake_all()

    def create(data: dict[str, Any]) -> Any:
        response = create_mapping(data)
        _start_consumers()
        return response

    def update(mapping_id: str, data: dict[str, Any]) -> Any:
        response = update_mapping(mapping_id, data)
        _wake_all()
        return response

    dynamodb._build_change_record = record
    dynamodb._emit_stream_event = announce
    lambda_svc._create_esm = create
    lambda_svc._update_esm = update
    lambda_svc._poll_dynamodb_streams = lambda: False
    admin.route("streams", _control)


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
