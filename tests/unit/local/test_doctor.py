"""The doctor names what a machine lacks in the words with which the demo stops."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from local import cloud, doctor, terraform_providers, terraform_release
from local.doctor import MISSING, OK, TESTS_SKIPPED, Finding, findings


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """A machine without anything: no programs, no mirror, no network, no cloud."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(cloud, "running", lambda: None)
    monkeypatch.setattr(terraform_providers, "registry_answers", lambda: False)
    monkeypatch.setattr(terraform_providers, "_usual_places", lambda _: iter(()))
    monkeypatch.setattr(terraform_release, "FOLDER", tmp_path / "release")
    monkeypatch.setattr(terraform_release, "fetched", lambda _: None)
    monkeypatch.setattr(doctor, "_memory_available", lambda: 8 << 30)
    return {"PATH": str(tmp_path), "HOME": str(tmp_path)}


def look(machine: dict[str, str], *, online: bool = False) -> dict[str, Finding]:
    return {each.title: each for each in findings(machine, lambda _: online)}


def test_a_bare_machine_hears_of_each_thing_in_a_line(machine: dict[str, str]) -> None:
    found = look(machine)

    assert {title: each.verdict for title, each in found.items()} == {
        "Python": OK,
        "Terraform": MISSING,
        "AWS provider": MISSING,
        "ports": OK,
        "memory": OK,
        "Chromium": TESTS_SKIPPED,
        "Node.js": TESTS_SKIPPED,
    }
    assert "install 1.9 or newer from" in found["Terraform"].words
    assert "FAREGATE_TERRAFORM_MIRROR" in found["AWS provider"].words
    assert all("\n" not in each.words for each in found.values())


def test_terraform_that_can_be_fetched_is_not_missing(machine: dict[str, str]) -> None:
    found = look(machine, online=True)["Terraform"]

    assert (found.verdict, found.words.split(" from ")[0]) == (OK, "make demo fetches 1.11.4")


def test_a_taken_port_is_named(machine: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("LOCAL_EMULATOR_PORT", str(port))

        found = look(machine)["ports"]

    assert found.verdict == MISSING
    assert found.words.startswith(f"Port {port} for the emulator is not free")


def test_too_little_memory_is_named(
    machine: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "_memory_available", lambda: 1 << 30)

    found = look(machine)["memory"]

    assert (found.verdict, found.words.split(":")[0]) == (MISSING, "1.0 GiB of memory are free")


@pytest.mark.parametrize(("verdict", "code"), [(OK, 0), (TESTS_SKIPPED, 0), (MISSING, 1)])
def test_what_only_tests_need_is_no_failure(
    verdict: str,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(doctor, "findings", lambda *_: [Finding(verdict, "Thing", "words")])

    assert doctor.main() == code

    assert capsys.readouterr().out.startswith(f"{verdict:8} Thing         words\n")
