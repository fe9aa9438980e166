"""A deployed module, as the commands see it: by its name, with the caller's own rights."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config


@dataclass(frozen=True)
class Deployment:
    """A deployed module: everything that it made carries its name."""

    name: str
    session: boto3.Session
    endpoint_url: str | None = None
    _environments: dict[str, dict[str, str]] = field(default_factory=dict, repr=False)

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

    def environment(self, function: str) -> dict[str, str]:
        """Return the variables of a function: what was deployed, whatever a checkout says."""
        if function not in self._environments:
            answer = self.client("lambda").get_function_configuration(
                FunctionName=self.function(function)
            )
            self._environments[function] = answer.get("Environment", {}).get("Variables", {})
        return self._environments[function]

    def function(self, name: str) -> str:
        """Return the deployed name of ``invoke_model`` and its like."""
        return f"{self.name}-{name.replace('_', '-')}"
