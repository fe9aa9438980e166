"""Where a worker's imports come from: unpacked archives, and what Lambda's runtime brings along."""

import hashlib
import importlib.util
import io
import shutil
import tempfile
import threading
import zipfile
from functools import lru_cache
from pathlib import Path

# What AWS installs into its Python runtimes: boto3 and what boto3 needs.
_BUNDLED = ("boto3", "botocore", "s3transfer", "jmespath", "urllib3", "dateutil", "six")

_unpacking = threading.Lock()


def root() -> Path:
    """The folder that holds everything unpacked for this emulator."""
    folder = Path(tempfile.gettempdir()) / "lambda"
    folder.mkdir(exist_ok=True)
    return folder


def unpack(archive: bytes) -> Path:
    """Unpack a zip once, however many workers use it, and answer its folder.

    AWS mounts code and layers read-only, so sharing a folder changes nothing a handler may do.
    """
    folder = root() / hashlib.sha256(archive).hexdigest()[:32]
    with _unpacking:
        if not folder.exists():
            partial = folder.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            with zipfile.ZipFile(io.BytesIO(archive)) as source:
                source.extractall(partial)
                for entry in source.infolist():
                    if mode := (entry.external_attr >> 16) & 0o777:
                        (partial / entry.filename).chmod(mode | 0o600)
            partial.rename(folder)
    return folder


@lru_cache
def bundled() -> Path:
    """A folder with the packages of Lambda's runtime, and none of this environment's others."""
    folder = root() / "runtime"
    folder.mkdir(exist_ok=True)
    for name in _BUNDLED:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            continue
        origin = Path(spec.origin)
        source = origin.parent if spec.submodule_search_locations else origin
        link = folder / source.name
        if not link.exists():
            link.symlink_to(source)
    return folder


def search_path(code: Path, layers: list[Path]) -> list[str]:
    """The import path of a worker, in AWS's order: code, layers, runtime."""
    found = [code]
    for layer in layers:
        found += sorted((layer / "python" / "lib").glob("python*/site-packages"))
        found.append(layer / "python")
    return [str(path) for path in [*found, bundled()] if path.exists()]
