"""Routes one prompt through the running local cloud: the answer, why that route, what it cost.

python -m local.ask "What is the capital of France?"
"""

from __future__ import annotations

import json
import os
import sys

from rich.console import Console
from rich.markup import escape

from local import client, cloud
from local.deployment import existing
from local.isolation import isolate
from local.terraform import TerraformError

_WAIT_SECONDS = 90


def main(arguments: list[str]) -> int:
    isolate()
    prompt = " ".join(arguments) or os.environ.get("PROMPT", "")
    running = cloud.running()
    if not prompt:
        print('Give a prompt: make ask PROMPT="What is the capital of France?"', file=sys.stderr)
        return 2
    if running is None:
        print("The local cloud is not running: make up", file=sys.stderr)
        return 1
    try:
        deployment = existing(running)
        [arn] = client.start(deployment, [{"input": prompt}])
        run = client.wait_for_execution(deployment, arn, _WAIT_SECONDS)
    except (TerraformError, TimeoutError) as error:
        print(error, file=sys.stderr)
        return 1
    if run["status"] != "SUCCEEDED":
        print(f"{run['status']}: {run.get('error')}: {run.get('cause')}", file=sys.stderr)
        return 1
    outcome = json.loads(run["output"])
    [traced] = client.wait_until_settled(deployment, [outcome["request_id"]], _WAIT_SECONDS)
    console = Console()
    console.print(escape(outcome["output"]), "\n")
    console.print(
        f"[bold]{outcome['complexity']}[/bold] ({outcome['confidence']:.2f}): "
        f"{escape('; '.join(outcome['reasons']))}"
    )
    console.print(f"{outcome['model']} on {outcome['provider']}, {outcome['status']}")
    console.print(
        f"$ {traced.cost_usd} for the model, $ {traced.overhead_usd} for workflow and Lambda"
        f" (estimated); the same tokens on the COMPLEX model: $ {traced.baseline_usd}"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
