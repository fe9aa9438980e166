"""Finds the deployment that a command works on; one way for all commands.

The first of these that is given: ``--outputs``, ``--local``; ``--name``, ``--region``,
``--profile``, ``--endpoint-url``; FAREGATE_NAME or AWS_ENDPOINT_URL; the local cloud of this
checkout while it runs; what the AWS SDK finds (AWS_PROFILE, AWS_REGION, its files), under the name
``faregate``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import NoRegionError

from cost_calculator.cli import local_cloud
from cost_calculator.cli.deployed import Deployment
from cost_calculator.cli.options import DEFAULT_NAME

NAMES = ("USAGE_TABLE", "SPEND_TABLE", "CONTROL_TABLE", "ANSWERS_BUCKET", "BATCH_STATE_MACHINE_ARN")
"""Variables that name a part of a deployment if it does not have the module's default name."""

_AWS_OPTIONS = ("name", "region", "profile", "endpoint_url")


def open_deployment(arguments: argparse.Namespace) -> Deployment:
    """Return the deployment that is meant, found once for a command line."""
    found: Deployment | None = getattr(arguments, "found_deployment", None)
    if found is None:
        found = arguments.found_deployment = _find(arguments)
    return found


def _find(arguments: argparse.Namespace) -> Deployment:
    if arguments.outputs:
        return _of_outputs(arguments)
    if arguments.local or not _is_named(arguments):
        cloud = local_cloud.find()
        if cloud:
            if not arguments.local:
                print(
                    f"On the local cloud at {cloud.url}; for AWS, give --name, --region or"
                    " --profile.",
                    file=sys.stderr,
                )
            return Deployment(DEFAULT_NAME, cloud.session(), cloud.url)
        if arguments.local:
            raise SystemExit("the local cloud of this checkout is not running: make up")
    name = arguments.name or os.environ.get("FAREGATE_NAME") or DEFAULT_NAME
    # A name on the command line means that deployment's own parts, whatever the shell exported.
    known = {} if arguments.name else {n: os.environ[n] for n in NAMES if os.environ.get(n)}
    return Deployment(
        name, _session(arguments, os.environ.get("AWS_REGION")), arguments.endpoint_url, known
    )


def _is_named(arguments: argparse.Namespace) -> bool:
    named = any(getattr(arguments, name) for name in _AWS_OPTIONS)
    return named or any(os.environ.get(name) for name in ("FAREGATE_NAME", "AWS_ENDPOINT_URL"))


def _session(arguments: argparse.Namespace, region: str | None) -> boto3.Session:
    """Return a session in a region; boto3 itself reads AWS_DEFAULT_REGION and the profile alone."""
    session = boto3.Session(profile_name=arguments.profile, region_name=arguments.region or region)
    if session.region_name is None:
        raise NoRegionError
    return session


def _of_outputs(arguments: argparse.Namespace) -> Deployment:
    outputs = read_outputs(arguments.outputs)
    machine = outputs["state_machine"]
    known: dict[str, Any] = {
        f"{name.upper()}_TABLE": table["name"] for name, table in outputs.get("tables", {}).items()
    }
    if batch := outputs.get("batch"):
        known["BATCH_STATE_MACHINE_ARN"] = batch["state_machine_arn"]
    if bucket := outputs.get("answers_bucket"):
        known["ANSWERS_BUCKET"] = bucket["name"]
    session = _session(arguments, machine["arn"].split(":")[3])
    return Deployment(machine["name"], session, arguments.endpoint_url, known)


def read_outputs(source: str) -> dict[str, Any]:
    """Return the module's outputs; a configuration may pass them on, or hold them in one output."""
    text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
    try:
        outputs = {name: output["value"] for name, output in json.loads(text).items()}
        nested = [each for each in outputs.values() if isinstance(each, dict)]
        found = next(each for each in (outputs, *nested) if "state_machine" in each)
        machine = found["state_machine"]
        machine["name"], machine["arn"].split(":")[3]
        return dict(found)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, StopIteration):
        raise SystemExit(
            f"{source} holds no output `state_machine`: give what `terraform output -json`"
            " prints where the module's outputs are outputs of yours, or use --name"
        ) from None
