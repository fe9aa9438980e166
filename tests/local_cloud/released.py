"""A root module like `examples/local` that takes the module from the release archive."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local import terraform
from local.deployment import EXAMPLE, Deployment
from tests.local_cloud.conftest import FOLDER
from tests.local_cloud.plan_lines import Plan
from tests.local_cloud.settings.lines import BY_VARIABLES
from tools import release

RELEASED = FOLDER / "released"


class Root:
    """The root module, on the state of the deployment that it takes over."""

    def __init__(self, deployment: Deployment, before: Path) -> None:
        self.env = deployment.cloud.env()
        self.folder = FOLDER / "terraform-released"
        self.place = terraform.place_of(RELEASED, self.folder)
        # A module that an earlier run downloaded would be used again.
        for old in (RELEASED, self.folder):
            shutil.rmtree(old, ignore_errors=True)
        shutil.copytree(EXAMPLE, RELEASED, ignore=shutil.ignore_patterns(".*"))
        archive = release.archive(FOLDER / "release.zip")
        main = RELEASED / "main.tf"
        source = f"file://{archive}//terraform"
        text = main.read_text()
        assert '"../../terraform"' in text
        main.write_text(text.replace('"../../terraform"', f'"{source}"'))
        terraform.init(RELEASED, folder=self.folder)
        old = terraform.place_of(EXAMPLE, before)
        shutil.copy(old / "terraform.tfstate", self.place)
        self.variables = json.loads((old / "local.auto.tfvars.json").read_text())
        # The code is the archive's; the layer must be one for this machine.
        del self.variables["code"]

        # A zip that is not the archive's, for the settings that name one.
        shutil.copy(FOLDER / "release.zip", self.place / "other.zip")
        self._given: dict[str, Any] = {}

    def plan(self, settings: Mapping[str, Any] | None = None) -> Plan:
        """Plan the module with other settings, by their paths; the state is what is there."""
        with self.settled(settings or {}):
            return self.plan_as_settled()

    def plan_as_settled(self) -> Plan:
        return self._plan(refresh=False)

    def second_plan(self) -> Plan:
        """Plan it as it is, and look at everything that is there."""
        return self._plan(refresh=True)

    @contextmanager
    def settled(self, settings: Mapping[str, Any]) -> Iterator[None]:
        """Give the module other settings for a while."""
        override = self.place / "settings_override.tf.json"
        module = changed(self._base(), settings) if settings else {}
        override.write_text(json.dumps({"module": {"faregate": module}}))
        try:
            yield
        finally:
            override.unlink()

    def apply(self) -> None:
        """Apply it as it is. The state is believed: a second plan looks at what is there."""
        terraform.apply(
            RELEASED, variables=self.variables, env=self.env, folder=self.folder, refresh=False
        )

    def destroy(self) -> None:
        """Remove it; the state is what was planned and applied a moment ago."""
        terraform.destroy(RELEASED, env=self.env, folder=self.folder, refresh=False)

    def apply_planned(self) -> None:
        terraform.apply_planned(RELEASED, env=self.env, folder=self.folder)

    def _plan(self, *, refresh: bool) -> Plan:
        text = terraform.plan_json(RELEASED, env=self.env, folder=self.folder, refresh=refresh)
        plan = json.loads(text)
        call = plan["configuration"]["root_module"]["module_calls"]["faregate"]
        # As `examples/local` has it: a plan with other settings says those.
        self._given = self._given or call["expressions"]
        return Plan(plan)

    def _base(self) -> dict[str, Any]:
        """What the root module gives the module."""
        if not self._given:
            self._plan(refresh=False)
        constants = {
            name: expression["constant_value"]
            for name, expression in self._given.items()
            if "constant_value" in expression
        }
        assert set(self._given) - set(constants) == set(BY_VARIABLES)
        return constants | BY_VARIABLES


def changed(base: dict[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs that these settings are in, whole: `routing.raise_above` is in `routing`."""
    inputs = copy.deepcopy({path.split(".")[0]: None for path in settings} | base)
    for path, value in settings.items():
        *way, last = path.split(".")
        node: Any = inputs
        for step, following in zip(way, [*way, last][1:], strict=True):
            node = step_into(node, step, [] if following.isdigit() else {})
        put(node, last, value)
    return {path.split(".")[0]: inputs[path.split(".")[0]] for path in settings}


def step_into(node: Any, step: str, missing: Any) -> Any:
    if isinstance(node, dict):
        if node.get(step) is None:
            node[step] = missing
        return node[step]
    if len(node) == int(step):
        node.append(missing)
    return node[int(step)]


def put(node: Any, step: str, value: Any) -> None:
    node[int(step) if isinstance(node, list) else step] = value
