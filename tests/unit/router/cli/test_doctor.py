"""The doctor's checks on what the local cloud cannot break."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from cost_calculator import retirements
from cost_calculator.cli.deployment import read_outputs
from router.cli.doctor.checks import Check, Finding, examine
from router.cli.doctor.models import provider_checks
from router.cli.doctor.parts import part_checks

HAIKU = "us.anthropic.claude-haiku-5-5"


def error(code: str, operation: str = "Describe") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, operation)


class Service:
    """One service whose every call answers what it was told to, or raises it."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self._answers = answers

    def __getattr__(self, name: str) -> Callable[..., Any]:
        answer = self._answers[name]

        def call(**_: Any) -> Any:
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


class Deployment:
    """A deployment of canned answers, by service."""

    name, region = "sy", "us-east-1"
    state_machine_arn = "arn:aws:states:us-east-1:1:stateMachine:sy"

    def __init__(self, environment: dict[str, str] | None = None, **services: Any) -> None:
        self._services = services
        self._environment = environment or {}

    def client(self, service: str) -> Service:
        return Service(self._services[service])

    def environment(self, _function: str) -> dict[str, str]:
        return self._environment

    def settings(self, _function: str) -> dict[str, str]:
        return self._environment

    def table(self, name: str) -> str:
        return f"fg-{name}"

    def function(self, name: str) -> str:
        return f"fg-{name}"


def look(name: str, deployment: Any) -> list[Finding]:
    checks = [*part_checks(deployment), *provider_checks(deployment, paid=False)]
    return list(examine([check for check in checks if check.name == name]))


def test_a_clock_that_is_minutes_off_is_told_before_signatures_fail() -> None:
    headers = {"HTTPHeaders": {"date": "Tue, 24 Nov 2020 19:02:16 GMT"}}
    sts = {"get_caller_identity": {"ResponseMetadata": headers}}

    [finding] = look("clock", Deployment(sts=sts))

    assert finding.status == "failed"
    assert finding.fix == "sudo timedatectl set-ntp true"


@pytest.mark.parametrize(("free", "status"), [(10, "failed"), (1000, "ok")])
def test_a_new_account_with_ten_functions_at_once_is_told_to_ask_for_more(
    free: int, status: str
) -> None:
    limit = {"AccountLimit": {"UnreservedConcurrentExecutions": free}}

    [finding] = look("concurrency", Deployment(**{"lambda": {"get_account_settings": limit}}))

    assert finding.status == status
    assert ("request-service-quota-increase" in finding.fix) == (status == "failed")


@pytest.mark.parametrize(
    ("state", "status", "fix"),
    [
        ("Enabled", "ok", ""),
        ("Disabled", "failed", "aws kms enable-key"),
        ("PendingDeletion", "failed", "aws kms cancel-key-deletion"),
    ],
)
def test_a_key_that_does_not_open_is_reported_with_its_fix(
    state: str, status: str, fix: str
) -> None:
    table = {"Table": {"SSEDescription": {"KMSMasterKeyArn": "arn:key"}}}
    [finding] = look(
        "key",
        Deployment(
            dynamodb={"describe_table": table},
            kms={"describe_key": {"KeyMetadata": {"KeyState": state}}},
        ),
    )

    assert finding.status == status
    assert finding.fix.startswith(fix)


def models(bedrock: dict[str, Any], model: str = HAIKU) -> list[Finding]:
    tier = {"provider": "bedrock", "model": model, "fallbacks": []}
    config = json.dumps({"tiers": {"SIMPLE": tier}})
    return look("models", Deployment({"FAREGATE_CONFIG": config}, bedrock=bedrock))


PROFILE = {"status": "ACTIVE", "models": [{"modelArn": "arn:aws:bedrock:::foundation-model/haiku"}]}
ACCESS = {
    "authorizationStatus": "AUTHORIZED",
    "entitlementAvailability": "AVAILABLE",
    "agreementAvailability": {"status": "AVAILABLE"},
    "regionAvailability": "AVAILABLE",
}


def test_a_profile_whose_model_may_be_called_is_well() -> None:
    [finding] = models(
        {"get_inference_profile": PROFILE, "get_foundation_model_availability": ACCESS}
    )

    assert finding.status == "ok"


def test_a_profile_that_the_region_does_not_have_is_told() -> None:
    [finding] = models({"get_inference_profile": error("ResourceNotFoundException")})

    assert finding.status == "failed"
    assert f"{HAIKU} is no profile of us-east-1" in finding.found


def test_a_model_without_access_is_told() -> None:
    denied = ACCESS | {"authorizationStatus": "NOT_AUTHORIZED"}
    [finding] = models(
        {"get_inference_profile": PROFILE, "get_foundation_model_availability": denied}
    )

    assert finding.status == "failed"
    assert "authorization NOT_AUTHORIZED" in finding.found


def test_a_retired_model_of_this_region_is_told() -> None:
    details = {"modelDetails": {"modelLifecycle": {"status": "EOL"}}}
    [finding] = models({"get_foundation_model": details}, "anthropic.claude-2")

    assert finding.status == "failed"


def test_what_may_not_be_looked_at_is_neither_well_nor_ill() -> None:
    [finding] = models({"get_inference_profile": error("AccessDeniedException", "GetProfile")})

    assert finding.status == "unchecked"
    assert "GetProfile answers AccessDeniedException" in finding.found


def test_one_check_that_cannot_look_does_not_keep_the_others_from_it() -> None:
    def gone() -> list[Finding]:
        raise error("ResourceNotFoundException", "DescribeTable")

    def unreachable() -> list[Finding]:
        raise EndpointConnectionError(endpoint_url="https://here")

    found = list(
        examine(
            [
                Check("a", gone, "terraform apply"),
                Check("b", unreachable, "terraform apply"),
                Check("c", lambda: [Finding("c", "ok", "")], ""),
            ]
        )
    )

    assert [finding.status for finding in found] == ["failed", "unchecked", "ok"]
    assert found[0].fix == "terraform apply"


ARN = "arn:aws:states:eu-west-1:123456789012:stateMachine:mine"
OUTPUT = {"state_machine": {"arn": ARN, "name": "mine"}}


@pytest.mark.parametrize(
    "outputs",
    [
        {name: {"value": value} for name, value in OUTPUT.items()},
        {"region": {"value": "x"}, "faregate": {"value": OUTPUT}},
    ],
)
def test_terraforms_outputs_name_the_deployment(
    outputs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(outputs)))

    assert read_outputs("-")["state_machine"] == OUTPUT["state_machine"]


def test_outputs_without_the_module_say_what_to_give_instead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("{}"))

    with pytest.raises(SystemExit, match="or use --name"):
        read_outputs("-")


@pytest.mark.parametrize(
    ("tier", "status", "found"),
    [(None, "ok", "has a standard price"), ("flex", "failed", "the book has no flex price")],
)
def test_a_service_tier_without_a_price_is_told_before_it_is_used(
    tier: str | None, status: str, found: str
) -> None:
    model = {"provider": "bedrock", "model": HAIKU, "service_tier": tier, "fallbacks": []}
    settings = {"FAREGATE_CONFIG": json.dumps({"tiers": {"SIMPLE": model}})}

    [finding] = look("prices", Deployment(settings))

    assert finding.status == status
    assert found in finding.found


@pytest.mark.parametrize(
    ("day", "status", "found"),
    [
        ("2026-11-01", "failed", "retired on 2026-11-01"),
        ("2999-01-01", "ok", "retires on 2999-01-01"),
        (None, "ok", "no day is known"),
    ],
)
def test_a_model_past_its_retirement_is_named(
    day: str | None, status: str, found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = {"models": {"bedrock": {HAIKU: day} if day else {}}}
    (tmp_path / "retirements.json").write_text(json.dumps(notes))
    monkeypatch.setattr(retirements, "RETIREMENTS_PATH", tmp_path / "retirements.json")
    model = {"provider": "bedrock", "model": HAIKU, "fallbacks": []}
    settings = {"FAREGATE_CONFIG": json.dumps({"tiers": {"SIMPLE": model}})}

    [finding] = look("retirements", Deployment(settings))

    assert (finding.status, found in finding.found) == (status, True)
