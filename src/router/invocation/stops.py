"""Ends an answer before a text that the caller gave, where the model takes no such text. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from router.invocation.call import Answer


def ended_at(answer: Answer, stops: Iterable[str]) -> Answer:
    """Return the answer up to the first of ``stops``; all of it is on the bill nevertheless."""
    places = [place for stop in stops if (place := answer.text.find(stop)) >= 0]
    return answer.with_text(answer.text[: min(places)]) if places else answer
