"""``explain`` gives reasons that support its verdict, for a person and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from router.analyzer import load
from router.analyzer.types import Complexity
from router.cli import registry
from router.cli.explain import NO_SIGN, reasons, render


@pytest.mark.parametrize("label", [Complexity.COMPLEX, Complexity.CALCULATION])
def test_a_harder_verdict_is_not_explained_by_the_lack_of_signs(label: Complexity) -> None:
    found = replace(load(None).classify_prompt("hi"), label=label, reasons=(NO_SIGN,))

    assert reasons(found) == ["no single signal decides; their sum does"]
    assert NO_SIGN not in render(found, None)


def test_an_easy_verdict_may_be() -> None:
    found = replace(load(None).classify_prompt("hi"), label=Complexity.SIMPLE, reasons=(NO_SIGN,))

    assert reasons(found) == [NO_SIGN]


def test_json_and_text_agree(capsys: pytest.CaptureFixture[str]) -> None:
    prompt = "Prove that pi is irrational."
    registry.main(["explain", prompt])
    text = capsys.readouterr().out
    registry.main(["explain", prompt, "--json"])
    found = json.loads(capsys.readouterr().out)

    assert text.startswith(found["label"])
    assert all(f"  - {reason}\n" in text for reason in found["reasons"])
