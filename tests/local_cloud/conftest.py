"""One local cloud, one real `terraform apply`, for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local import cloud
from local.deployment import Deployment, deploy

FOLDER = cloud.ROOT / "build" / "local-test"


@pytest.fixture(scope="session")
def deployment() -> Iterator[Deployment]:
    running = cloud.start(folder=FOLDER)
    try:
        yield deploy(running, print, FOLDER / "terraform")
    finally:
        cloud.stop(running, folder=FOLDER)


@pytest.fixture(scope="session")
def logs(deployment: Deployment) -> Path:
    return FOLDER / "log"
