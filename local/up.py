"""Starts the local cloud, puts Faregate on it and leaves it running until `make down`."""

from __future__ import annotations

import os
import sys

from local import cloud
from local.cloud import CloudError
from local.deployment import deploy
from local.isolation import isolate
from local.terraform_program import TerraformError


def main() -> int:
    isolate()
    if running := cloud.running():
        print(f"Running already: AWS at {running.emulator_url}. make down stops it.")
        return 0
    try:
        started = cloud.start(
            emulator_port=cloud.port_from("LOCAL_EMULATOR_PORT"),
            simulator_port=cloud.port_from("LOCAL_SIMULATOR_PORT"),
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
    except KeyboardInterrupt:
        print("interrupted: nothing is left running", file=sys.stderr)
        return 130
    cloud.save(started)
    print(f"AWS at {started.emulator_url}, the providers at {started.simulator_url}.")
    print('make ask PROMPT="What is the capital of France?"    or, with the AWS CLI:')
    print('eval "$(make -s env)"')
    print(
        f"aws stepfunctions start-execution --state-machine-arn {deployment.state_machine_arn}"
        """ --input '{"input": "What is the capital of France?"}'"""
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
