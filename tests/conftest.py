"""No test sees the AWS settings of whoever runs it, and none fails because the machine is busy."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from local.isolation import isolate
from tests.support import no_sleep, programs, service_models

isolate()
# Nor the local cloud that somebody left running in this checkout.
os.environ["FAREGATE_NAME"] = "faregate"
no_sleep.install()
service_models.install()
# How long an example takes says nothing about behaviour; `make bench` measures.
# Each run draws other examples: many short runs find what one long run does.
settings.register_profile(
    "busy", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("few", settings.get_profile("busy"), max_examples=5)
settings.load_profile("few" if os.environ.get("FAREGATE_EXAMPLES") == "few" else "busy")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes seconds; make test-quick leaves it out")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail under SKIPS=fail if a program was missing."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if programs.skips_fail(os.environ) and reporter and programs.lacking(reporter.stats):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for line in programs.summary(programs.lacking(terminalreporter.stats), os.environ):
        terminalreporter.write_line(line, yellow=True)
