"""Asks an LLM for its opinion. Whatever goes wrong, the heuristic has an answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from cost_calculator.clock import iso
from router.errors import BadResponse, CallError
from router.invocation.call import ModelCall, Provider
from router.invocation.invoke import invoke
from router.llm_classifier.question import Opinion, parse_reply


def ask(
    question: ModelCall, llm: Callable[[], Provider], clock: Callable[[], datetime]
) -> tuple[Opinion, dict[str, Any]]:
    """Make the call; return the opinion and the attempt, in the shape of ``invoke``'s."""
    started = clock()
    try:
        reply = invoke(question, llm(), clock, memory_mb=0)
    except CallError as error:
        attempt = json.loads(str(error))
        return Opinion(None, attempt["cause"]), attempt
    except Exception as error:  # a request must not fail for want of an opinion
        cause = type(error).__name__
        times = {"started_at": iso(started), "ended_at": iso(clock())}
        return Opinion(None, cause), {"outcome": "UNKNOWN", "cause": cause, **times}
    attempt = reply["attempt"]
    verdict = parse_reply(reply["answer"])
    if verdict is None:
        cause = BadResponse.__name__
        return Opinion(None, cause), attempt | {"outcome": BadResponse.outcome, "cause": cause}
    return Opinion(verdict), attempt
