"""What this machine lacks for the demo and the tests, and what to install: one screen.

    python3 -m local.doctor

Exits non-zero if the demo cannot run here. Standard library alone: it runs before `.venv` is there.
The lines are those with which `make demo` stops.
"""

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from local import cloud, terraform_program, terraform_release
from local.cloud import CloudError
from local.isolation import isolate
from local.terraform_program import TerraformError
from local.terraform_providers import NoProvidersError, environment, registry_answers
from local.terraform_release import NotFetchedError

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_GIB = 1 << 30
LEAST_MEMORY = 2 * _GIB
"""A cloud in the middle of its tests took 1.8 GiB on two cores, in 31 processes."""
OK, MISSING, TESTS_SKIPPED = "ok", "MISSING", "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the screen."""

    verdict: str
    title: str
    words: str


def findings(outer: Mapping[str, str], reaches: Callable[[str], bool]) -> Iterator[Finding]:
    """Look at everything; `reaches` says whether a site answers."""
    yield Finding(OK, "Python", f"{platform.python_version()} at {sys.executable}")
    yield _needed("Terraform", lambda: _terraform(outer, reaches))
    yield _needed("AWS provider", lambda: _providers(outer))
    yield _needed("ports", _ports)
    yield _needed("memory", lambda: _memory(_memory_available()))
    yield _for_tests(
        "Chromium",
        [outer.get("CHROMIUM", ""), *_CHROMIUM],
        "tests of pages: apt-get install chromium, brew install chromium, or set CHROMIUM",
    )
    yield _for_tests("Node.js", ["node"], "tests with npm's clients: install Node.js 20 or newer")


def _needed(title: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(OK, title, look())
    except (TerraformError, NoProvidersError, CloudError) as error:
        return Finding(MISSING, title, str(error))


def _for_tests(title: str, names: list[str], what: str) -> Finding:
    found = next(filter(None, map(shutil.which, filter(None, names))), None)
    return Finding(OK, title, found) if found else Finding(TESTS_SKIPPED, title, what)


def _terraform(outer: Mapping[str, str], reaches: Callable[[str], bool]) -> str:
    words: list[str] = []

    def would_fetch() -> Path:
        wanted = terraform_release.release()
        if program := terraform_release.fetched(wanted):
            return program
        url = f"{terraform_release.SITE}/{wanted.path}"
        if not reaches(url):
            raise NotFetchedError(f"{url} cannot be fetched (no answer)")
        words.append(f"make demo fetches {wanted.version} from {terraform_release.SITE}")
        return Path()

    found = terraform_program.find(outer, would_fetch)
    return words[0] if words else found


def _providers(outer: Mapping[str, str]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        made = environment(Path(folder), outer)
        if configuration := made.get("TF_CLI_CONFIG_FILE"):
            mirror = Path(configuration).read_text().split('path = "')[1].split('"')[0]
            return f"the mirror in {mirror}"
    return "the registry answers" if made else "your own Terraform configuration names the place"


def _ports() -> str:
    wanted = [cloud.port_from(f"LOCAL_{name}_PORT") for name in ("EMULATOR", "SIMULATOR")]
    running = cloud.running()
    if running:
        return f"in use by the local cloud that make up left running: {running.emulator_url}"
    for port, name in zip(wanted, ("emulator", "simulator"), strict=True):
        cloud.free_port(port, name)
    return "free on 127.0.0.1"


def _memory(available: int) -> str:
    words = f"{available / _GIB:.1f} GiB"
    if available < LEAST_MEMORY:
        least = LEAST_MEMORY // _GIB
        raise CloudError(f"{words} of memory are free: close programs until {least} GiB are")
    return f"{words} free"


def _memory_available() -> int:
    """Bytes that programs may still take; where nothing says, all there are."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def main() -> int:
    isolate()
    found = list(findings(os.environ, registry_answers))
    for each in found:
        print(f"{each.verdict:8} {each.title:13} {each.words}")
    missing = [each.title for each in found if each.verdict == MISSING]
    print(f"make demo cannot run here: {', '.join(missing)}" if missing else "make demo runs here.")
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
