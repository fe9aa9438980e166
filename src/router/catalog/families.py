"""Which family a model belongs to: its members accept each other's proofs of thinking. Pure."""

from __future__ import annotations

import re

CLAUDE = "claude"

_REGIONS = ("us", "us-gov", "eu", "apac", "au", "jp", "ca", "global")
_REGION = re.compile(rf"^(?:{'|'.join(_REGIONS)})\.")
_VERSION = re.compile(r"-v\d+(?::\d+)?$")
_DAY = re.compile(r"-\d{8}$")


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


def names_of_claude(model: str) -> frozenset[str]:
    """Return what a Claude is called on the platforms that serve it, as ``provider/model``: each
    geography of Bedrock, and Anthropic's own API, with the day of its release and without."""
    name = _REGION.sub("", model).removeprefix("anthropic.")
    dated = _VERSION.sub("", name)
    names = {name, dated, f"{dated}-v1:0", _DAY.sub("", dated)}
    places = ("anthropic.", *(f"{region}.anthropic." for region in _REGIONS))
    return frozenset(
        (*(f"anthropic/{n}" for n in names), *(f"bedrock/{p}{n}" for p in places for n in names))
    )
