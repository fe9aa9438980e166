"""The HTTP door: an event of API Gateway in, an answer out."""

from __future__ import annotations

from typing import Any

from router.ingress.api.deployed import app

resolver = app()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one HTTP request; see ``router.ingress.api.routes``."""
    answer: dict[str, Any] = resolver.resolve(event, context)
    return answer
