"""A run over a file of variants: groups, each with a run for its part, and the best of them. Pure.

A judge compares up to fifty answers in one question, and no state holds the requests of more. So
the file is cut into groups; each is asked and judged as a run of its own is, under the id, the
parent and the limit of the whole; the best of each are then compared as the variants of one run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from router.encoding import size_in_bytes
from router.errors import InvalidRequest, RouterError
from router.workflows.variants.answers import Results
from router.workflows.variants.asked import MOST_BYTES, Variants, VariantSet, parse
from router.workflows.variants.outcome import transitions

MOST_VARIANTS = 1_000
MOST_GROUPS = 50
"""Their bests are compared in one question."""
_GROUP = 50
_STATES_A_GROUP = 2
"""The start of a child of the Map, and the state in it."""


class GroupFailed(RouterError):
    """The run of a group broke off, so that what it would have found is not known."""


def groups(asked: VariantSet, text: str) -> list[dict[str, Any]]:
    """Return the input of each group's run from the file's text.

    A group is as many lines as a run may have variants, in number and in bytes. Raise
    ``InvalidRequest`` with the line and what to write instead, before anything is asked.
    """
    lines = text.rstrip().split("\n")
    if not lines[0]:
        raise InvalidRequest(f"{asked.address} is empty: write a JSON object of values a line")
    if len(lines) > MOST_VARIANTS:
        raise InvalidRequest(
            f"{asked.address} has {len(lines)} lines and may have {MOST_VARIANTS}: split it"
        )
    common = {name: value for name, value in asked.given.items() if name != "variants_s3"}
    common["id"] = asked.run.run_id
    made: list[dict[str, Any]] = []
    size = 0
    for number, line in enumerate(lines, start=1):
        one = {**common, "variants": [_values(line, number)], "group": number}
        more = _size(one)
        if made and len(made[-1]["variants"]) < _GROUP and size + more <= MOST_BYTES:
            made[-1]["variants"] += one["variants"]
            size += more
        elif len(made) < MOST_GROUPS:
            made.append(one)
            size = more
        else:
            raise InvalidRequest(
                f"only {number - 1} of the variants fit {MOST_GROUPS} groups of {MOST_BYTES} bytes:"
                " shorten `prompt`, or split the file"
            )
    return made


def final(
    parts: Sequence[Mapping[str, Any]], results: Results
) -> tuple[Variants, list[Mapping[str, Any]]]:
    """Return the best variant of each group that has one, as one run, and what is reported of each.

    ``parts`` are the groups. Nothing is compared if the run of one broke off: its best may be the
    best of all.
    """
    broke_off = any(result["status"] == "FAILED" for result in results)
    read = [_read(part) for part in parts]
    with_best = [
        (made, result)
        for made, result in zip(read, results, strict=True)
        if "best" in result and not broke_off
    ]
    bests = {result["best"]: made.prompts[result["best"]] for made, result in with_best}
    whole = replace(read[0], run=replace(read[0].run, group=None), prompts=bests)
    return whole, [result for _, result in with_best]


def check_groups(parts: Sequence[Mapping[str, Any]], results: Results) -> None:
    """Raise ``GroupFailed`` if a group's run broke off."""
    for part, result in zip(parts, results, strict=True):
        if result["status"] == "FAILED":
            raise GroupFailed(
                f"the group from variant {part['group']} on: {result['error']}: {result['cause']};"
                " start the run again under its id: what is answered is not paid again"
            )


def set_transitions(results: Results, judgements: Results) -> int:
    """Return how many states the run of a file enters beside those of its groups' runs."""
    broken = [each for each in results if each["status"] == "FAILED"]
    return transitions([], judgements) + _STATES_A_GROUP * len(results) + len(broken)


def _values(line: str, number: int) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        raise InvalidRequest(
            f'line {number} is no JSON: write {{"name": "value"}}, with every name of `prompt`'
        ) from None


def _size(one: Mapping[str, Any]) -> int:
    try:
        return size_in_bytes(_read(one).requests())
    except InvalidRequest as error:
        named = str(error).replace("`variants[0]", f"`line {one['group']}")
        raise InvalidRequest(named) from None


def _read(part: Mapping[str, Any]) -> Variants:
    made = parse(part, part["id"])
    assert isinstance(made, Variants)
    return made
