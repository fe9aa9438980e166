"""Puts `examples/local` on the running local cloud, with the real Terraform and provider."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from local import terraform, terraform_program
from local.cloud import REGION, ROOT, Cloud

EXAMPLE = ROOT / "examples" / "local"
CODE_BUCKET = "built-code"
VECTOR_BUCKET = "faregate"
API_KEY_PARAMETER = "/faregate/openai-api-key"
# The simulator accepts this key; nothing else does.
API_KEY = "sk-local-faregate"
ANTHROPIC_API_KEY_PARAMETER = "/faregate/anthropic-api-key"
ANTHROPIC_API_KEY = "sk-ant-local-faregate"

# An emulator that is silent for so long hangs; a busy machine takes its time.
_SILENT_SECONDS = 600

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployed module: the cloud it runs on, and the outputs of `examples/local`."""

    cloud: Cloud
    outputs: dict[str, Any]

    @property
    def state_machine_arn(self) -> str:
        return str(self.outputs["state_machine"]["arn"])

    @property
    def usage_table(self) -> str:
        return str(self.outputs["tables"]["usage"]["name"])

    @property
    def spend_table(self) -> str:
        return str(self.outputs["tables"]["spend"]["name"])

    @property
    def control_table(self) -> str:
        return str(self.outputs["tables"]["control"]["name"])

    @property
    def api_url(self) -> str:
        """The emulator's address of the HTTP API; paths below it are as on AWS."""
        api = self.outputs["api"]
        return f"{self.cloud.emulator_url}/_aws/execute-api/{api['rest_api_id']}/{api['stage']}"

    def client(self, service: str, **credentials: str) -> Any:
        """Return a boto3 client of the local cloud: the account's root, or who these say."""
        return _client(self.cloud, service, **credentials)


@lru_cache
def _client(cloud: Cloud, service: str, **credentials: str) -> Any:
    """Return a client, made once: making one costs as much as three calls, and a connection."""
    make: Any = boto3.client  # the stubs know each service by a literal of its own
    root = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return make(
        service,
        endpoint_url=cloud.emulator_url,
        region_name=REGION,
        config=Config(
            retries={"total_max_attempts": 2},
            max_pool_connections=64,
            read_timeout=_SILENT_SECONDS,
            s3={"addressing_style": "path"},
        ),
        **(credentials or root),
    )


def deploy(cloud: Cloud, say: Progress, folder: Path = terraform.FOLDER) -> Deployment:
    """Build the packages, apply `examples/local` to `cloud`, and put the key where users do.

    `folder` keeps Terraform's state; two clouds at a time need two. Raises
    `terraform.TerraformError` with a one-line fix, or `SystemExit` from the packaging.
    """
    terraform_program.program()  # reports missing tools before the long work
    say("building the function zip and the provider-SDK layer")
    for part in (["function"], ["layer", "host"]):
        subprocess.run(
            [sys.executable, "-m", "tools.package", *part],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    _make_vector_index(cloud)
    say("terraform init")
    terraform.init(EXAMPLE, folder=folder)
    say("terraform apply")
    terraform.apply(EXAMPLE, variables=_variables(cloud), env=cloud.env(), folder=folder)
    deployment = Deployment(cloud, terraform.output(EXAMPLE, folder=folder))
    say("putting the keys into SSM; an event carries OpenAI's to the connection")
    for name, key in (
        (API_KEY_PARAMETER, API_KEY),
        (ANTHROPIC_API_KEY_PARAMETER, ANTHROPIC_API_KEY),
    ):
        deployment.client("ssm").put_parameter(
            Name=name, Type="SecureString", Value=key, Overwrite=True
        )
    return deployment


def existing(cloud: Cloud) -> Deployment:
    """Return the deployment that an earlier `deploy` left on `cloud`."""
    return Deployment(cloud, terraform.output(EXAMPLE))


def _make_vector_index(cloud: Cloud) -> None:
    """Make the index that `examples/local` names: the AWS provider has no resource for it."""
    client = _client(cloud, "s3vectors")
    client.create_vector_bucket(vectorBucketName=VECTOR_BUCKET)
    client.create_index(
        vectorBucketName=VECTOR_BUCKET,
        indexName="chunks",
        dataType="float32",
        dimension=256,
        distanceMetric="cosine",
    )


def _code(cloud: Cloud) -> dict[str, str]:
    """Put the built zips into a bucket, each under a key of its content; return where they lie."""
    client = _client(cloud, "s3")
    client.create_bucket(Bucket=CODE_BUCKET)
    keys = {}
    for part, name in (("function", "function.zip"), ("layer", "layer-host.zip")):
        body = (ROOT / "build" / name).read_bytes()
        keys[f"{part}_key"] = f"{hashlib.sha256(body).hexdigest()}/{name}"
        client.put_object(Bucket=CODE_BUCKET, Key=keys[f"{part}_key"], Body=body)
    return {"name": CODE_BUCKET, **keys}


def _variables(cloud: Cloud) -> dict[str, Any]:
    return {
        "openai_endpoint": f"{cloud.simulator_url}/v1",
        "bedrock_endpoint": cloud.simulator_url,
        "anthropic_endpoint": cloud.simulator_url,
        "code": _code(cloud),
        "layer_zip": str(ROOT / "build" / "layer-host.zip"),
        "api_key_parameter": API_KEY_PARAMETER,
        "anthropic_api_key_parameter": ANTHROPIC_API_KEY_PARAMETER,
    }
