"""No test sees the AWS settings of whoever runs it, and none fails because the machine is busy."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

from local.isolation import isolate
from tests.support import no_sleep

isolate()
# Nor the local cloud that somebody left running in this checkout.
os.environ["FAREGATE_NAME"] = "faregate"
no_sleep.install()
# How long an example takes says nothing about behaviour; `make bench` measures.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")
