"""No test sees the AWS settings of whoever runs it."""

from __future__ import annotations

from local.isolation import isolate

isolate()
