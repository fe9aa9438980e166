"""``ask``: one prompt through the deployed workflow: the answer, why that model, what it cost."""

from __future__ import annotations

import argparse
import json
import sys
import time
import uuid
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from cost_calculator.aws.error_codes import code_of
from cost_calculator.cli.arguments import UsageError, matching, request_id, tenant, whole
from cost_calculator.cli.deployed import Deployment
from cost_calculator.cli.deployment import open_deployment
from cost_calculator.cli.options import add_deployment_arguments, add_json_argument
from cost_calculator.clock import now
from cost_calculator.contributions import ANSWERED
from cost_calculator.row_keys import DEFAULT_TENANT
from router.aws.answers_bucket import AnswerStore
from router.aws.executions import Executions
from router.aws.input_bucket import InputStore
from router.aws.usage_table import UsageStore
from router.conversation.said import Said
from router.errors import RequestError
from router.executions.run import Busy, NoSuchRun, NotStarted, Run
from router.ingress.api.errors import ApiError
from router.ingress.api.lookup import answer_of, failure
from router.ingress.api.ports import ApiContext, Rows
from router.intake.identity import Identity
from router.operations import ask as operation

_tier = matching(r"[A-Za-z][0-9A-Za-z_-]{0,31}", "SIMPLE, CALCULATION, COMPLEX or a tenant's name")
_NO_LIMIT = 1 << 30
_seconds = whole(0, 86_400, example=60)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("prompt", help="the prompt; - reads stdin")
    parser.add_argument("--tier", type=_tier, help="take this tier's model, whatever the prompt")
    parser.add_argument(
        "--tenant", type=tenant, default=DEFAULT_TENANT, help="the tenant that pays (%(default)s)"
    )
    parser.add_argument("--system", metavar="TEXT", help="instructions for the model")
    parser.add_argument(
        "--max-tokens", type=whole(high=128_000, example=500), metavar="N",
        help="tokens of the answer at most",
    )  # fmt: skip
    parser.add_argument(
        "--request-id", type=request_id, metavar="ID",
        help="an id of yours; the same id and prompt is answered, and paid, once",
    )  # fmt: skip
    parser.add_argument(
        "--wait", type=_seconds, default=900, metavar="SECONDS",
        help="for the answer (%(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--wait-for-cost", type=_seconds, default=60, metavar="SECONDS",
        help="for the price, once the answer is there (%(default)s)",
    )  # fmt: skip
    add_json_argument(parser)
    add_deployment_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    payload = payload_of(arguments)
    deployment = open_deployment(arguments)
    api = context_of(deployment)
    try:
        submitted = operation.start(payload, arguments.tenant, api)
        rows = operation.ended(submitted, api, arguments.wait, arguments.wait_for_cost)
        if rows is None:
            return _not_ended(api.store.rows_of(submitted.identity.key), submitted.identity)
        found = operation.shown(rows, _answer(rows, api))
        error = None if found["status"] in ANSWERED else failure(rows, is_named=True)
    except (ApiError, RequestError, NotStarted, Busy) as refused:
        raise SystemExit(f"{_kind(refused)}: {_words(refused)}") from None
    except KeyboardInterrupt:
        print(f"\n{_again(payload['request_id'])}", file=sys.stderr)
        return 130
    print(json.dumps(found, ensure_ascii=False, default=str) if arguments.json else as_text(found))
    if error:
        print(f"{error.kind}: {error.message}", file=sys.stderr)
    return 1 if error else 0


def payload_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the request as the workflow takes it."""
    prompt = sys.stdin.read() if arguments.prompt == "-" else arguments.prompt
    if not prompt.strip():
        raise UsageError('write a prompt: "What is the capital of France?", or - to read stdin')
    given = {
        "input": prompt,
        "request_id": arguments.request_id or f"ask-{uuid.uuid4().hex}",
        "tier": arguments.tier,
        "system": arguments.system or None,
        "max_tokens": arguments.max_tokens,
    }
    return {name: value for name, value in given.items() if value is not None}


class _Runs(Executions):
    """The executions of a machine of either type: AWS looks up no run of an Express one."""

    def describe(self, name: str) -> Run:
        try:
            return super().describe(name)
        except NotStarted as error:
            cause = error.__cause__
            if isinstance(cause, ClientError) and code_of(cause) == "InvalidArn":
                raise NoSuchRun(str(error)) from cause
            raise


def context_of(deployment: Deployment) -> ApiContext:
    """Return what the core of the HTTP API needs, with the user's own rights."""
    return ApiContext(
        store=UsageStore(deployment.client("dynamodb"), deployment.table("usage")),
        executions=_Runs(deployment.client("stepfunctions"), deployment.state_machine_arn),
        text_at=lambda address: _text_at(deployment, address),
        keep=lambda key, body: _inputs(deployment).keep(key, body),
        clock=time.monotonic,
        sleep=time.sleep,
        now=now,
        # The workflow has the limits, and refuses what is longer.
        input_bytes_limit=_NO_LIMIT,
        payload_bytes_limit=_NO_LIMIT,
        store_text=False,  # it may be kept or not: the rows or the run have the answer
    )


def _inputs(deployment: Deployment) -> InputStore:
    return InputStore(lambda: deployment.client("s3"), deployment.answers_bucket, _NO_LIMIT)


def _text_at(deployment: Deployment, address: str) -> str | None:
    bucket = address.removeprefix("s3://").split("/", 1)[0]
    return AnswerStore(lambda: deployment.client("s3"), bucket).get(address)


def _answer(rows: Rows, api: ApiContext) -> Said | None:
    try:
        return answer_of(rows, api)
    except (Busy, NotStarted):
        return None


def as_text(found: Mapping[str, Any]) -> str:
    """Return answer, route and cost for a person."""
    lines = [str(found["output"]), ""] if "output" in found else []
    if "complexity" in found:
        sure = f" (confidence {found['confidence']:.2f})" if "confidence" in found else ""
        why = "; ".join(found.get("reasons", ())) or "no reasons recorded"
        lines.append(f"{found['complexity']}{sure}: {why}")
    if "model" in found:
        lines.append(f"{found['model']} on {found['provider']}, {found['status']}")
    return "\n".join([*lines, _cost(found), f"request {found['request_id']}"])


def _cost(found: Mapping[str, Any]) -> str:
    if "cost_usd" not in found:
        state = found["cost_status"]
        return "cost: not priced yet" if state == "PENDING" else f"cost: not known ({state})"
    parts = [f"$ {found['cost_usd']} for the model"]
    if "overhead_usd" in found:
        parts.append(f"$ {found['overhead_usd']} for workflow and Lambda (estimated)")
    text = ", ".join(parts)
    if "baseline_usd" in found:
        text += f"; the same tokens on the COMPLEX model: $ {found['baseline_usd']}"
    return text


def _not_ended(rows: Rows, identity: Identity) -> int:
    request = identity.request_id
    if rows.get("REQUEST", {}).get("status") == "PENDING_REVIEW":
        show = f"`faregate review show --tenant {identity.tenant} {request}`"
        print(f"{request} waits for a reviewer: {show}", file=sys.stderr)
    else:
        print(_again(request), file=sys.stderr)
    return 1


def _again(request: str) -> str:
    return f"{request} still runs: the same command with --request-id {request} goes on waiting"


def _kind(refused: Exception) -> str:
    return refused.kind if isinstance(refused, ApiError) else type(refused).__name__


def _words(refused: Exception) -> str:
    reason = getattr(refused, "reason", None)
    return f"{refused} ({reason})" if reason else str(refused)
