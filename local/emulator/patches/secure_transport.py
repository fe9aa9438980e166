"""Loopback stands for TLS: a policy that refuses plain http sees the request as AWS would.

AWS: every endpoint that Terraform and the SDKs use is https, so `aws:SecureTransport` is true.
MiniStack 1.5.33 under AUTH=true: false on its http port, so that a TLS-only queue refuses even its
owner.
"""

from typing import Any

from ministack.core import iam_evaluator


def apply() -> None:
    """Answer this condition key; every other goes to MiniStack."""
    resolve = iam_evaluator._resolve_condition_key

    def resolve_condition_key(key: str, context: Any) -> Any:
        return "true" if key.lower() == "aws:securetransport" else resolve(key, context)

    iam_evaluator._resolve_condition_key = resolve_condition_key
