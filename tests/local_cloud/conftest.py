"""One local cloud and one real `terraform apply` for each process of tests. IAM is evaluated.

`make local-test` has three of them: a cloud mostly waits, as Terraform's provider does. What the
functions called and what they may call is recorded for `tests/local_rights`.

With `FAREGATE_CLOUD=running` they use the cloud that `make up` left running instead; start it
with `AUTH=true LOCAL_HTTP_TASK_SECONDS=8`: without the first, rights are not tested; without the
second, the test of a call that hangs takes its full minute.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from local import cloud, terraform
from local.deployment import Deployment, deploy, existing
from tests.local_cloud import fault_table, rights
from tests.local_cloud.cloud_control import Emulator
from tests.local_cloud.simulator import Simulator

# Two runs side by side need two folders; so do the processes of one.
_FOLDER = cloud.ROOT / "build" / os.environ.get("LOCAL_TEST_FOLDER", "local-test")
FOLDER = _FOLDER / os.environ.get("PYTEST_XDIST_WORKER", "alone")
HTTP_TASK_SECONDS = "8"
RUNNING = os.environ.get("FAREGATE_CLOUD") == "running"
# What `pytestmark = pytest.mark.runs(…)` may say in a file, with the reason beside it.
_WHEN = ("first", "among the others", "late", "last")


_RAN = pytest.StashKey[set[str]]()
"""The files of which this process ran a test."""


def pytest_sessionstart(session: pytest.Session) -> None:
    session.stash[_RAN] = set()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    item.session.stash[_RAN].add(item.path.name)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"runs(when): {', '.join(_WHEN)}; on the shared cloud")
    if "PYTEST_XDIST_WORKER" not in os.environ and not config.option.collectonly:
        shutil.rmtree(_FOLDER, ignore_errors=True)  # what another run recorded


def pytest_report_header() -> list[str]:
    running = cloud.running()
    if running is None:
        return []
    how = "they use it" if RUNNING else "FAREGATE_CLOUD=running uses it and deploys nothing"
    return [f"local cloud: make up left one at {running.emulator_url}; {how}"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    items.sort(key=lambda item: _place(item) if item.path.parent == here else -1)


def _place(item: pytest.Item) -> int:
    marker = item.get_closest_marker("runs")
    return _WHEN.index(marker.args[0] if marker else "among the others")


@pytest.fixture(scope="session")
def deployment(request: pytest.FixtureRequest) -> Iterator[Deployment]:
    if RUNNING:
        found = cloud.running()
        assert found, "no cloud is running: make up"
        Simulator(found.simulator_url).forget_calls()
        yield existing(found)
        return
    running = cloud.start(
        folder=FOLDER, auth=True, extra_env={"LOCAL_HTTP_TASK_SECONDS": HTTP_TASK_SECONDS}
    )
    try:
        deployed = deploy(running, print, FOLDER / "terraform")
        yield deployed
        rights.record(Emulator(deployed), FOLDER, request.session.stash[_RAN])
    finally:
        cloud.stop(running, folder=FOLDER)


@pytest.fixture(scope="session")
def terraform_folder(deployment: Deployment) -> Path:
    """Where the deployment's state is."""
    return terraform.FOLDER if RUNNING else FOLDER / "terraform"


@pytest.fixture(scope="session")
def logs(deployment: Deployment) -> Path:
    return (cloud.FOLDER if RUNNING else FOLDER) / "log"


@pytest.fixture
def simulator(deployment: Deployment) -> Iterator[Simulator]:
    simulator = Simulator(deployment.cloud.simulator_url)
    yield simulator
    simulator.clear_script()


@pytest.fixture(scope="session")
def emulator(deployment: Deployment) -> Emulator:
    return Emulator(deployment)


@pytest.fixture
def tell(record_property: Any) -> fault_table.Tell:
    """Put a line into the table of faults: fault, what is injected, the expected path."""
    return fault_table.teller(record_property)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    report.user_properties = fault_table.plain(report.user_properties)
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = [report for group in terminalreporter.stats.values() for report in group]
    for line in fault_table.lines(reports):
        terminalreporter.write_line(line)
