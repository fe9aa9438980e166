"""Starts the local cloud, puts Switchyard on it and leaves it running until `make down`."""

from __future__ import annotations

import os
import sys

from local import cloud
from local.cloud import CloudError
from local.deployment import deploy
from local.terraform import TerraformError


def main() -> int:
    if running := cloud.running():
        print(f"Running already: AWS at {running.emulator_url}. make down stops it.")
        return 0
    try:
        started = cloud.start(
            emulator_port=int(os.environ.get("LOCAL_EMULATOR_PORT", "0")),
            simulator_port=int(os.environ.get("LOCAL_SIMULATOR_PORT", "0")),
            auth=os.environ.get("AUTH", "").lower() == "true",
            detach=True,
        )
        try:
            deployment = deploy(started, lambda step: print(step, flush=True))
        except BaseException:
            cloud.stop(started)
            raise
    except (CloudError, TerraformError) as error:
        print(error, file=sys.stderr)
        return 1
    cloud.save(started)
    print(f"AWS at {started.emulator_url}, the providers at {started.simulator_url}.")
    print('make ask PROMPT="What is the capital of France?"    or, with the AWS CLI:')
    print(
        f"aws --endpoint-url {started.emulator_url} stepfunctions start-execution"
        f" --state-machine-arn {deployment.state_machine_arn}"
        """ --input '{"input": "What is the capital of France?"}'"""
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
