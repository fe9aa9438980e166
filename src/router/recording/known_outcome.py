"""What the rows of a request say of its outcome. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cost_calculator.row_keys import request_id_of
from router.recording.answer_row import stored_answer


def known_outcome(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the outcome of a request from its rows by their ``item`` key, as far as it is known.

    The answer is not among them if its text has expired, or was never stored.
    """
    request, said = rows["REQUEST"], stored_answer(rows)
    known = {
        "request_id": request_id_of(request["request_id"]),
        "status": request["status"],
        "execution_arn": request["execution_arn"],
        **({"output": said.text, **said.beside_text} if said else {}),
        "output_s3": request.get("output_s3"),
        "complexity": request.get("complexity"),
        "confidence": float(request["confidence"]) if "confidence" in request else None,
        "reasons": list(request["reasons"]) if "reasons" in request else None,
        "model": request.get("model"),
        "provider": request.get("provider"),
        "cause": request.get("cause"),
    }
    return {name: value for name, value in known.items() if value is not None}
