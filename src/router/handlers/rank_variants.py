"""The decisions of the workflow ``variants``, one state each: `asl/variants.asl.json`.

A run over a file has them twice: in the run of each group, and in its own, whose variants are the
bests of the groups.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from aws_lambda_powertools import Logger

from cost_calculator.aws.settings_item import load_settings
from cost_calculator.clock import iso, now
from cost_calculator.rates import default_rates
from cost_calculator.settlement import settle
from router.aws.variant_sets import set_files
from router.aws.workflow_store import workflow_store
from router.errors import RouterError
from router.recording.workflow_run import run_row
from router.workflows.run import NothingAnswered, child_failure
from router.workflows.variants import sets
from router.workflows.variants.answers import Answers, Results, answers, replies
from router.workflows.variants.asked import NAME, Variants, VariantSet, parse
from router.workflows.variants.judging import (
    Judging,
    judge_requests,
    judge_steps,
    judged,
    scored,
)
from router.workflows.variants.outcome import Comparison, came_to, compare, outcome, transitions
from router.workflows.variants.set_outcome import (
    every_variant,
    group_record,
    group_result,
    set_outcome,
    without_finalists,
)

logger = Logger()
load_settings()
store = workflow_store()
files = set_files()
rates = default_rates()
input_bytes = int(os.environ["INPUT_BYTES_LIMIT"])
has_scorer = os.environ.get("SCORER") == "true"
memory_mb = int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "0"))

# The inputs of a set's groups; none of another run.
Groups = Sequence[Mapping[str, Any]]


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take ``{"step", …}``; return what the state that follows needs."""
    started = time.monotonic()
    if event["step"] == "failure":
        return child_failure(event["error"])
    asked = parse(event["input"], event["execution"]["name"])
    logger.set_correlation_id(asked.run.run_id)
    if event["step"] == "prepare":
        return {**_prepared(asked, event["execution"]), "lambda_ms": [_since(started)]}
    groups = [] if isinstance(asked, Variants) else files.groups(asked.run)
    compared, results = _compared(asked, groups, event["results"])
    found = answers(compared, store.steps(compared.keys()), results, store.text_of)
    if event["step"] == "judge":
        requests = [] if has_scorer else judge_requests(compared, found, input_bytes)
        return {"requests": requests, "lambda_ms": [*event["lambda_ms"], _since(started)]}
    at = iso(now())
    comparison = _comparison(compared, found, results, event["judgements"], at)
    return _ranked(asked, groups, comparison, event, at, started)


def _prepared(asked: Variants | VariantSet, execution: dict[str, str]) -> dict[str, Any]:
    """Return the requests of a run, or where the groups of one over a file are."""
    store.begin_run(asked.run, execution, memory_mb)
    if isinstance(asked, Variants):
        return {"is_set": False, "requests": asked.requests()}
    groups = sets.groups(asked, files.variants(asked.address))
    return {"is_set": True, "bucket": files.bucket, "key": files.put_groups(asked.run, groups)}


def _compared(
    asked: Variants | VariantSet, groups: Groups, results: Results
) -> tuple[Variants, Results]:
    """Return the variants whose answers are compared, and what is reported of each."""
    if isinstance(asked, Variants):
        return asked, results
    return sets.final(groups, results)


def _comparison(
    compared: Variants, found: Answers, results: Results, judgements: Results, at: str
) -> Comparison:
    keys = [] if has_scorer else [compared.run.step_key(it) for it in judge_steps(compared, found)]
    rows = store.steps([*compared.keys(), *keys])
    if has_scorer:
        judging = Judging(scored(compared, found, results))
    else:
        replied = replies(keys, rows, judgements, store.text_of)
        judging = Judging(judged(compared, found, replied.texts), replied.failed, keys)
    return compare(compared, found, judging, rows, partial(settle, rates=rates, priced_at=at))


def _ranked(
    asked: Variants | VariantSet,
    groups: Groups,
    comparison: Comparison,
    event: dict[str, Any],
    at: str,
    started: float,
) -> dict[str, Any]:
    """Return the workflow's output, and write what its own states and functions cost."""
    failure: RouterError | None = None
    shown: dict[str, Any] = {}
    try:
        shown = _outcome(asked, groups, comparison, event["results"])
    except (NothingAnswered, sets.GroupFailed) as error:
        failure = error
    entered = transitions if isinstance(asked, Variants) else sets.set_transitions
    row = run_row(
        asked.run.key,
        NAME,
        event["execution"]["name"],
        status="FAILED" if failure else "SUCCEEDED",
        at=at,
        transitions=entered(event["results"], event["judgements"]),
        lambda_ms=[*event["lambda_ms"], _since(started)],
        lambda_mb=memory_mb,
        cause=type(failure).__name__ if failure else None,
        group=asked.run.group,
    )
    store.end_run(row)
    if failure:
        raise failure
    return shown


def _outcome(
    asked: Variants | VariantSet, groups: Groups, comparison: Comparison, results: Results
) -> dict[str, Any]:
    if isinstance(asked, VariantSet):
        return _outcome_of_set(asked, groups, comparison, results)
    if asked.run.group is None:
        return outcome(comparison)
    shown = came_to(comparison)
    files.put_group(asked.run, group_record(shown, comparison))
    return group_result(shown)


def _outcome_of_set(
    asked: VariantSet, groups: Groups, final: Comparison, results: Results
) -> dict[str, Any]:
    sets.check_groups(groups, results)
    records = files.records(asked.run, [group["group"] for group in groups])
    shown = outcome(final) if final.asked.prompts else without_finalists(records)
    address = files.put_results(asked.run, every_variant(shown, records))
    return {**set_outcome(shown, final.steps.judging_sums, records), "results_s3": address}


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
