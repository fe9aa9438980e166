"""What all commands share that work on a deployment: which one, and with whose rights."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from router.cli.deployed import Deployment

DEFAULT_NAME = "faregate"


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
