"""What the run over a file reports: the best of all, and what every variant came to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from cost_calculator.contributions import Sums, add
from cost_calculator.pricing import plain
from cost_calculator.workflow_figures import money_as_json
from router.workflows.variants.outcome import Comparison, check_answered

_OF_THE_FINAL = (
    "workflow_id", "status", "best", "tie", "orders_agree", "ranking", "judge_failed"
)  # fmt: skip


def group_record(shown: Mapping[str, Any], compared: Comparison) -> dict[str, Any]:
    """Return what is stored of a group: its outcome, and the exact sums of its steps."""
    sums = {"judging": compared.steps.judging_sums, "all": compared.steps.sums}
    exact = {
        name: {unit: plain(value) for unit, value in each.items()} for name, each in sums.items()
    }
    return {**shown, "group": compared.asked.run.group, "sums": exact}


def group_result(shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a group's run reports to the run over the file: its best, if it has one."""
    if "best" not in shown:
        return {"status": shown["status"]}
    score = shown["ranking"][0].get("score")
    best = {"status": shown["status"], "best": shown["best"]["variant"]}
    return best if score is None else {**best, "score": score}


def without_finalists(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the outcome of a final to which no group sent a best variant.

    Raise ``NothingAnswered`` if no variant of any group has an answer.
    """
    first = records[0]
    check_answered(first["failed"], answered=sum(len(record["ranking"]) for record in records))
    return {
        "workflow_id": first["workflow_id"],
        "status": "UNJUDGED",
        "ranking": [],
        "judge_failed": [],
    }


def set_outcome(
    final: Mapping[str, Any], judging: Sums, records: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the output of the run over a file.

    ``final`` is the outcome of comparing the groups' bests, whose judge added ``judging``; its
    scores are of that comparison. ``records`` are what is stored of the groups.
    """
    answered = sum(len(record["ranking"]) for record in records)
    broken = sum(len(record["failed"]) for record in records)
    return {
        **{name: final[name] for name in _OF_THE_FINAL if name in final},
        "variants": {"asked": answered + broken, "answered": answered, "failed": broken},
        "groups": [_line(record) for record in records],
        "judging": money_as_json(add([judging, *_sums(records, "judging")])),
        "total": money_as_json(add([judging, *_sums(records, "all")])),
    }


def every_variant(final: Mapping[str, Any], records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return all variants of a file: those of the final in its order, then the others by score.

    ``score`` is what the judge of a variant's own group gave it, ``final_score`` that of the final.
    """
    lines = {
        line["variant"]: {"group": record["group"], **line}
        for record in records
        for line in record["ranking"]
    }
    first = [
        {
            **lines.pop(line["variant"]),
            **({"final_score": line["score"]} if "score" in line else {}),
        }
        for line in final["ranking"]
    ]
    others = sorted(lines.values(), key=_place)
    return {
        "ranking": [*first, *others],
        "failed": [
            {"group": record["group"], **line} for record in records for line in record["failed"]
        ],
        "judge_failed": [
            {"group": record["group"], **line}
            for record in records
            for line in record["judge_failed"]
        ],
    }


def _place(line: Mapping[str, Any]) -> tuple[Any, ...]:
    return (
        "score" not in line,
        -line.get("score", 0),
        Decimal(line.get("cost_usd", 0)),
        line["variant"],
    )


def _line(record: Mapping[str, Any]) -> dict[str, Any]:
    best = {"best": record["best"]["variant"]} if "best" in record else {}
    return {
        "first": record["group"],
        "variants": len(record["ranking"]) + len(record["failed"]),
        "status": record["status"],
        **best,
    }


def _sums(records: Iterable[Mapping[str, Any]], name: str) -> Iterable[Sums]:
    for record in records:
        yield {unit: Decimal(value) for unit, value in record["sums"][name].items()}
