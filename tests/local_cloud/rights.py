"""What the functions and state machines of a deployment called, and what their roles allow.

Recorded when a cloud ends, for `tests/local_rights`: what one cloud's tests need, another's may
not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from local.cloud import ROOT
from local.deployment import Deployment
from tests.local_cloud.cloud_control import Emulator
from tests.local_cloud.iam import Need, Statement, needs_of_call, needs_of_definition, statements

_FILE = "rights.json"
# What Terraform appends to a bucket's prefix differs between clouds.
_APPENDED = re.compile(r"\d{26}")
FOLDER = ROOT / "build" / "local-test"
# Where fault tests send calls that are meant to fail.
_ASTRAY = (
    "arn:aws:s3:::no-such-bucket/*",
    "*:table/gone",
    "*:table/no-such-table",
    "arn:aws:sns:*:gone",
    "*:inference-profile/us.vendor.unheard-of-1",
)
# One test sets a guardrail on the deployed function; its right is plan-tested (terraform/tests).
_NOT_DEPLOYED = ("ApplyGuardrail",)


@dataclass(frozen=True, slots=True)
class Rights:
    """Of one cloud, by a function's name or a state machine's ARN; `files` are the tests it ran."""

    files: set[str]
    needed: dict[str, set[Need]]
    allowed: dict[str, list[Statement]]


def record(emulator: Emulator, folder: Path, files: Iterable[str]) -> None:
    """Write a cloud's rights into its folder, unless a test has destroyed the deployment."""
    roles = _roles(emulator.deployment)
    if emulator.deployment.state_machine_arn not in roles:
        return
    written = {
        "files": sorted(files),
        "needed": {
            name: [asdict(need) for need in sorted(needs)]
            for name, needs in _needs(emulator, roles).items()
        },
        "allowed": {
            name: [asdict(each) for each in statements(emulator.deployment, role)]
            for name, role in roles.items()
        },
    }
    (folder / _FILE).write_text(_APPENDED.sub("appended", json.dumps(written, indent=1)))


def recorded(folder: Path = FOLDER) -> Iterator[Rights]:
    """Yield what each cloud of the last run recorded."""
    for path in sorted(folder.glob(f"*/{_FILE}")):
        found = json.loads(path.read_text())
        yield Rights(
            set(found["files"]),
            {name: {Need(**each) for each in needs} for name, needs in found["needed"].items()},
            {name: [_statement(e) for e in given] for name, given in found["allowed"].items()},
        )


def _statement(found: dict[str, Any]) -> Statement:
    return Statement(
        found["role"],
        found["sid"],
        tuple(found["actions"]),
        tuple(found["resources"]),
        tuple(found["keys"]),
    )


def _roles(deployment: Deployment) -> dict[str, str]:
    client = deployment.client("stepfunctions")
    found = {
        each["name"]: each["role_arn"].rsplit("/", 1)[1]
        for each in deployment.outputs["functions"].values()
    }
    for machine in client.list_state_machines()["stateMachines"]:
        arn = machine["stateMachineArn"]
        found[arn] = client.describe_state_machine(stateMachineArn=arn)["roleArn"].rsplit("/", 1)[1]
    return found


def _needs(emulator: Emulator, roles: Iterable[str]) -> dict[str, set[Need]]:
    found = {
        function: {
            need
            for call in calls
            if call["operation"] not in _NOT_DEPLOYED
            for need in needs_of_call(call)
            if not any(fnmatchcase(need.resource, pattern) for pattern in _ASTRAY)
        }
        for function, calls in emulator.calls().items()
    }
    client = emulator.deployment.client("stepfunctions")
    for arn in roles:
        if ":stateMachine:" in arn:
            definition = client.describe_state_machine(stateMachineArn=arn)["definition"]
            found[arn] = set(needs_of_definition(json.loads(definition)))
    return found
