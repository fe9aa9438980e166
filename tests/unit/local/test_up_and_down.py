"""What is printed when the local cloud is started, found or stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from local import cloud, up
from local.cloud import Cloud
from local.deployment import Deployment

CLOUD = Cloud("http://127.0.0.1:4566", "http://127.0.0.1:4600", False, ())
DEPLOYED = Deployment(CLOUD, {"state_machine": {"arn": "arn:aws:states:…:router"}})


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """Which cloud is running; what was stopped is taken out."""
    clouds: list[Any] = [CLOUD]
    monkeypatch.setattr(cloud, "STATE", tmp_path / "cloud.json")
    monkeypatch.setattr(cloud, "running", lambda: clouds[0] if clouds else None)
    monkeypatch.setattr(cloud, "stop", clouds.remove)
    monkeypatch.setattr(up, "existing", lambda _: DEPLOYED)
    return clouds


@pytest.mark.usefixtures("found")
def test_up_on_a_running_cloud_says_how_to_use_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert up.main() == 0

    said = capsys.readouterr().out
    assert said.startswith("The local cloud is up already.\nAWS at http://127.0.0.1:4566")
    for way in ("make ask PROMPT=", "FAREGATE_CLOUD=running", "make down"):
        assert way in said


def test_down_says_that_it_stopped_the_cloud(
    found: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    codes = [cloud.main(["down"]), cloud.main(["down"])]

    assert found == []
    assert capsys.readouterr().out.splitlines() == [
        "The local cloud is stopped.",
        "The local cloud was not running.",
    ]
    assert codes == [0, 0]


def test_env_without_a_cloud_says_how_to_start_one(
    found: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    found.clear()

    assert cloud.main(["env"]) == 1

    assert capsys.readouterr().err == "The local cloud is not running: make up starts it.\n"
