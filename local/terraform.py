"""Runs the real Terraform on a root module of this repository, and leaves the checkout clean.

Each root module gets a shadow of the repository under `build/terraform/<module>`: links to
everything, and a real folder in the module's own place, so that state, lock file and plugins land
there while relative paths still hold.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from local.locking import alone
from local.terraform_attached import attached
from local.terraform_program import TerraformError, program
from local.terraform_providers import CACHE, NoProvidersError, cli_configuration, environment

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "terraform"
_VARIABLES = "local.auto.tfvars.json"
_PLANNED = "json.tfplan"
# Of the user's environment, what would lead Terraform to another state or other arguments.
_MISLEADING = ("TF_WORKSPACE", "TF_DATA_DIR", "TF_CLI_ARGS", "TF_PLUGIN_CACHE_DIR")


def init(module: Path, *, folder: Path = FOLDER) -> None:
    """Initialise a root module with an empty state: a local cloud knows nothing of an earlier one.

    `folder` holds what Terraform writes; give another one to use a module twice at a time.
    """
    here = _shadow(module, folder)
    for old in here.glob("*.tfstate*"):
        old.unlink()
    (here / _VARIABLES).unlink(missing_ok=True)
    try:
        extra = environment(folder, os.environ)
    except NoProvidersError as error:
        raise TerraformError(str(error)) from error
    # Terraform does not guard its cache of providers against a second init.
    with alone(CACHE.with_suffix(".lock")):
        _init(here, extra)


def _init(here: Path, extra: Mapping[str, str]) -> None:
    try:
        _run(here, ["init"], extra)
    except TerraformError:
        if not (here / ".terraform.lock.hcl").exists():
            raise
        # What was locked may be gone with the registry or mirror it came from.
        (here / ".terraform.lock.hcl").unlink()
        shutil.rmtree(here / ".terraform", ignore_errors=True)
        _run(here, ["init"], extra)


def apply(
    module: Path,
    *,
    variables: Mapping[str, Any],
    env: Mapping[str, str],
    folder: Path = FOLDER,
    only: Sequence[str] = (),
    refresh: bool = True,
) -> None:
    """Apply with these variables, which later plans of the same module use as well.

    `only` names the resources that are to be made; left out, all are. Without `refresh` what the
    state says is believed, which takes half of the time.
    """
    here = place_of(module, folder)
    (here / _VARIABLES).write_text(json.dumps(dict(variables), indent=2))
    options = [f"-refresh={str(refresh).lower()}", *(f"-target={each}" for each in only)]
    _run(here, ["apply", "-auto-approve", "-parallelism=30", *options], env)


def plan(module: Path, *, env: Mapping[str, str], folder: Path = FOLDER) -> str:
    """Return what an apply would change, in Terraform's words; "" if nothing would."""
    done = _run(place_of(module, folder), ["plan", "-detailed-exitcode"], env, good=(0, 2))
    return done.stdout if done.returncode == 2 else ""


def plan_json(
    module: Path, *, env: Mapping[str, str], folder: Path = FOLDER, refresh: bool = True
) -> str:
    """Answer the plan as `terraform show -json` gives it; `apply_planned` carries it out.

    Without `refresh` nothing is asked of the cloud: the state is taken for what is there.
    """
    here = place_of(module, folder)
    _run(here, ["plan", f"-out={_PLANNED}", f"-refresh={str(refresh).lower()}"], env)
    return _run(here, ["show", "-json", _PLANNED], env).stdout


def apply_planned(module: Path, *, env: Mapping[str, str], folder: Path = FOLDER) -> None:
    """Carry out what the last `plan_json` answered."""
    _run(place_of(module, folder), ["apply", "-parallelism=30", _PLANNED], env)


def destroy(
    module: Path, *, env: Mapping[str, str], folder: Path = FOLDER, refresh: bool = True
) -> None:
    """Remove all that was applied; without `refresh` what the state says is believed."""
    options = ["-auto-approve", "-parallelism=30", f"-refresh={str(refresh).lower()}"]
    _run(place_of(module, folder), ["destroy", *options], env)


def output(module: Path, *, folder: Path = FOLDER) -> dict[str, Any]:
    """Answer the outputs of the last apply, by name."""
    done = _run(place_of(module, folder), ["output", "-json"], {})
    return {name: each["value"] for name, each in json.loads(done.stdout).items()}


def run_tests(module: Path, *, folder: Path = FOLDER) -> str:
    """Run `terraform test` (plan only, no credentials) and answer what it printed."""
    init(module, folder=folder)
    here = place_of(module, folder)
    with attached(here) as provider:
        return _run(here, ["test"], provider).stdout


def unformatted(*folders: str) -> str:
    """Answer what `terraform fmt` would change below these folders of the checkout, as a diff."""
    arguments = ["fmt", "-check", "-diff", "-recursive", *folders]
    done = subprocess.run(
        [program(), *arguments],
        cwd=ROOT,
        env=_environment({}),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr if done.returncode else ""


def _run(
    here: Path, arguments: Sequence[str], env: Mapping[str, str], *, good: Sequence[int] = (0,)
) -> subprocess.CompletedProcess[str]:
    colour = [] if arguments[0] in {"output", "show"} else ["-no-color"]
    command = [program(), arguments[0], *colour, *arguments[1:]]
    done = subprocess.run(
        command, cwd=here, env=_environment(env), capture_output=True, text=True, check=False
    )
    log = here / f"{arguments[0]}.log"
    log.write_text(done.stdout + done.stderr)
    if done.returncode not in good:
        lines = [line.strip("│╷╵ ") for line in done.stderr.splitlines()]
        reason = " ".join(line for line in lines if line)[:400] or done.stdout.strip()[-400:]
        raise TerraformError(f"terraform {arguments[0]} failed: {reason} (all of it: {log})")
    return done


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in _MISLEADING and not name.startswith(("TF_CLI_ARGS_", "TF_VAR_"))
    }
    if cli_configuration(env) is None:
        env.pop("TF_CLI_CONFIG_FILE", None)  # Terraform warns when the variable dangles
    # Terraform spends a third of its time looking for garbage: a tenth more memory saves that.
    defaults = {"GOGC": "400"}
    automation = {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"}
    return {**defaults, **env, **automation, **extra}


def place_of(module: Path, folder: Path = FOLDER) -> Path:
    """Return the module's own folder in the shadow of the repository, where its state is."""
    path = module.resolve().relative_to(ROOT)
    return folder / "-".join(path.parts) / path


def _shadow(module: Path, folder: Path) -> Path:
    """Link the repository around the module's folder, and the module's files into it."""
    here = place_of(module, folder)
    here.mkdir(parents=True, exist_ok=True)
    real, shadow = module.resolve(), here
    while True:
        wanted = {entry.name: entry for entry in real.iterdir() if entry.name[0] != "."}
        for link in shadow.iterdir():
            if link.is_symlink() and link.name not in wanted:
                link.unlink()
        for name, entry in wanted.items():
            link = shadow / name
            if not link.is_symlink() and not link.exists():
                link.symlink_to(entry)
        if real == ROOT:
            return here
        real, shadow = real.parent, shadow.parent
