"""The recipes of CONTRIBUTING are true: what they list is all that there is to touch."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cost_calculator.usage import PROVIDERS as READABLE_USAGES
from local import demo_workflows
from router.acceptance.exact_cache import slot_of
from router.catalog.providers import PROVIDERS
from router.config.tenants import Rules
from router.intake import call_options
from router.intake import request as intake
from router.intake.call_options import CallOptions
from router.providers import call_json
from router.providers.call_json import call_from_json
from router.routing.decision import decide
from router.routing.plan_json import plan_to_json
from tests.support.factories import classification, config
from tests.workflow.interpreter import world
from tools.prices.workflow_costs import TABLES

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = {path.name.split(".")[0] for path in (ROOT / "asl").glob("*.asl.json")} - {
    "router",
    "batch",
}
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
MODULE_TABLE = (ROOT / "terraform" / "model_providers.tf").read_text(encoding="utf-8")


def files_of(recipe: str) -> list[str]:
    """The files that a recipe lists, in its order."""
    section = CONTRIBUTING.split(f"### {recipe}\n", 1)[1].split("\n#", 1)[0]
    return re.findall(r"^\d+\. `([^`]+)`", section, re.MULTILINE)


@dataclass(frozen=True, slots=True)
class WithVerbosity(CallOptions):
    """The options as they are with one scalar more."""

    verbosity: int | None = None


@pytest.fixture
def with_verbosity(monkeypatch: pytest.MonkeyPatch) -> None:
    schema = json.loads(json.dumps(intake._schema()))
    schema["properties"]["verbosity"] = {"type": "integer"}
    monkeypatch.setattr(intake, "_schema", lambda: schema)
    monkeypatch.setattr(intake, "CallOptions", WithVerbosity)
    monkeypatch.setattr(call_json, "CallOptions", WithVerbosity)
    # What follows from the fields of the class.
    monkeypatch.setattr(call_options, "_NAMES", (*call_options._NAMES, "verbosity"))
    monkeypatch.setattr(call_options, "_KNOWN", call_options._KNOWN | {"verbosity"})


def planned(**fields: Any) -> tuple[dict[str, Any], str]:
    """The route plan of a request, and the key of its answer in the cache."""
    given = {"input": "hi", "request_id": "r-1", **fields}
    request = intake.parse_request(given, execution_name="r-1", input_bytes_limit=1000)
    plan = decide(request, classification(), config()).plan()
    written = plan_to_json(request, classification(), plan, config(), 0, {})
    return written, slot_of(request, plan, Rules()).key


@pytest.mark.usefixtures("with_verbosity")
def test_an_option_that_is_added_reaches_plan_call_and_cache_key_by_itself() -> None:
    warm, warm_key = planned(verbosity=9)
    cold, cold_key = planned(verbosity=1)

    assert warm["call"]["options"] == {"verbosity": 9}
    assert call_from_json(cold["call"]).options == WithVerbosity(verbosity=1)
    assert warm_key != cold_key


def test_the_recipe_of_an_option_lists_at_most_seven_files_of_the_source() -> None:
    listed = files_of("Add a request option")

    assert [name for name in listed if not (ROOT / name).is_file()] == []
    assert len([name for name in listed if name.startswith("src/")]) <= 7


def test_no_other_file_of_the_source_names_an_option_of_a_call_for_itself() -> None:
    named = subprocess.run(
        ["git", "grep", "-lE", r"[\"']max_completion_tokens[\"']", "--", "src"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip

    others = {name for name in named if "/ingress/protocols/" not in name}
    assert others <= set(files_of("Add a request option"))


def test_the_recipe_of_a_provider_lists_at_most_six_files_of_the_source_and_two_of_the_module() -> (
    None
):
    listed = files_of("Add a provider")
    ours = [name.replace("<name>", "openai") for name in listed]
    existing = {"openai_api", "openai_chat"}

    assert len([name for name in listed if name.startswith("src/")]) <= 6
    assert len([name for name in listed if name.startswith("terraform/")]) <= 2
    assert [
        name
        for name in ours
        if not (ROOT / name).exists() and not any(each in name for each in existing)
    ] == []


def test_the_recipe_of_a_workflow_lists_what_each_of_them_has() -> None:
    listed = files_of("Add a workflow")

    assert [name for name in listed if not (ROOT / name).is_file()] == []
    own = [name for name in listed if "rag" in Path(name).stem.replace(".", "_").split("_")]
    # A document has no question: what is asked of it is that it has changed.
    own = [name for name in own if not name.startswith("src/")]
    for workflow in WORKFLOWS:
        assert [name for name in own if not (ROOT / name.replace("rag", workflow)).is_file()] == []


def test_all_that_enumerates_workflows_knows_the_same() -> None:
    tables = (ROOT / "terraform" / "workflows.tf").read_text(encoding="utf-8")

    for ending in ("definition", "rights"):
        lines = re.findall(rf"^    (\w+)\s+= local\.\1_{ending}$", tables, re.M)
        assert set(lines) == WORKFLOWS
    pages = {page.stem for page in (ROOT / "docs" / "workflows").glob("*.md")} - {"README"}
    assert pages == WORKFLOWS
    assert {name.removesuffix("-runs") for name in TABLES} == WORKFLOWS
    assert set(demo_workflows._ORDER) == WORKFLOWS
    assert set(world._WORKFLOWS) == WORKFLOWS
    for name in WORKFLOWS:
        handler = re.search(
            rf'called_by\s+= "{name}"\n(?:.*\n)*?.*reads_steps\s+= true', _functions_of(name)
        )
        assert handler, name


def test_every_workflow_s_function_begins_and_ends_the_run_s_row() -> None:
    for name in WORKFLOWS:
        [handler] = re.findall(r'handler\s+= "router\.(.+)\.handler"', _functions_of(name))
        source = (ROOT / "src/router" / f"{handler.replace('.', '/')}.py").read_text("utf-8")
        assert "begin_run(" in source
        assert "end_run(" in source


def _functions_of(workflow: str) -> str:
    """Return the text of the file of the function that decides for a workflow."""
    files = (ROOT / "terraform").glob("function_*.tf")
    texts = (path.read_text(encoding="utf-8") for path in files)
    [found] = [text for text in texts if re.search(rf'called_by\s+= "{workflow}"', text)]
    return found


def test_all_that_enumerates_providers_knows_the_same() -> None:
    in_module = re.findall(r"^    (\w+)\s+= \{ service_tiers = (\[.*?\])", MODULE_TABLE, re.M)

    assert {name: tuple(json.loads(tiers)) for name, tiers in in_module} == {
        name: spec.service_tiers for name, spec in PROVIDERS.items()
    }
    assert set(READABLE_USAGES) == set(PROVIDERS)


def test_only_the_catalog_lists_the_providers() -> None:
    listing = re.compile(r"[\"'](bedrock|openai|anthropic)[\"'],\s*[\"'](bedrock|openai|anthropic)")
    sources = (ROOT / "src").rglob("*.py")
    found = {str(path.relative_to(ROOT)) for path in sources if listing.search(path.read_text())}

    assert found <= {"src/router/catalog/providers.py", "src/cost_calculator/usage.py"}
