"""Which family a model belongs to: its members accept each other's proofs of thinking. Pure."""

from __future__ import annotations

import re

CLAUDE = "claude"

_REGION = re.compile(r"^(?:us|us-gov|eu|apac|au|jp|ca|global)\.")


def family_of(model: str) -> str | None:
    """Return the family of a model: ``claude``, or the vendor or first word of its id.

    ``None`` for an ARN, which does not show its model.
    """
    if model.startswith("arn:"):
        return None
    name = _REGION.sub("", model)
    if CLAUDE in name:
        return CLAUDE
    vendor, dot, _ = name.partition(".")
    return vendor if dot and vendor.isalpha() else name.partition("-")[0]
