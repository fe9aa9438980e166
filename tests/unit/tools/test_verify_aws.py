"""`make verify-aws` spends money on somebody's account: it asks, tells, and leaves nothing."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from local.terraform_program import TerraformError
from tools.verify_aws import __main__ as command
from tools.verify_aws import document
from tools.verify_aws.checking import Result, run_checks, tell
from tools.verify_aws.claims import CLAIMS, Claim
from tools.verify_aws.target import CheckFailed, Target

ACCOUNT = "123456789012"


class Session:
    """An account that answers who it is."""

    region_name = "eu-west-1"

    def __init__(self, **_: Any) -> None:
        pass

    def client(self, _service: str) -> Any:
        class Sts:
            def get_caller_identity(self) -> dict[str, str]:
                return {"Account": ACCOUNT}

        return Sts()


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the command did, in order."""
    steps: list[str] = []
    claim = Claim("alarms", "", "", lambda _: "")

    def checked(*_: Any) -> list[Result]:
        steps.append("check")
        return [Result(claim, True, "14 alarms")]

    monkeypatch.setattr(boto3, "Session", Session)
    monkeypatch.setattr(command, "_check", checked)
    monkeypatch.setattr(command, "_remove", lambda *_: steps.append("remove"))
    monkeypatch.setattr(command, "_report", lambda *_: steps.append("report"))
    return steps


@pytest.mark.parametrize("words", [[], ["--yes", "210987654321"], ["--yes", ""]])
def test_nothing_is_done_before_somebody_names_the_account(
    done: list[str], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(words) == 1

    told = capsys.readouterr()
    assert ACCOUNT in told.out
    assert "under $1" in told.out
    assert "nothing was done" in told.err
    assert done == []


def test_what_was_made_is_removed_and_then_reported(done: list[str]) -> None:
    assert command.main(["--yes", ACCOUNT]) == 0
    assert done == ["check", "remove", "report"]


def test_a_deployment_that_fails_is_removed_as_well(
    done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise TerraformError("no such provider")

    monkeypatch.setattr(command, "_check", fails)

    assert command.main(["--yes", ACCOUNT]) == 1
    assert done[0] == "remove"


def test_every_run_has_a_name_of_its_own_that_fits_the_module(
    done: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    command.main([])
    command.main([])

    first, second = (line for line in capsys.readouterr().out.splitlines() if "named" in line)
    assert first != second
    assert "faregate-verify-" in first


def check(name: str, seen: str | Exception, needs: str | None = None) -> Claim:
    def checks(_: Target) -> str:
        if isinstance(seen, Exception):
            raise seen
        return seen

    return Claim(name, "", "", checks, needs)


def test_a_failure_hides_no_other_result() -> None:
    target = Target({"openai": None}, lambda _: None, "")
    claims = [
        check("one", CheckFailed("it is 2")),
        check("two", KeyError("gone")),
        check("three", "seen"),
        check("four", "seen", needs="openai"),
        check("five", "seen", needs="websocket"),
    ]
    lines: list[str] = []

    results = tell(run_checks(target, claims), lines.append)

    assert [result.held for result in results] == [False, False, True, None, None]
    assert "it is 2" in lines[0]
    assert "no openai" in lines[3]


def test_a_report_dates_what_was_checked_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "verified.md"
    page.write_text("<!-- verified -->\n<!-- end -->\n")
    monkeypatch.setattr(document, "DOCUMENT", page)
    monkeypatch.setattr(command, "FOLDER", tmp_path)
    monkeypatch.setattr(command, "ROOT", tmp_path)
    results = [Result(CLAIMS[0], True, ""), Result(CLAIMS[1], None, "no x")]

    command._report(results, ACCOUNT, "eu-west-1")

    last = document.last_checked(page.read_text())
    assert last[CLAIMS[0].name].endswith("eu-west-1: holds")
    assert last[CLAIMS[1].name] == document.NEVER
    assert '"result": "not checked"' in (tmp_path / "report.json").read_text()
