"""The protocols of the HTTP API: an event of API Gateway in, an answer out, with no workflow."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from aws_lambda_powertools import Logger

from cost_calculator.aws.settings_item import load_settings
from cost_calculator.book import PriceUnknown, default_book
from cost_calculator.clock import iso, now
from cost_calculator.pricing import plain
from cost_calculator.rates import default_rates
from cost_calculator.settlement import settle
from router.acceptance.accept import accept
from router.acceptance.control_memory import Memory
from router.acceptance.ports import Dependencies, Execution
from router.acceptance.request_rows import Analysis
from router.analyzer import load
from router.aws.accept_store import accept_store
from router.aws.answers_bucket import answer_store
from router.aws.calibrated_weights import calibrated_weights, weights_on_trial
from router.aws.dynamodb import dynamodb
from router.aws.guard_metrics import meter
from router.aws.input_bucket import input_store, stored_input
from router.aws.notices import notify_topic
from router.aws.undelivered_answers import UndeliveredAnswers
from router.aws.usage_table import usage_store
from router.config.settings import Config
from router.conversation.events import Begun
from router.executions.names import direct_run
from router.executions.run import NoSuchRun, Run
from router.handlers.invoke_model import LazyProvider, LazyStream
from router.ingress.api.callers import Callers
from router.ingress.api.converse import Converse, Invocation, respond
from router.ingress.api.cors import Cors
from router.ingress.api.errors import ApiError
from router.ingress.api.models import Listing
from router.ingress.api.ports import ApiContext
from router.ingress.api.reading import header_of
from router.invocation.answer_store import offload_if_large
from router.invocation.call import Done, ModelCall
from router.invocation.invoke import CallFailed, invoke
from router.invocation.pieces import pieces_of
from router.invocation.speak import Speaking, speak
from router.lambda_stream.context import Context
from router.lambda_stream.response import StreamedResponse
from router.providers import classifier
from router.runner.direct import Ports

logger = Logger()
load_settings()
analyzer = load(calibrated_weights(logger))
config = replace(
    Config.from_json(os.environ["FAREGATE_CONFIG"]).with_threshold(analyzer.threshold),
    workflow_type="DIRECT",
)
on_trial = weights_on_trial(config, logger)
memory_mb = int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "0"))
memory = Memory()
cors = Cors.from_json(os.environ.get("API_CORS", "null"))


class NoExecutions:
    """A run that this function carries, or joins, is known by its rows alone."""

    def start(self, name: str, _payload: str) -> Run | None:
        raise NoSuchRun(name)

    def describe(self, name: str) -> Run:
        raise NoSuchRun(name)


def accepted(payload: Mapping[str, Any], run: Execution) -> dict[str, Any]:
    """Accept a request for a direct run and return its plan."""
    started = time.monotonic()
    logger.set_correlation_id(payload["request_id"])
    deps = Dependencies(
        store=accept_store(),
        memory=memory,
        classify=analyzer.classify,
        llm=lambda: classifier(config.llm.timeout_ms if config.llm else 0),
        stopwatch=lambda: Analysis(round((time.monotonic() - started) * 1000), memory_mb),
        clock=now,
        region=os.environ.get("AWS_REGION", ""),
        meter=meter,
        stored=stored_input,
        other_weights=on_trial,
    )
    plan = accept(payload, run, config, deps)
    logger.info("routed", route=plan["route"])
    return plan


def whole(call: ModelCall) -> Speaking:
    """Make a call and hand on no part of its answer."""
    yield from ()
    try:
        return invoke(call, LazyProvider(), now, memory_mb)
    except CallFailed as failed:
        logger.warning("no answer", model=call.model, cause=type(failed.error).__name__)
        raise


def spoken(call: ModelCall) -> Speaking:
    """Make a call and hand on its answer as it is written; one that is checked first, whole."""
    if call.may_stream:
        store = answer_store(os.environ["ANSWERS_BUCKET"])
        keep = partial(offload_if_large, request_id=call.request_id, store=store)
        return (yield from speak(call, LazyStream(), keep, now, memory_mb))
    answer, attempt = yield from whole(call)
    yield Begun(call.model)
    for piece in pieces_of(answer):
        if not isinstance(piece, Done):
            yield piece
    return answer, attempt


def prices(provider: str, model: str) -> dict[str, str]:
    """Return the dollars per million tokens of a model; nothing where they are not known."""
    region = os.environ.get("AWS_REGION", "")
    try:
        found = default_book().find(provider, model, now(), region=region)
    except PriceUnknown:
        return {}
    return {name: plain(usd) for name, usd in found.rates_for(0).items() if usd is not None}


def note_refusal(error: ApiError) -> None:
    """Log why a request was refused; what is not the caller's to fix, as an error."""
    log = logger.info if error.reason is None else logger.error
    log("refused", status=error.status, kind=error.kind, reason=error.reason)


def services() -> Converse:
    """Return what the protocols need; docs/architecture.md has the variables that it reads."""
    rates = default_rates()
    api = ApiContext(
        store=usage_store(),
        executions=NoExecutions(),
        text_at=answer_store(os.environ["ANSWERS_BUCKET"]).get,
        keep=input_store().keep,
        clock=time.monotonic,
        sleep=time.sleep,
        now=now,
        input_bytes_limit=config.input_bytes_limit,
        payload_bytes_limit=config.payload_bytes_limit,
        store_text=config.store_text,
    )
    return Converse(
        api=api,
        callers=Callers.from_json(os.environ["API_CALLERS"]),
        settle=lambda row: settle(row, rates, iso(now())),
        undelivered=UndeliveredAnswers(dynamodb(), os.environ["USAGE_TABLE"]),
        accept=accepted,
        note_refusal=note_refusal,
        models=Listing(config, prices),
        unsupported_options=config.unsupported_options.get("protocols", "drop"),
    )


made = services()


def handler(event: dict[str, Any], context: Context) -> StreamedResponse:
    """Answer one HTTP request; see ``router.ingress.api.converse``."""
    logger.set_correlation_id(None)
    run = direct_run(context.aws_request_id)
    ports: Ports[Any] = Ports(
        call=whole,
        store=usage_store(),
        notify=notify_topic(logger),
        pause=lambda seconds: time.sleep(random.uniform(0, seconds)),
        seconds_left=lambda: context.get_remaining_time_in_millis() / 1000,
        clock=now,
    )
    streaming: Ports[Any] = replace(ports, call=spoken)
    invocation = Invocation(Execution(run, context.aws_request_id), ports, streaming)
    response = respond(event, invocation, made)
    if cors is None:
        return response
    named = cors.to_dict(header_of(event, "origin"))
    return replace(response, headers={**response.headers, **named})
