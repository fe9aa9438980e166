"""Starts and stops the local cloud: the emulator and the provider simulator, on loopback.

    python -m local.cloud up | down | status | env

A program that needs the cloud only while it runs calls `start()` and `stop()`; its children end
with it, however it ends. `up` leaves them running until `down`; the addresses are in
`build/local/cloud.json`, so that other commands find it.
"""

import json
import os
import shutil
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from local import cloud_time
from local.isolation import isolate
from local.processes import end, is_alive, runs, spawn

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "local"
STATE = FOLDER / "cloud.json"
REGION = "us-east-1"
START_SECONDS = 300.0
_MODULES = ("local.emulator", "local.simulator")


class CloudError(Exception):
    """Explains in one line what failed and what to do about it."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """A running local cloud; `pids` are those of the simulator and of the emulator."""

    emulator_url: str
    simulator_url: str
    auth: bool
    pids: tuple[int, ...]
    time: str = ""  # the file that holds its time; without one it is the wall's

    def env(self) -> dict[str, str]:
        """The variables that point AWS tools and Terraform at this cloud."""
        return {
            "AWS_ENDPOINT_URL": self.emulator_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }


def start(
    *,
    emulator_port: int = 0,
    simulator_port: int = 0,
    auth: bool = False,
    detach: bool = False,
    folder: Path = FOLDER,
    extra_env: Mapping[str, str] | None = None,
) -> Cloud:
    """Start both servers and wait until they answer; port 0 takes a free one.

    With `detach` they outlive this process. Raises CloudError when a port is taken, or a server
    does not come up; nothing is left running then.
    """
    scratch = folder / "tmp"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    ports = (free_port(emulator_port, "emulator"), free_port(simulator_port, "simulator"))
    flags = [] if detach else ["--follow-parent"]
    env = {**os.environ, **(extra_env or {}), "TMPDIR": str(scratch), "AWS_REGION": REGION}
    clock = folder / "time"
    cloud_time.write(clock, 0.0)
    cloud_time.follow(clock)
    pids: list[int] = []

    def run(name: str, port: int, *arguments: str) -> None:
        command = ["--port", str(port), "--time", str(clock), *flags, *arguments]
        log = _log(folder, name)
        pids.append(spawn(f"local.{name}", command, cwd=ROOT, env=env, log=log, detach=detach))

    try:
        run("simulator", ports[1])
        run("emulator", ports[0], "--beside", str(pids[0]), *(["--auth"] if auth else []))
        for name, pid, port in zip(("simulator", "emulator"), pids, ports[::-1], strict=True):
            _wait_until_ready(name, pid, port, folder)
    except BaseException:
        end(pids)
        raise
    emulator, simulator = (f"http://127.0.0.1:{port}" for port in ports)
    return Cloud(emulator, simulator, auth, tuple(pids), str(clock))


def stop(cloud: Cloud, *, folder: Path = FOLDER) -> None:
    """Stop both servers, wait for their end, and remove what they unpacked."""
    cloud_time.follow(None)
    end(cloud.pids)
    shutil.rmtree(folder / "tmp", ignore_errors=True)


def save(cloud: Cloud, state: Path = STATE) -> None:
    """Record the addresses of the servers, for later commands."""
    state.parent.mkdir(parents=True, exist_ok=True)
    # `faregate` reads the variables; it does not import this package.
    fields = {**asdict(cloud), "env": cloud.env()}
    state.write_text(json.dumps(fields, indent=2) + "\n")


def running(state: Path = STATE) -> Cloud | None:
    """The cloud that `up` left running, or None; a state file it did not survive is removed."""
    try:
        fields = json.loads(state.read_text())
        fields.pop("env", None)
        cloud = Cloud(**{**fields, "pids": tuple(fields["pids"])})
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        state.unlink(missing_ok=True)
        return None
    if _answers(_health("emulator", cloud.emulator_url)) and _answers(
        _health("simulator", cloud.simulator_url)
    ):
        cloud_time.follow(Path(cloud.time) if cloud.time else None)
        return cloud
    end(pid for pid in cloud.pids if runs(pid, _MODULES))
    state.unlink(missing_ok=True)
    return None


def port_from(variable: str) -> int:
    """Return the port that a variable of the environment names; 0, any free one, without it."""
    text = os.environ.get(variable) or "0"
    if not text.isdecimal() or int(text) > 65535:
        raise CloudError(f"{variable}={text} is not a port: write a number from 0 to 65535.")
    return int(text)


def free_port(wanted: int, name: str) -> int:
    """Return a port that nothing listens on: this one, or any for 0; raise CloudError if taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError as error:
            raise CloudError(
                f"Port {wanted} for the {name} is not free ({error.strerror}): "
                "stop what listens there, or leave the port out to take a free one."
            ) from error
        return int(probe.getsockname()[1])


def _wait_until_ready(name: str, pid: int, port: int, folder: Path) -> None:
    health = _health(name, f"http://127.0.0.1:{port}")
    deadline = time.monotonic() + START_SECONDS
    log = _log(folder, name)
    while not _answers(health):
        if not is_alive(pid):
            lines = log.read_text(errors="replace").strip().splitlines() or ["no output"]
            raise CloudError(f"The {name} ended while starting: {lines[-1]} (all of it: {log})")
        if time.monotonic() > deadline:
            raise CloudError(f"The {name} did not answer within {START_SECONDS:.0f} s; see {log}")
        time.sleep(0.05)


def _log(folder: Path, name: str) -> Path:
    return folder / "log" / f"{name}.log"


def _health(name: str, url: str) -> str:
    return url + {"emulator": "/_ministack/health", "simulator": "/_admin/health"}[name]


def _answers(url: str) -> bool:
    # No proxy: a proxy variable of the user's must not intercept loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def main(arguments: list[str]) -> int:
    """Run the command line; the exit code is 0 when the cloud is as asked for."""
    isolate()
    command = arguments[0] if len(arguments) == 1 else ""
    if command not in {"up", "down", "status", "env"}:
        print("usage: python -m local.cloud up|down|status|env", file=sys.stderr)
        return 2
    cloud = running()
    if command == "up":
        try:
            cloud = cloud or start(
                emulator_port=port_from("LOCAL_EMULATOR_PORT"),
                simulator_port=port_from("LOCAL_SIMULATOR_PORT"),
                auth=os.environ.get("AUTH", "").lower() == "true",
                detach=True,
            )
        except CloudError as error:
            print(error, file=sys.stderr)
            return 1
        save(cloud)
    if command == "down":
        if cloud:
            stop(cloud)
            STATE.unlink(missing_ok=True)
        print("The local cloud is stopped." if cloud else "The local cloud was not running.")
        return 0
    if command == "env" and cloud:
        for name, value in cloud.env().items():
            print(f"export {name}={value}")
        return 0
    print(_describe(cloud), file=sys.stderr if command == "env" else sys.stdout)
    return 0 if cloud else 1


def _describe(cloud: Cloud | None) -> str:
    if cloud is None:
        return "The local cloud is not running: make up starts it."
    return f"AWS at {cloud.emulator_url}, the providers at {cloud.simulator_url}."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
