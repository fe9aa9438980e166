"""Runs the checks one after the other: some of them keep functions from starting for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tools.verify_aws.claims import CLAIMS, Claim
from tools.verify_aws.target import Target


@dataclass(frozen=True, slots=True)
class Result:
    """A check that held, or failed, or (``None``) lacks a part of the deployment that it needs."""

    claim: Claim
    held: bool | None
    seen: str

    @property
    def word(self) -> str:
        return {True: "holds", False: "FAILED", None: "not checked"}[self.held]


def run_checks(target: Target, claims: Iterable[Claim] = CLAIMS) -> Iterator[Result]:
    """Yield each result as it comes; whatever a check raises is its failure."""
    for claim in claims:
        if not claim.is_on(target.outputs):
            yield Result(claim, None, f"the deployment has no {claim.needs}")
            continue
        try:
            seen = claim.check(target)
        except Exception as error:  # one failure must not hide the other results
            yield Result(claim, False, f"{type(error).__name__}: {error}")
        else:
            yield Result(claim, True, seen)


def tell(results: Iterable[Result], say: Callable[[str], None]) -> list[Result]:
    """Print each result as it comes, and return all."""
    told = []
    for result in results:
        say(f"{result.word:12}{result.claim.name:18}{result.seen}")
        told.append(result)
    return told
