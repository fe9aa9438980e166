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
FOLDER = cloud.ROOT / "build" / "clients"


def installed() -> Path:
    """Install the clients and return their folder."""
    programs.required("Node.js", "node")
    programs.required("npm", "npm")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for file in CLIENTS.iterdir():
        if file.is_file():
            shutil.copy(file, FOLDER)
    install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(install, cwd=FOLDER, check=True, timeout=HANGS_SECONDS)
    return FOLDER


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
