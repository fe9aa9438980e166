"""No test sees the AWS settings of whoever runs it, and none fails because the machine is busy."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from local.isolation import isolate

isolate()
# How long an example takes says nothing about behaviour; `make bench` measures.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")
