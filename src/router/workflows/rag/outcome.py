"""What a run of ``rag`` returns: an answer with its sources, and what it cost. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cost_calculator.contributions import Sums, add
from cost_calculator.workflow_figures import money_as_json
from router.errors import RouterError
from router.workflows.rag.asked import Question
from router.workflows.rag.fusion import Passage
from router.workflows.rag.question import Reply
from router.workflows.rag.retrieval import Found

_QUOTED = 280
_STATES = 5


class NothingRetrieved(RouterError):
    """No retriever answered; the message is the first one's cause."""


def check_retrieved(found: Sequence[Found]) -> None:
    """Raise ``NothingRetrieved`` if every retriever failed."""
    if found and all(each.error for each in found):
        first = found[0]
        raise NothingRetrieved(
            f"no retriever answered; {first.retriever}: {first.error}: {first.cause}"
        )


def retrieved(found: Sequence[Found]) -> list[dict[str, Any]]:
    """Return what each retriever did: how many chunks it found, or why it failed."""
    return [
        {"retriever": each.retriever, "error": each.error, "cause": each.cause}
        if each.error
        else {"retriever": each.retriever, "chunks": len(each.chunks)}
        for each in found
    ]


def shown(passages: Sequence[Passage]) -> list[dict[str, Any]]:
    """Return the passages as the workflow's output has them, quoted in short."""
    return [
        {
            "id": each.chunk.id,
            "source": each.chunk.source,
            "quote": _quote(each.chunk.text),
            "score": float(each.score),
            "retrievers": list(each.retrievers),
        }
        for each in passages
    ]


def outcome(
    asked: Question,
    retrievers: Sequence[Mapping[str, Any]],
    passages: Sequence[Mapping[str, Any]],
    reply: Reply | None,
    sums: Sequence[Sums],
) -> dict[str, Any]:
    """Return the workflow's output. ``reply`` is ``None`` if there was nothing to ask about.

    An answer that cites nothing rests on nothing that was retrieved: it is withheld.
    """
    result: dict[str, Any] = {
        "workflow_id": asked.run.run_id,
        "status": _status(reply),
        "retrievers": list(retrievers),
        "passages": list(passages),
        "total": money_as_json(add(sums)),
    }
    if reply and result["status"] == "ANSWERED":
        by_id = {each["id"]: each for each in passages}
        result["answer"] = reply.text
        result["citations"] = [
            {name: by_id[each][name] for name in ("id", "source", "quote")}
            for each in reply.citations
        ]
    elif reply and not reply.found:
        result["missing"] = reply.text
    return result


def transitions(retrievers: Sequence[Mapping[str, Any]], was_asked: bool, failed: bool) -> int:
    """Return how many states a run enters: five in any case, one for each retriever and one more
    for each that failed, the question, and the reading of its failure.
    """
    errors = sum("error" in each for each in retrievers)
    return _STATES + len(retrievers) + errors + was_asked + failed


def _status(reply: Reply | None) -> str:
    if reply is None or not reply.found:
        return "NOT_IN_DOCUMENTS"
    return "ANSWERED" if reply.citations else "UNCITED"


def _quote(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _QUOTED else words[: _QUOTED - 1].rstrip() + "…"
