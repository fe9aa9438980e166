"""`make demo-workflows` on the deployed module, as a new user runs it."""

from __future__ import annotations

import re

import pytest

from local import demo_workflows
from local.deployment import Deployment

# It fills the corpus, which other tests count.
_PART = re.compile(r"^(\w+): docs/workflows/\w+\.example\.json.*\n([\s\S]*?)^total ", re.M)
pytestmark = pytest.mark.runs("late")


def test_all_four_workflows_answer_with_their_cost_and_the_right_page_is_cited(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    code = demo_workflows.run_all(deployment)

    shown = capsys.readouterr().out
    assert code == 0, shown
    parts = dict(_PART.findall(shown))
    assert list(parts) == ["documents", "rag", "variants", "agent"]
    assert re.search(r"^(\d+) of \1 pages are in", shown, re.M)
    assert re.search(r"\] runbook\.md: Runbook > Rotate the OpenAI key", parts["rag"])
    assert "put the new one into the same SSM parameter" in parts["rag"]
    assert "status JUDGED" in parts["variants"]
    assert "Give Nordpost most of the parcels." in parts["agent"]
    assert "not known" not in shown
