"""What all commands share that work on a deployment: which one, and with whose rights."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

DEFAULT_NAME = "switchyard"


@dataclass(frozen=True)
class Deployment:
    """A deployed module: everything that it made carries its name."""

    name: str
    session: boto3.Session
    endpoint_url: str | None = None

    def client(self, service: str) -> Any:
        """Return a client that gives up soon: somebody waits at a terminal."""
        make: Any = self.session.client  # the stubs know each service by a literal of its own
        config = Config(connect_timeout=5, read_timeout=60, retries={"total_max_attempts": 3})
        return make(service, endpoint_url=self.endpoint_url, config=config)

    @property
    def region(self) -> str:
        return str(self.session.region_name)

    @cached_property
    def identity(self) -> dict[str, str]:
        """Who asks: ``Account`` and ``Arn``, as STS says."""
        found: dict[str, str] = self.client("sts").get_caller_identity()
        return found

    def arn(self, service: str, resource: str) -> str:
        partition = self.identity["Arn"].split(":")[1]
        return f"arn:{partition}:{service}:{self.region}:{self.identity['Account']}:{resource}"

    @property
    def state_machine_arn(self) -> str:
        return self.arn("states", f"stateMachine:{self.name}")

    def table(self, name: str) -> str:
        return f"{self.name}-{name}"

    def function(self, name: str) -> str:
        """Return the deployed name of ``invoke_model`` and its like."""
        return f"{self.name}-{name.replace('_', '-')}"


def add_deployment_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which deployment is meant, and with whose rights."""
    group = parser.add_argument_group("deployment")
    which = group.add_mutually_exclusive_group()
    which.add_argument("--name", default=DEFAULT_NAME, help="of the deployment (%(default)s)")
    which.add_argument(
        "--outputs", metavar="FILE", help="what `terraform output -json` printed; - reads stdin"
    )
    group.add_argument("--endpoint-url", help="of AWS, where it is not AWS's own")
    group.add_argument("--profile", help="AWS profile")
    group.add_argument("--region", help="AWS region")


def open_deployment(arguments: argparse.Namespace) -> Deployment:
    """Return the deployment that is meant; exit with one line where that cannot be told."""
    name, region = arguments.name, arguments.region
    if arguments.outputs:
        name, outputs_region = _of_outputs(arguments.outputs)
        region = region or outputs_region
    try:
        session = boto3.Session(profile_name=arguments.profile, region_name=region)
    except BotoCoreError as error:
        raise SystemExit(str(error)) from None
    if session.region_name is None:
        raise SystemExit("name the region: --region NAME, or set AWS_REGION")
    deployment = Deployment(name, session, arguments.endpoint_url)
    try:
        deployment.identity  # noqa: B018  who has no credentials is told so before any work
    except (BotoCoreError, ClientError) as error:
        raise SystemExit(f"AWS does not say who you are: {error}; run `aws configure`") from None
    return deployment


def _of_outputs(source: str) -> tuple[str, str]:
    """Return name and region from outputs; they may be the module's own or stand within one."""
    text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
    try:
        outputs = {name: output["value"] for name, output in json.loads(text).items()}
        found = next(o for o in (outputs, *outputs.values()) if "state_machine" in o)
        arn = found["state_machine"]["arn"]
        return found["state_machine"]["name"], arn.split(":")[3]
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration):
        raise SystemExit(
            f"{source} holds no output `state_machine`: give what `terraform output -json`"
            " prints where the module's outputs are outputs of yours, or use --name"
        ) from None
