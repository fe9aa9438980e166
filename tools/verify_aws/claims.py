"""What the documentation promises of AWS, each with the check that holds it against an account."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tools.verify_aws import operations, runs
from tools.verify_aws.target import Target

Check = Callable[[Target], str]


@dataclass(frozen=True, slots=True)
class Claim:
    """A promise and its check; ``needs`` is an output without which it cannot be checked."""

    name: str
    promise: str
    how: str
    check: Check
    needs: str | None = None

    def is_on(self, outputs: Mapping[str, Any]) -> bool:
        """Return whether the deployment has what the check needs."""
        return self.needs is None or bool(outputs.get(self.needs))


CLAIMS = (
    Claim(
        "route-simple",
        "SIMPLE enters three states and is priced",
        "asks it; compares states, transitions and cost status",
        runs.simple,
    ),
    Claim(
        "route-complex",
        "COMPLEX enters three states and is priced",
        "asks it; compares states, transitions and cost status",
        runs.complex_,
    ),
    Claim(
        "http-task",
        "CALCULATION goes through the HTTP Task in four states, with the connection's key",
        "asks it; compares states, transitions and cost status",
        runs.calculation,
        needs="openai",
    ),
    Claim(
        "retries",
        "`State.RetryCount` in a task's arguments counts its retries",
        "refuses starts of `invoke_model` for a while; reads `retries` and `transitions`",
        runs.retries_are_counted,
    ),
    Claim(
        "fallback",
        "a function that cannot start is `Lambda.TooManyRequestsException`; another model answers",
        "refuses starts of `invoke_model` until the first model's retries are over",
        runs.a_fallback_answers,
    ),
    Claim(
        "argument-limits",
        "a text that doubles in JSON passes every state; over 256 KiB StartExecution refuses",
        "sends 60,000 quotation marks, then 262,145 bytes",
        runs.arguments_hold_what_we_think,
        needs="openai",
    ),
    Claim(
        "status-events",
        "a run that is stopped is closed by its status event",
        "stops a run in its model call; reads the REQUEST row",
        runs.a_status_event_closes_a_run,
    ),
    Claim(
        "scanned-page",
        "a model on Bedrock sees the picture of a PDF's page, asked by a schema",
        "has a page read that shows a number in a picture, as the workflow `documents` asks",
        runs.a_scanned_page_is_read,
    ),
    Claim(
        "variants-file",
        "a Distributed Map in JSONata reads its list from the bucket, and runs its own machine",
        "has two variants of a file compared; reads the states and the result's file",
        runs.a_file_is_compared_by_groups,
        needs="workflows",
    ),
    Claim(
        "stream",
        "the stream prices a row within seconds",
        "waits for the price; reads the mapping's state",
        operations.the_stream_prices_rows,
    ),
    Claim(
        "budget",
        "a budget holds under contention, and nobody fails but by it",
        "20 requests of one tenant at once, with room for some",
        operations.a_budget_holds_under_contention,
    ),
    Claim(
        "log-level",
        "metrics reach CloudWatch at `functions.log_level = WARNING`",
        "deploys with it; looks for metrics in the log of `price_rows` and in CloudWatch",
        operations.metrics_pass_the_log_level,
    ),
    Claim(
        "alarms",
        "alarms are in the composite alarm",
        "sets one off; reads the composite alarm",
        operations.alarms_reach_the_composite,
    ),
    Claim(
        "key-rotation",
        "a new key reaches the connection by its event",
        "writes the parameter; compares the connection's time; asks CALCULATION",
        operations.a_new_key_reaches_the_connection,
        needs="openai",
    ),
    Claim(
        "http-stream",
        "the HTTP API streams through API Gateway",
        "streams a completion; counts its pieces",
        operations.the_api_streams,
        needs="api",
    ),
    Claim(
        "websocket",
        "the WebSocket API pushes an answer as it is written",
        "asks over a connection; counts the parts",
        operations.the_websocket_pushes,
        needs="websocket",
    ),
)
