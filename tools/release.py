"""Makes `build/faregate-<version>.zip`: module, workflow, built code and command line in one file.

Terraform takes it as a module source; nothing has to be built where it is used. pip, pipx and uvx
install `faregate` from it. The same sources
give the same bytes.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator
from pathlib import Path

from local.locking import alone
from tools.package import BUILD, ROOT, function_zip, layer_zip, write_zip

# What the module reads, what the command line is built from, and what a reader needs. The module
# finds its neighbours by relative paths.
_CONTENT = (
    "terraform/*.tf",
    "terraform/README.md",
    "asl/*.json",
    "pyproject.toml",
    "src/router/**/*.*",
    "src/cost_calculator/**/*.*",
    "build/function.zip",
    "build/layer-arm64.zip",
    "build/layer-x86_64.zip",
    "examples/minimal/*.tf",
    "examples/complete/*.tf",
    "docs/**/*.*",
    "*.md",
    "LICENSE",
)


def main() -> int:
    """Build the code, then the archive; print its digest."""
    with alone(BUILD / "package.lock"):
        function_zip()
        for architecture in ("arm64", "x86_64"):
            layer_zip(architecture)
        made = archive()
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    print(f"{made.relative_to(ROOT)}: {made.stat().st_size / 1e6:.1f} MB, sha256 {digest}")
    return 0


def archive(target: Path | None = None) -> Path:
    """Write the archive from what is built already; return its path."""
    return write_zip(dict(_content()), target or BUILD / f"faregate-{version()}.zip")


def version() -> str:
    """Return the version that `pyproject.toml` names, the only place that has it."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def _content() -> Iterator[tuple[str, Path]]:
    for pattern in _CONTENT:
        for path in ROOT.glob(pattern):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), path


if __name__ == "__main__":
    raise SystemExit(main())
