"""Which policies of a guardrail intervened, from its assessments of any shape. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from router.encoding import mapping_of
from router.invocation.attempt import counts_in
from router.providers.statuses import words


def policies_named(source: str, assessments: Any) -> str:
    """Return which policies intervened, by name and kind alone: their matches quote the text."""
    given = assessments if isinstance(assessments, list) else []
    names = sorted({name for assessment in given for name in _policies(mapping_of(assessment))})
    return f"guardrail, {source.lower()}: {', '.join(names) or 'no policy named'}"


def of_trace(trace: Any) -> str:
    """Return the same for Converse's ``trace``."""
    guardrail = mapping_of(mapping_of(trace).get("guardrail"))
    inputs = list(mapping_of(guardrail.get("inputAssessment")).values())
    outputs = mapping_of(guardrail.get("outputAssessments")).values()
    if any(True for assessment in inputs for _ in _policies(mapping_of(assessment))):
        return policies_named("INPUT", inputs)
    several = (found for found in outputs if isinstance(found, list))
    return policies_named("OUTPUT", [assessment for found in several for assessment in found])


def units_in(trace: Any) -> dict[str, int]:
    """Return the text units that Converse's ``trace`` names as billed, by policy."""
    guardrail = mapping_of(mapping_of(trace).get("guardrail"))
    assessments = list(mapping_of(guardrail.get("inputAssessment")).values())
    for several in mapping_of(guardrail.get("outputAssessments")).values():
        assessments += several if isinstance(several, list) else []
    metrics = (mapping_of(mapping_of(each).get("invocationMetrics")) for each in assessments)
    return added(*(each.get("usage") for each in metrics))


def added(*usages: Any) -> dict[str, int]:
    """Return the sum of several objects of counts."""
    total: dict[str, int] = {}
    for counts in map(counts_in, usages):
        for name, count in counts.items():
            total[name] = total.get(name, 0) + count
    return total


def _policies(assessment: Mapping[str, Any]) -> Iterator[str]:
    for policy, parts in assessment.items():
        if not policy.endswith("Policy"):
            continue
        for found in mapping_of(parts).values():
            for one in map(mapping_of, found if isinstance(found, list) else ()):
                if one.get("action") != "NONE":
                    name = words(one.get("name")) or words(one.get("type"))
                    yield f"{policy} {name}" if name else policy
