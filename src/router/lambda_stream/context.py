"""The context of an invocation, with the names of Lambda's own ``LambdaContext``."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


def _from(variable: str) -> Any:
    return field(default_factory=lambda: os.environ.get(variable, ""))


@dataclass(frozen=True, slots=True)
class Context:
    """What a handler may ask about its invocation; Powertools reads the same names."""

    aws_request_id: str
    invoked_function_arn: str
    deadline_ms: int
    function_name: str = _from("AWS_LAMBDA_FUNCTION_NAME")
    function_version: str = _from("AWS_LAMBDA_FUNCTION_VERSION")
    memory_limit_in_mb: str = _from("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
    log_group_name: str = _from("AWS_LAMBDA_LOG_GROUP_NAME")
    log_stream_name: str = _from("AWS_LAMBDA_LOG_STREAM_NAME")

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> Context:
        """Return the context that the Runtime API describes in the headers of an event."""
        return cls(
            aws_request_id=headers["lambda-runtime-aws-request-id"],
            invoked_function_arn=headers["lambda-runtime-invoked-function-arn"],
            deadline_ms=int(headers["lambda-runtime-deadline-ms"]),
        )

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the function may still run."""
        return max(0, self.deadline_ms - int(time.time() * 1000))
