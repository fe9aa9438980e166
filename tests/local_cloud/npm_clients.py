"""The clients of tests/clients, installed from npm as their lock says, and run by Node.js."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from local import cloud
from tests.local_cloud.door import Door
from tests.support import programs
from tests.support.patience import HANGS_SECONDS

CLIENTS = Path(__file__).parents[1] / "clients"
FOLDER = cloud.ROOT / "build" / "javascript"


def installed() -> Path:
    """Install the clients and return their folder."""
    shutil.copytree(CLIENTS / "javascript", FOLDER, dirs_exist_ok=True)
    install(CLIENTS, FOLDER)
    return FOLDER


def install(lock: Path, folder: Path) -> None:
    """Install what the lock in a folder pins into another one, unless that has it already."""
    programs.required("Node.js", "node")
    programs.required("npm", "npm")
    wanted = (lock / "package-lock.json").read_bytes()
    stamp = folder / "node_modules" / ".lock"
    if stamp.exists() and stamp.read_bytes() == wanted:
        return
    for name in ("package.json", "package-lock.json"):
        shutil.copy(lock / name, folder)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(command, cwd=folder, check=True, timeout=HANGS_SECONDS)
    stamp.write_bytes(wanted)


def run(folder: Path, door: Door, program: str, name: str, **given: str) -> str:
    """Run a program of the folder for the client of that name; return what it printed."""
    known = {"BASE_URL": door.url, "KEY": door.key, "NO_PROXY": "*"}
    done = subprocess.run(
        ["node", program, name],
        cwd=folder,
        env={**os.environ, **known, **given},
        capture_output=True,
        text=True,
        timeout=HANGS_SECONDS,
        check=False,
    )
    return done.stdout.strip() or done.stderr
