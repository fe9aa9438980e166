"""The main job on one machine: route `local/prompts.jsonl`, wait for the costs, print the table.

    python -m local.demo

PROMPTS names another file: a line is a request in JSON, or a prompt as it is. Exits non-zero when
a request is not terminal or an attempt has no price; leaves nothing running but the page of it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from local import client, cloud, dashboard, demo_report
from local.client import Traced
from local.cloud import ROOT, CloudError
from local.deployment import Deployment, deploy
from local.isolation import isolate
from local.terraform_program import TerraformError

PROMPTS = ROOT / "local" / "prompts.jsonl"
FOLDER = ROOT / "build" / "demo"
RESULT = ROOT / "build" / "demo.json"
_SETTLE_SECONDS = 120
_TABLE_WIDTH = 150


def main() -> int:
    """Run the demo; the exit code is 0 when every request is terminal and every attempt priced."""
    isolate()
    console = Console()
    try:
        requests = read_requests(Path(os.environ.get("PROMPTS") or PROMPTS))
    except (OSError, ValueError) as error:
        print(f"PROMPTS: {error}", file=sys.stderr)
        return 2
    console.width = max(console.width, _TABLE_WIDTH)
    started = time.monotonic()

    def say(step: str) -> None:
        console.print(f"[dim]{time.monotonic() - started:5.1f} s[/dim]  {escape(step)}")

    try:
        say("starting the local cloud and the provider simulator")
        # A folder of its own, so that a demo does not disturb a cloud that `make up` left running.
        running = cloud.start(folder=FOLDER)
        try:
            deployment = deploy(running, say, FOLDER / "terraform")
            return _run(deployment, requests, console, say)
        finally:
            say("stopping the local cloud")
            cloud.stop(running, folder=FOLDER)
    except (CloudError, TerraformError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted: nothing is left running", file=sys.stderr)
        return 130


def read_requests(path: Path) -> list[dict[str, Any]]:
    """Return the requests of a file, one a line: an object in JSON, or the prompt as it is."""
    requests: list[dict[str, Any]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            if line.strip():
                requests.append(json.loads(line) if line.startswith("{") else {"input": line})
        except ValueError as error:
            example = '{"input": "What is the capital of France?"}'
            raise ValueError(f"{path}:{number}: {error}; write {example}") from None
    if not requests:
        raise ValueError(f"{path} holds no prompts: write one a line")
    return requests


def _run(
    deployment: Deployment,
    requests: Sequence[dict[str, Any]],
    console: Console,
    say: Callable[[str], None],
) -> int:
    say(f"starting {len(requests)} executions")
    arns = client.start(deployment, requests)
    ids = [arn.rsplit(":", 1)[1] for arn in arns]
    say("waiting for the executions to end")
    runs = [_end_of(deployment, arn) for arn in arns]
    say("waiting for the rows' costs")
    accepted = [i for i in ids if client.trace(deployment, i).request]
    client.wait_until_settled(deployment, accepted, _SETTLE_SECONDS)
    traces = [client.trace(deployment, request_id) for request_id in ids]
    say("writing the dashboard")
    dashboard.write(deployment, "make demo, with simulated models")
    say("done")
    result = demo_report.document(requests, traces)
    RESULT.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    console.print(demo_report.table(requests, traces))
    demo_report.print_totals(console, result["totals"])
    console.print(f"\nmake dashboard shows it: {dashboard.PAGE.relative_to(ROOT)}", highlight=False)
    demo_report.print_commands(console, deployment)
    return _verdict(console, runs, traces)


def _end_of(deployment: Deployment, arn: str) -> Mapping[str, Any]:
    try:
        return client.wait_for_execution(deployment, arn, _SETTLE_SECONDS)
    except TimeoutError:
        return {"status": "RUNNING"}


def _verdict(console: Console, runs: Sequence[Mapping[str, Any]], traces: Sequence[Traced]) -> int:
    for run, traced in zip(runs, traces, strict=True):
        if not traced.settled:
            reason = f"{run['status']} {run.get('error', '')}"
            console.print(f"[red]{traced.request_id} is not settled: {escape(reason)}[/red]")
        elif not traced.priced:
            console.print(f"[red]{traced.request_id} has an attempt without a price[/red]")
    return 0 if all(traced.priced for traced in traces) else 1


if __name__ == "__main__":
    raise SystemExit(main())
