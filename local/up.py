"""Starts the local cloud, puts Faregate on it and leaves it running until `make down`."""

from __future__ import annotations

import os
import sys

from local import cloud
from local.cloud import CloudError
from local.deployment import Deployment, deploy, existing
from local.isolation import isolate
from local.terraform_program import TerraformError


def main() -> int:
    isolate()
    try:
        if running := cloud.running():
            deployment = existing(running)
            print("The local cloud is up already.")
        else:
            deployment = _start()
    except (CloudError, TerraformError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted: nothing is left running", file=sys.stderr)
        return 130
    print(how_to_use(deployment))
    return 0


def _start() -> Deployment:
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
    cloud.save(started)
    return deployment


def how_to_use(deployment: Deployment) -> str:
    """Return what one may do with a cloud that is up."""
    running = deployment.cloud
    return f"""AWS at {running.emulator_url}, the providers at {running.simulator_url}.
make chat, or make ask PROMPT="What is the capital of France?", or, with the AWS CLI:
eval "$(make -s env)"
aws stepfunctions start-execution --state-machine-arn {deployment.state_machine_arn} \
  --input '{{"input": "What is the capital of France?"}}'
One test on it: FAREGATE_CLOUD=running .venv/bin/python -m pytest tests/local_cloud -k calculation
make down stops it."""


if __name__ == "__main__":
    raise SystemExit(main())
