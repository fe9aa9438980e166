"""Terraform comes from its maker, verified, or one line says what to install."""

from __future__ import annotations

import hashlib
import io
import os
import socket
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from local import terraform_release
from local.terraform_program import VARIABLE, TerraformError, find
from local.terraform_release import NotFetchedError, Release, fetch, release

PROGRAM = """#!/bin/sh
echo '{"terraform_version": "1.11.4"}'
"""


def archive() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as files:
        files.writestr("LICENSE.txt", "")
        files.writestr("terraform", PROGRAM)
    return held.getvalue()


ARCHIVE = archive()
WANTED = Release("1.11.4", "terraform_1.11.4_x_y.zip", hashlib.sha256(ARCHIVE).hexdigest())


class ReleaseSite(ThreadingHTTPServer):
    """Serves one archive, or less of it than it promises."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.body = ARCHIVE
        self.status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: ReleaseSite

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(self.server.status)
        self.send_header("content-length", str(len(ARCHIVE)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[ReleaseSite]:
    with ReleaseSite() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "lock")


def test_the_release_is_fetched_once_and_runs(site: ReleaseSite, tmp_path: Path) -> None:
    programs = [fetch(WANTED, site.url, tmp_path) for _ in range(2)]

    assert programs[0] == programs[1]
    assert site.asked == ["/terraform/1.11.4/terraform_1.11.4_x_y.zip"]
    assert subprocess.run([programs[0]], capture_output=True, check=True).stdout
    assert left(tmp_path) == ["1.11.4"]


def test_another_checksum_is_refused_and_nothing_is_left(site: ReleaseSite, tmp_path: Path) -> None:
    site.body = bytes(len(ARCHIVE))

    with pytest.raises(NotFetchedError, match=r"not that of terraform\.sha256"):
        fetch(WANTED, site.url, tmp_path)

    assert left(tmp_path) == []


def test_a_download_that_was_cut_is_refused_and_the_next_one_works(
    site: ReleaseSite, tmp_path: Path
) -> None:
    site.body = ARCHIVE[:100]
    with pytest.raises(NotFetchedError, match="was cut after 100 of"):
        fetch(WANTED, site.url, tmp_path)
    assert left(tmp_path) == []

    site.body = ARCHIVE

    assert fetch(WANTED, site.url, tmp_path).is_file()


def test_a_site_without_the_release_says_so(site: ReleaseSite, tmp_path: Path) -> None:
    site.status = 404

    with pytest.raises(NotFetchedError, match="Not Found"):
        fetch(WANTED, site.url, tmp_path)


def test_without_a_network_one_line_says_what_to_install(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{free.getsockname()[1]}"

        with pytest.raises(TerraformError) as caught:
            find({"PATH": str(tmp_path)}, lambda: fetch(WANTED, nowhere, tmp_path))

    said = str(caught.value)
    assert said.startswith("Terraform is not on PATH, and http://127.0.0.1:")
    assert "install 1.9 or newer from https://" in said
    assert VARIABLE in said
    assert "\n" not in said


def terraform(folder: Path, version: str) -> Path:
    program = folder / "terraform"
    program.write_text(PROGRAM.replace("1.11.4", version))
    program.chmod(0o755)
    return program


def test_a_terraform_that_is_too_old_is_passed_by(site: ReleaseSite, tmp_path: Path) -> None:
    terraform(tmp_path, "1.8.5")
    there = tmp_path / "there"

    found = find({"PATH": str(tmp_path)}, lambda: fetch(WANTED, site.url, there))

    assert found == str(there / "1.11.4" / "terraform")


def test_a_terraform_of_ones_own_comes_first(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    own = terraform(tmp_path / "own", "1.9.0")
    terraform(tmp_path, "1.11.4")

    assert find({"PATH": str(tmp_path), VARIABLE: str(own)}) == str(own)
    assert find({"PATH": str(tmp_path)}) == str(tmp_path / "terraform")


@pytest.mark.parametrize(
    ("version", "problem"),
    [("1.8.5", "1.8.5 is too old"), (None, "cannot be run"), ("", "does not answer")],
)
def test_one_that_is_named_and_no_good_is_an_error(
    tmp_path: Path, version: str | None, problem: str
) -> None:
    own = tmp_path / "terraform" if version is None else terraform(tmp_path, version)

    with pytest.raises(TerraformError, match=problem) as caught:
        find({"PATH": os.defpath, VARIABLE: str(own)})

    assert str(caught.value).startswith(f"{VARIABLE}={own}: ")


@pytest.mark.parametrize("system", ["Linux", "Darwin"])
@pytest.mark.parametrize(
    ("machine", "named"),
    [("x86_64", "amd64"), ("AMD64", "amd64"), ("aarch64", "arm64"), ("arm64", "arm64")],
)
def test_each_platform_has_its_archive(system: str, machine: str, named: str) -> None:
    found = release(system, machine)

    assert found.path == f"terraform/{found.version}/terraform_{found.version}_" + (
        f"{system.lower()}_{named}.zip"
    )
    assert len(bytes.fromhex(found.sha256)) == 32


def test_a_platform_without_an_archive_is_named() -> None:
    with pytest.raises(NotFetchedError, match="no release for Plan9 on pdp11"):
        release("Plan9", "pdp11")


def test_the_pinned_release_is_new_enough() -> None:
    versions = {line.split("_")[1] for line in terraform_release.CHECKSUMS.read_text().splitlines()}

    assert len(versions) == 1
    assert tuple(map(int, versions.pop().split("."))) >= (1, 9, 0)
