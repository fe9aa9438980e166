"""Fetches the pinned release of Terraform from its maker, for a machine that has none.

`requirements/terraform.sha256` names the release and has the checksum of each platform's archive;
what does not have that checksum is not unpacked.
"""

import hashlib
import http.client
import platform
import shutil
import sys
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path

from local.locking import alone

ROOT = Path(__file__).resolve().parent.parent
SITE = "https://releases.hashicorp.com"
CHECKSUMS = ROOT / "requirements" / "terraform.sha256"
FOLDER = ROOT / "build" / "terraform-release"
_SECONDS = 20.0  # of silence
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_PIECE = 1 << 20


class NotFetchedError(Exception):
    """Explains in a few words why the release is not there."""


@dataclass(frozen=True, slots=True)
class Release:
    """One platform's archive."""

    version: str
    name: str
    sha256: str

    @property
    def path(self) -> str:
        return f"terraform/{self.version}/{self.name}"


def release(
    system: str = platform.system(),
    machine: str = platform.machine(),
    checksums: Path = CHECKSUMS,
) -> Release:
    """Return the pinned archive of a platform, this machine's by default."""
    ending = f"_{system.lower()}_{_MACHINES.get(machine.lower(), machine)}.zip"
    for line in checksums.read_text().splitlines():
        sha256, name = line.split()
        if name.endswith(ending):
            return Release(name.split("_")[1], name, sha256)
    raise NotFetchedError(f"{checksums.name} has no release for {system} on {machine}")


def fetched(wanted: Release, folder: Path = FOLDER) -> Path | None:
    """Return the program of an earlier fetch, or None."""
    program = folder / wanted.version / "terraform"
    return program if program.is_file() else None


def fetch(wanted: Release, site: str = SITE, folder: Path = FOLDER) -> Path:
    """Download, verify and unpack a release, once; return its program.

    Raises NotFetchedError; nothing is left then.
    """
    with alone(folder / "lock"):
        if program := fetched(wanted, folder):
            return program
        print(f"fetching Terraform {wanted.version} from {site}", file=sys.stderr, flush=True)
        archive = folder / wanted.name
        try:
            _download(f"{site}/{wanted.path}", archive, wanted.sha256)
            return _unpack(archive, folder / wanted.version)
        finally:
            archive.unlink(missing_ok=True)


def _download(url: str, archive: Path, sha256: str) -> None:
    digest, size = hashlib.sha256(), 0
    try:
        # Proxy variables apply, as they do to package indexes.
        with urllib.request.urlopen(url, timeout=_SECONDS) as answer, archive.open("wb") as file:
            expected = answer.headers.get("content-length")
            while piece := answer.read(_PIECE):
                digest.update(piece)
                size += file.write(piece)
    except (urllib.error.URLError, OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise NotFetchedError(f"{url} cannot be fetched ({reason})") from error
    if expected is not None and size < int(expected):
        raise NotFetchedError(f"{url} was cut after {size} of {expected} bytes")
    if digest.hexdigest() != sha256:
        raise NotFetchedError(
            f"{url} has the checksum {digest.hexdigest()}, not that of {CHECKSUMS.name}"
        )


def _unpack(archive: Path, folder: Path) -> Path:
    scratch = folder.with_suffix(".part")
    shutil.rmtree(scratch, ignore_errors=True)
    with zipfile.ZipFile(archive) as files:
        files.extract("terraform", scratch)
    (scratch / "terraform").chmod(0o755)
    shutil.rmtree(folder, ignore_errors=True)
    scratch.rename(folder)
    return folder / "terraform"
