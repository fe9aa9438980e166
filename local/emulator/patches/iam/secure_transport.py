"""Loopback counts as TLS: a policy that refuses plain http sees the request as on AWS.

AWS: every endpoint that Terraform and the SDKs use is https, so `aws:SecureTransport` is true.
MiniStack 1.5.33 under AUTH=true: false on its http port, so that a TLS-only queue refuses even its
owner.
"""

from collections.abc import Callable
from typing import Any

from ministack.core import iam_evaluator

from local.emulator.patches.registry import replaces


@replaces(iam_evaluator, "_resolve_condition_key")
def resolve_condition_key(original: Callable[..., Any], key: str, context: Any) -> Any:
    """Answer this condition key; every other is MiniStack's."""
    return "true" if key.lower() == "aws:securetransport" else original(key, context)
