"""Starts failed requests again under their own ids, each once."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable
from itertools import islice

from botocore.exceptions import BotoCoreError, ClientError

from cost_calculator.aws.error_codes import code_of
from cost_calculator.cli.arguments import duration, number, tenant, whole
from cost_calculator.cli.deployment import open_deployment
from cost_calculator.cli.options import add_deployment_arguments, add_json_argument
from cost_calculator.clock import now
from cost_calculator.row_keys import request_id_of
from router.aws.accepted_since import accepted_since
from router.aws.executions import Executions
from router.aws.usage_table import UsageStore
from router.errors import StoreUnavailable
from router.executions.run import Busy, NotStarted
from router.operations.rerun import Outcome, failed_for, run_again

COLUMNS = ("request", "tenant", "failed for", "what it asked is in", "runs as")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--since",
        type=duration,
        default="1d",
        help="accepted in the last 12h, 7d … (%(default)s)",
    )
    parser.add_argument(
        "--cause",
        help="only this cause (Throttled) or outcome (THROTTLED); default: all that FAILED",
    )
    parser.add_argument("--tenant", type=tenant, help="of this tenant alone")
    parser.add_argument("--limit", type=whole(example=100), help="no more than this many")
    parser.add_argument(
        "--rate",
        type=number(0, 1000, example="5", above=True),
        default="5",
        help="starts a second (%(default)s)",
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would start")
    add_json_argument(parser, "print JSON lines")
    add_deployment_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    deployment = open_deployment(arguments)
    dynamodb = deployment.client("dynamodb")
    store = UsageStore(dynamodb, deployment.table("usage"))
    runs = Runs(deployment.client("stepfunctions"), deployment.state_machine_arn)
    found = (
        row
        for row in accepted_since(dynamodb, deployment.table("usage"), now() - arguments.since)
        if failed_for(row, arguments.cause) and arguments.tenant in (None, row["tenant"])
    )
    outcomes: list[Outcome] = []
    try:
        for row in islice(found, arguments.limit):
            outcomes.append(run_again(row["request_id"], store, runs, dry_run=arguments.dry_run))
            if outcomes[-1].started:
                time.sleep(float(1 / arguments.rate))
    except (ClientError, BotoCoreError, StoreUnavailable, Busy, NotStarted) as error:
        print(f"stopped, and safe to repeat: {error}", file=sys.stderr)
        return 1
    finally:
        print(_as_json(outcomes) if arguments.json else _as_text(outcomes, arguments.dry_run))
    return 1 if any(outcome.reason for outcome in outcomes) else 0


class Runs(Executions):
    """The executions of one state machine, and what each was asked."""

    def input_of(self, execution_arn: str) -> str | None:
        try:
            run = self._client.describe_execution(executionArn=execution_arn)
        except ClientError as error:
            # Express runs cannot be looked up: AWS refuses their ARNs.
            if code_of(error) in ("ExecutionDoesNotExist", "InvalidArn"):
                return None
            raise
        return run.get("input")


def _as_text(outcomes: Iterable[Outcome], dry_run: bool) -> str:
    from rich.console import Console
    from rich.table import Table

    table = Table(*COLUMNS)
    started = left = 0
    for outcome in outcomes:
        row = outcome.request
        would = "(not started: --dry-run)" if dry_run and outcome.source else ""
        table.add_row(
            request_id_of(row["request_id"]),
            row["tenant"],
            str(row.get("cause", row["status"])),
            outcome.source,
            outcome.started or would or f"- {outcome.reason}",
        )
        started += bool(outcome.started)
        left += bool(outcome.reason)
    console = Console(width=150)
    with console.capture() as captured:
        console.print(table)
    return f"{captured.get()}{started} started, {left} left as they are"


def _as_json(outcomes: Iterable[Outcome]) -> str:
    return "\n".join(
        json.dumps(
            {
                "request_id": request_id_of(outcome.request["request_id"]),
                "tenant": outcome.request["tenant"],
                "cause": outcome.request.get("cause"),
                "source": outcome.source or None,
                "started": outcome.started or None,
                "reason": outcome.reason or None,
            }
        )
        for outcome in outcomes
    )
