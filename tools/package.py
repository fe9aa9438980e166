"""Builds the function zip and the provider-SDK layer, byte for byte the same at every run.

    python -m tools.package function            build/function.zip
    python -m tools.package layer arm64|x86_64|host   build/layer-<target>.zip

The function zip holds our code and Powertools, pure Python only, and serves every target. The
layer holds what is compiled, for Lambda's Python on one architecture or for this machine.
"""

from __future__ import annotations

import argparse
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from local.locking import alone

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
LAMBDA_PYTHON = "3.13"
_PLATFORMS = {"arm64": "aarch64-manylinux_2_28", "x86_64": "x86_64-manylinux_2_28"}
_WHEEL_ARCH = {"arm64": "aarch64", "x86_64": "x86_64"}
# Parts of our packages that only people call.
_LEFT_OUT = {
    "cli",
    "dashboard",
    "operations",
    "planning",
    "__main__.py",
    "__pycache__",
    "py.typed",
    "bin",
}
_COMPILED = {".so", ".pyd", ".dylib"}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tools.package")
    parts = parser.add_subparsers(dest="part", required=True)
    parts.add_parser("function")
    parts.add_parser("layer").add_argument("target", choices=[*_PLATFORMS, "host"])
    args = parser.parse_args(arguments)
    with alone(BUILD / "package.lock"):
        made = function_zip() if args.part == "function" else layer_zip(args.target)
    print(f"{made.relative_to(ROOT)}: {made.stat().st_size / 1e6:.2f} MB")
    return 0


def function_zip() -> Path:
    """Return the zip of both packages and Powertools."""
    folder = _installed("function", "function.lock", ["--python-version", LAMBDA_PYTHON])
    for package in ("router", "cost_calculator"):
        shutil.copytree(
            ROOT / "src" / package, folder / package, ignore=shutil.ignore_patterns(*_LEFT_OUT)
        )
    compiled = [path for path in folder.rglob("*") if path.suffix in _COMPILED]
    if compiled:
        raise SystemExit(f"the function zip must be pure Python, and holds {compiled[0].name}")
    return _zip(folder, BUILD / "function.zip", prefix="")


def layer_zip(target: str) -> Path:
    """Return the layer of provider SDKs for ``arm64``, ``x86_64`` (Lambda) or ``host``."""
    if target == "host":
        options = ["--python", sys.executable]
    else:
        options = ["--python-platform", _PLATFORMS[target], "--python-version", LAMBDA_PYTHON]
    folder = _installed(f"layer-{target}", "layer.lock", options)
    if target != "host":
        _check_tags(folder, _WHEEL_ARCH[target])
    return _zip(folder, BUILD / f"layer-{target}.zip", prefix="python/")


def _installed(name: str, lock: str, options: list[str]) -> Path:
    folder = BUILD / "package" / name
    shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--target", str(folder)]
    command += ["--require-hashes", "--no-deps", "--only-binary", ":all:", *options]
    command += ["-r", str(ROOT / "requirements" / lock)]
    if subprocess.run(command, check=False).returncode:
        raise SystemExit(f"could not install requirements/{lock}: is a package index reachable?")
    for scrap in ("bin", ".lock"):
        _remove(folder / scrap)
    return folder


def _check_tags(folder: Path, arch: str) -> None:
    """Refuse a wheel that Lambda could not load: one for another machine or another Python."""
    for wheel in folder.glob("*.dist-info/WHEEL"):
        lines = wheel.read_text(encoding="utf-8").splitlines()
        tags = [line.removeprefix("Tag: ") for line in lines if line.startswith("Tag: ")]
        if not any(_loads(tag, arch) for tag in tags):
            raise SystemExit(f"{wheel.parent.name} is built for {tags}, not for Lambda on {arch}")


def _loads(tag: str, arch: str) -> bool:
    python, abi, platform = tag.split("-")
    if platform == "any":
        return True
    version = "cp" + LAMBDA_PYTHON.replace(".", "")
    return (
        platform.endswith(arch) and "manylinux" in platform and (python == version or abi == "abi3")
    )


def write_zip(files: Mapping[str, Path], target: Path) -> Path:
    """Write files, by the name they have in the zip, to `target`; nobody sees half of it."""
    partial = target.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, path in sorted(files.items()):
            # Fixed times and modes: the same input gives the same bytes, so a plan shows no change.
            entry = zipfile.ZipInfo(name)
            runs = path.stat().st_mode & stat.S_IXUSR
            entry.external_attr = (0o100755 if runs else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    return partial.replace(target)


def _zip(folder: Path, target: Path, prefix: str) -> Path:
    return write_zip(
        {prefix + path.relative_to(folder).as_posix(): path for path in _files(folder)}, target
    )


def _files(folder: Path) -> Iterator[Path]:
    found = (path for path in folder.rglob("*") if path.is_file())
    # RECORD and the like name the installer's own choices; no code reads them at run time.
    skipped = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
    return iter(
        sorted(
            path
            for path in found
            if path.suffix != ".pyc"
            and not (path.parent.suffix == ".dist-info" and path.name in skipped)
        )
    )


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    raise SystemExit(main())
