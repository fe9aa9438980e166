"""What a run of ``variants`` is asked for, read from its input. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from router.encoding import MAX_DEPTH, is_deeper, size_in_bytes, unsendable
from router.errors import InvalidRequest
from router.intake.json_schema import problems
from router.workflows.run import Run, run_of

NAME = "variants"
MOST_BYTES = 200_000
"""All requests of a run travel in one state, of 256 KiB at most."""

_SOURCES = ("variants", "samples", "variants_s3")
_HOLE = re.compile(r"\{\{\s*([^{}\s]{1,64})\s*\}\}")
_SHOWN_PROBLEMS = 5


@dataclass(frozen=True, slots=True)
class Variants:
    """A run of this workflow, or a group of one: its prompts by the number of a variant, from 1."""

    run: Run
    prompts: Mapping[int, str]
    fields: Mapping[str, Any]
    judge: Mapping[str, Any]

    def step(self, number: int) -> str:
        """Return the name of a variant's step; the first is ``variant-01``."""
        return f"variant-{number:02d}"

    def keys(self) -> list[str]:
        """Return the keys of the variants' rows."""
        return [self.run.step_key(self.step(number)) for number in self.prompts]

    def requests(self) -> list[dict[str, Any]]:
        """Return a request for each variant."""
        return [
            self.run.request(self.step(number), {"input": prompt, **self.fields})
            for number, prompt in self.prompts.items()
        ]


@dataclass(frozen=True, slots=True)
class VariantSet:
    """A run whose variants are in a file, at an ``s3://`` address; ``given`` is its input."""

    run: Run
    address: str
    given: Mapping[str, Any]


def parse(given: Any, execution_name: str) -> Variants | VariantSet:
    """Return the run in an execution's input, or raise ``InvalidRequest`` with what to write."""
    if is_deeper(given, MAX_DEPTH):
        raise InvalidRequest(f"the input is nested more than {MAX_DEPTH} levels deep: flatten it")
    found = list(problems(given, _schema()))
    if not found and sum(name in given for name in _SOURCES) != 1:
        found = [
            "the input must have one of `variants` (a list), `samples` (a number) and"
            " `variants_s3` (a file)"
        ]
    if not found:
        found = [each for name in given for each in unsendable(given[name], name)]
    if found:
        raise InvalidRequest("; ".join(found[:_SHOWN_PROBLEMS]))
    run = run_of(NAME, given, execution_name)
    if address := given.get("variants_s3"):
        return VariantSet(run, address, given)
    return _variants(run, given)


def _variants(run: Run, given: Mapping[str, Any]) -> Variants:
    values = given["variants"] if "variants" in given else [{}] * int(given["samples"])
    first = given.get("group", 1)
    made = Variants(
        run=replace(run, group=given.get("group")),
        prompts={
            first + place: _filled(given["prompt"], each, place)
            for place, each in enumerate(values)
        },
        fields={
            **{name: given.get(name) for name in ("system", "tier", "max_tokens")},
            # A cached answer would be the same one again.
            "cache": False if "samples" in given else None,
        },
        judge=given.get("judge", {}),
    )
    if (size := size_in_bytes(made.requests())) > MOST_BYTES:
        raise InvalidRequest(
            f"the variants take {size} bytes together and may take {MOST_BYTES}: shorten `prompt`,"
            " or give fewer variants"
        )
    return made


def _filled(prompt: str, values: Mapping[str, str], place: int) -> str:
    names = set(_HOLE.findall(prompt))
    if missing := sorted(names - values.keys()):
        raise InvalidRequest(f"`variants[{place}]` needs a value for {', '.join(missing)}")
    if unknown := values.keys() - names:
        raise InvalidRequest(
            f"`variants[{place}]` has {len(unknown)} name(s) that `prompt` has no {{{{name}}}} for"
        )
    return _HOLE.sub(lambda hole: values[hole[1]], prompt)


@lru_cache(maxsize=1)
def _schema() -> Mapping[str, Any]:
    text = Path(__file__).with_name("input.schema.json").read_text(encoding="utf-8")
    schema: Mapping[str, Any] = json.loads(text)
    return schema
