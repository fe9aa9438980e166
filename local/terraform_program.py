"""Which Terraform runs: one's own, that of PATH, or the pinned release."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from local import terraform_release
from local.terraform_release import NotFetchedError

VARIABLE = "FAREGATE_TERRAFORM"
OLDEST = (1, 9)
_INSTALL = "https://developer.hashicorp.com/terraform/install"


class TerraformError(Exception):
    """Explains in one line what failed, and what to do or where to read on."""


@lru_cache
def program() -> str:
    """Return where Terraform is, fetched if this machine has none; raise if that fails."""
    return find(os.environ)


def find(outer: Mapping[str, str], fetch: Callable[[], Path] | None = None) -> str:
    """Return the program that FAREGATE_TERRAFORM names, else PATH's, else the pinned release.

    A named one that is missing or too old is an error; one of PATH is passed by.
    """
    if named := outer.get(VARIABLE):
        if problem := too_old(named):
            raise TerraformError(f"{VARIABLE}={named}: {problem}: name Terraform 1.9 or newer")
        return named
    on_path = shutil.which("terraform", path=outer.get("PATH"))
    problem = too_old(on_path) if on_path else "Terraform is not on PATH"
    if on_path and not problem:
        return on_path
    try:
        return str((fetch or _fetch)())
    except NotFetchedError as error:
        raise TerraformError(
            f"{problem}, and {error}: install 1.9 or newer from {_INSTALL}, or set {VARIABLE} to it"
        ) from error


def too_old(path: str) -> str:
    """Return what is wrong with a program; "" for a Terraform that is new enough."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    try:
        done = subprocess.run(
            [path, "version", "-json"],
            env={**kept, "CHECKPOINT_DISABLE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        return f"it cannot be run ({error.strerror})"
    version = re.search(r'"terraform_version":\s*"((\d+)\.(\d+)[^"]*)"', done.stdout)
    if version is None:
        return f"{path} does not answer like Terraform"
    if (int(version[2]), int(version[3])) < OLDEST:
        return f"Terraform {version[1]} is too old"
    return ""


def _fetch() -> Path:
    return terraform_release.fetch(terraform_release.release())
