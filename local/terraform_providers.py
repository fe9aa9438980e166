"""Where Terraform gets the AWS provider from: the registry, or a mirror on this machine."""

import os
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

REGISTRY = "registry.terraform.io"
MIRROR_VARIABLE = "FAREGATE_TERRAFORM_MIRROR"
_PROBE_URL = f"https://{REGISTRY}/.well-known/terraform.json"
_PROBE_SECONDS = 3.0
# One for every root module: the provider is large, and the demo and the tests are apart.
CACHE = Path(__file__).resolve().parent.parent / "build" / "provider-cache"
_PROVIDER = Path(REGISTRY, "hashicorp", "aws")


class NoProvidersError(Exception):
    """Neither registry nor mirror: explains in one line what to set."""


def environment(folder: Path, outer: Mapping[str, str]) -> dict[str, str]:
    """The variables that let `terraform init` find its providers, for the child alone.

    In order: the mirror named by FAREGATE_TERRAFORM_MIRROR; the user's own CLI configuration,
    where it says where providers come from; the registry; a mirror in one of the usual places.
    A configuration file is written into `folder` only for a mirror.
    """
    if named := outer.get(MIRROR_VARIABLE):
        if not (Path(named) / _PROVIDER).is_dir():
            raise NoProvidersError(
                f"{MIRROR_VARIABLE}={named} holds no {_PROVIDER}: "
                "name a folder made by `terraform providers mirror FOLDER`."
            )
        return _from_mirror(Path(named), folder)
    if _configures_providers(outer):
        return {}
    if registry_answers():
        cache = Path(outer.get("TF_PLUGIN_CACHE_DIR") or CACHE)
        cache.mkdir(parents=True, exist_ok=True)
        return {
            "TF_PLUGIN_CACHE_DIR": str(cache),
            # No lock file is kept here, without which Terraform would pass the cache by.
            "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "1",
        }
    for place in _usual_places(outer):
        if (place / _PROVIDER).is_dir():
            return _from_mirror(place, folder)
    raise NoProvidersError(
        f"{REGISTRY} does not answer and this machine has no provider mirror: set "
        f"{MIRROR_VARIABLE} to a folder made by `terraform providers mirror FOLDER`."
    )


def registry_answers(url: str = _PROBE_URL, seconds: float = _PROBE_SECONDS) -> bool:
    """Ask the registry for its discovery document, and wait no longer than `seconds`.

    The proxy variables are honoured, as Terraform honours them. A thread of its own bounds the
    look-up of the name too, which no socket time-out does.
    """
    answers: list[bool] = []

    def ask() -> None:
        try:
            with urllib.request.urlopen(url, timeout=seconds) as response:
                answers.append(response.status == 200)
        except (urllib.error.URLError, OSError, ValueError):
            answers.append(False)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return answers == [True]


def cli_configuration(outer: Mapping[str, str]) -> Path | None:
    """The user's CLI configuration, or None if there is none (or the variable dangles)."""
    named = outer.get("TF_CLI_CONFIG_FILE")
    path = Path(named) if named else Path(outer.get("HOME", "~")).expanduser() / ".terraformrc"
    return path if path.is_file() else None


def _configures_providers(outer: Mapping[str, str]) -> bool:
    path = cli_configuration(outer)
    return path is not None and "provider_installation" in path.read_text(errors="replace")


def _from_mirror(mirror: Path, folder: Path) -> dict[str, str]:
    """Point Terraform at an unpacked or packed mirror; an unpacked one is linked, not copied."""
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "mirror.tfrc"
    configuration.write_text(
        "provider_installation {\n"
        f'  filesystem_mirror {{\n    path = "{mirror.resolve()}"\n  }}\n'
        "}\n"
    )
    return {"TF_CLI_CONFIG_FILE": str(configuration)}


def _usual_places(outer: Mapping[str, str]) -> Iterator[Path]:
    home = Path(outer.get("HOME", "~")).expanduser()
    if cache := outer.get("TF_PLUGIN_CACHE_DIR"):
        yield Path(cache)
    yield home / ".terraform.d" / "plugins"
    yield home / ".terraform.d" / "plugin-cache"
    data = outer.get("XDG_DATA_HOME") or str(home / ".local" / "share")
    shared = outer.get("XDG_DATA_DIRS") or os.pathsep.join(["/usr/local/share", "/usr/share"])
    for place in [data, *shared.split(os.pathsep)]:
        yield Path(place) / "terraform" / "plugins"
    for root in ("/opt", "/usr/local", "/srv", "/var/lib"):
        for depth in ("*", "*/*"):
            for found in sorted(Path(root).glob(f"{depth}/{REGISTRY}")):
                yield found.parent
