"""A deployed module, as the commands see it: by its name, with the caller's own rights."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from cost_calculator.aws.error_codes import code_of
from cost_calculator.aws.settings_item import settings_at

_DENIED = ("AccessDenied", "AccessDeniedException")


@dataclass(frozen=True)
class Deployment:
    """A deployed module: everything that it made carries its name.

    ``known`` holds names by the variable that its functions read them from (``USAGE_TABLE`` …):
    what the options, the outputs or the environment gave. The rest is read from the functions.
    """

    name: str
    session: boto3.Session
    endpoint_url: str | None = None
    known: Mapping[str, str] = field(default_factory=dict)
    _environments: dict[str, dict[str, str]] = field(default_factory=dict, repr=False)

    def client(self, service: str) -> Any:
        """Return a client that gives up soon: somebody waits at a terminal."""
        make: Any = self.session.client  # the stubs know each service by a literal of its own
        given = self.endpoint_url or os.environ.get("AWS_ENDPOINT_URL", "")
        loopback = given.startswith(("http://127.0.0.1", "http://localhost"))
        config = Config(
            connect_timeout=5,
            read_timeout=60,
            retries={"total_max_attempts": 3},
            # A proxy of the user's shell must not come between us and loopback.
            proxies={} if loopback else None,
            s3={"addressing_style": "path"} if given else None,
        )
        return make(service, endpoint_url=self.endpoint_url, config=config)

    @property
    def region(self) -> str:
        return str(self.session.region_name)

    @cached_property
    def identity(self) -> dict[str, str]:
        """The caller: ``Account`` and ``Arn``, from STS."""
        found: dict[str, str] = self.client("sts").get_caller_identity()
        return found

    def arn(self, service: str, resource: str) -> str:
        partition = self.identity["Arn"].split(":")[1]
        return f"arn:{partition}:{service}:{self.region}:{self.identity['Account']}:{resource}"

    @property
    def state_machine_arn(self) -> str:
        return self.arn("states", f"stateMachine:{self.name}")

    @property
    def batch_machine_arn(self) -> str:
        known = self.known.get("BATCH_STATE_MACHINE_ARN")
        return known or self.arn("states", f"stateMachine:{self.name}-batch")

    def table(self, name: str) -> str:
        """Return the name of the ``usage``, ``spend`` or ``control`` table."""
        variable = f"{name.upper()}_TABLE"
        return self._known(variable, "sweep") or f"{self.name}-{name}"

    @property
    def answers_bucket(self) -> str:
        found = self._known("ANSWERS_BUCKET", "invoke_model")
        if not found:
            raise SystemExit("name the bucket of the answers: set ANSWERS_BUCKET")
        return found

    @property
    def dead_letter_queue_url(self) -> str | None:
        """The queue of requests that could not start; ``None`` if there is no queue."""
        if given := self.known.get("DEAD_LETTER_QUEUE_URL"):
            return given
        try:
            return self.environment("ingest").get("DEAD_LETTER_QUEUE_URL")
        except ClientError:
            return None

    def environment(self, function: str) -> dict[str, str]:
        """Return the variables of a function: what was deployed, whatever a checkout has."""
        if function not in self._environments:
            answer = self.client("lambda").get_function_configuration(
                FunctionName=self.function(function)
            )
            self._environments[function] = answer.get("Environment", {}).get("Variables", {})
        return self._environments[function]

    def settings(self, function: str) -> dict[str, str]:
        """Return what a function reads: its variables, and those in its item of ``control``."""
        environment = self.environment(function)
        if (address := environment.get("SETTINGS_ITEM")) is None:
            return environment
        return settings_at(address, self.client("dynamodb")) | environment

    def function(self, name: str) -> str:
        """Return the deployed name of ``invoke_model`` and its like."""
        return f"{self.name}-{name.replace('_', '-')}"

    def _known(self, variable: str, function: str) -> str | None:
        """Return a name that was given, or the deployed one; ``None`` without the right to look."""
        if given := self.known.get(variable):
            return given
        try:
            return self.environment(function).get(variable)
        except ClientError as error:
            code = code_of(error)
            if code == "ResourceNotFoundException":
                raise SystemExit(
                    f"there is no deployment {self.name!r} in {self.region}: give --name and"
                    f" --region, or --outputs FILE; or set {variable}"
                ) from None
            if code in _DENIED:
                return None
            raise
