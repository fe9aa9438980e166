"""What a run of ``variants`` is asked for, read from its input. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from router.encoding import MAX_DEPTH, is_deeper, size_in_bytes, unsendable
from router.errors import InvalidRequest
from router.intake.json_schema import problems
from router.workflows.run import Run, run_of

NAME = "variants"
# All requests of a run travel in one state, of 256 KiB at most.
_MOST_BYTES = 200_000
_HOLE = re.compile(r"\{\{\s*([^{}\s]{1,64})\s*\}\}")
_SHOWN_PROBLEMS = 5


@dataclass(frozen=True, slots=True)
class Variants:
    """A run of this workflow: ``prompts`` are what is asked, ``values`` what each was made of."""

    run: Run
    prompts: tuple[str, ...]
    values: tuple[Mapping[str, str], ...]
    fields: Mapping[str, Any]
    judge: Mapping[str, Any]

    def step(self, index: int) -> str:
        """Return the name of a variant's step; the first is ``variant-01``."""
        return f"variant-{index + 1:02d}"

    def keys(self) -> list[str]:
        """Return the keys of the variants' rows."""
        return [self.run.step_key(self.step(index)) for index in range(len(self.prompts))]

    def requests(self) -> list[dict[str, Any]]:
        """Return a request for each variant."""
        return [
            self.run.request(self.step(index), {"input": prompt, **self.fields})
            for index, prompt in enumerate(self.prompts)
        ]


def parse(given: Any, execution_name: str) -> Variants:
    """Return the run in an execution's input, or raise ``InvalidRequest`` with what to write."""
    if is_deeper(given, MAX_DEPTH):
        raise InvalidRequest(f"the input is nested more than {MAX_DEPTH} levels deep: flatten it")
    found = list(problems(given, _schema()))
    if not found and ("variants" in given) == ("samples" in given):
        found = ["the input must have either `variants` (a list) or `samples` (a number)"]
    if not found:
        found = [each for name in given for each in unsendable(given[name], name)]
    if found:
        raise InvalidRequest("; ".join(found[:_SHOWN_PROBLEMS]))
    values = tuple(given["variants"] if "variants" in given else [{}] * int(given["samples"]))
    made = Variants(
        run=run_of(NAME, given, execution_name),
        prompts=tuple(_filled(given["prompt"], each, n) for n, each in enumerate(values)),
        values=values,
        fields={
            **{name: given.get(name) for name in ("system", "tier", "max_tokens")},
            # A cached answer would be the same one again.
            "cache": False if "samples" in given else None,
        },
        judge=given.get("judge", {}),
    )
    if (size := size_in_bytes(made.requests())) > _MOST_BYTES:
        raise InvalidRequest(
            f"the variants take {size} bytes together and may take {_MOST_BYTES}: shorten `prompt`,"
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
