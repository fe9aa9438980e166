"""Deploys Faregate to a real account under a name of its own, checks it, and destroys it again.

    make verify-aws        or: python -m tools.verify_aws [--yes ACCOUNT] [--keep]

It asks first. The key of OpenAI is read from OPENAI_API_KEY; without it what needs OpenAI is not
checked. The report is build/verify-aws/report.json; docs/aws-verified.md gets the dates.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from cost_calculator.clock import now
from local.terraform_program import TerraformError, program
from tools.verify_aws import document
from tools.verify_aws.checking import Result, run_checks, tell
from tools.verify_aws.target import ROOT, Target

FOLDER = ROOT / "build" / "verify-aws"
_MODULE = ROOT / "tools" / "verify_aws" / "root"
COSTS = (
    "about 30 short requests ($0.05), 14 alarms and a KMS key for an hour (under $0.01; the key is"
    " deleted after 7 days and costs $1 a month until then), logs and tables: under $1 in all"
)


def main(arguments: Sequence[str]) -> int:
    asked = _read(arguments)
    try:
        session = boto3.Session(region_name=asked.region)
        account = str(session.client("sts").get_caller_identity()["Account"])
    except (BotoCoreError, ClientError) as error:
        print(f"no AWS account answers: {error}", file=sys.stderr)
        return 1
    name = f"faregate-verify-{uuid.uuid4().hex[:6]}"
    print(f"account {account}, region {session.region_name}; everything is named {name}-…")
    print(f"It costs {COSTS}. It takes about 20 minutes, and destroys what it made.")
    if not _agreed(asked.yes, account):
        print("nothing was done", file=sys.stderr)
        return 1
    key = os.environ.get("OPENAI_API_KEY")
    results: list[Result] = []
    try:
        results = _check(session, name, key)
    except (TerraformError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
    finally:
        if asked.keep:
            print(f"kept: {FOLDER} has the state; destroy it with terraform destroy")
        else:
            _remove(session, name, key)
    _report(results, account, str(session.region_name))
    return 0 if results and all(result.held is not False for result in results) else 1


def _read(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("make verify-aws", description=__doc__)
    parser.add_argument("--region", default=os.environ.get("AWS_REGION", "us-east-1"))
    parser.add_argument("--yes", metavar="ACCOUNT", help="agree beforehand, by the account's id")
    parser.add_argument("--keep", action="store_true", help="do not destroy it")
    return parser.parse_args(arguments)


def _agreed(yes: str | None, account: str) -> bool:
    """Whether somebody wrote the account's id: a habit of pressing y must not spend money."""
    if yes is None and sys.stdin.isatty():
        yes = input(f"Write the account's id ({account}) to go on: ").strip()
    return yes == account


def _check(session: boto3.Session, name: str, key: str | None) -> list[Result]:
    if key:
        ssm = session.client("ssm")
        ssm.put_parameter(Name=_parameter(name), Value=key, Type="SecureString")
    FOLDER.mkdir(parents=True, exist_ok=True)
    _terraform("init", "-input=false")
    _terraform("apply", "-auto-approve", "-input=false", *_variables(session, name))
    outputs = {
        output: each["value"]
        for output, each in json.loads(_terraform("output", "-json", quiet=True)).items()
    }
    if not key:
        outputs["openai"] = None
    clients: dict[str, Any] = {}

    def client(service: str) -> Any:
        make: Any = session.client
        return clients.setdefault(service, make(service))

    target = Target(
        outputs,
        client,
        str(outputs["api"]["url"]),
        _environment(session),
        websocket_url=str(outputs["websocket"]["url"]),
    )
    return tell(run_checks(target), print)


def _parameter(name: str) -> str:
    return f"/{name}/openai-api-key"


def _variables(session: boto3.Session, name: str) -> list[str]:
    given: Mapping[str, str] = {
        "name": name,
        "region": str(session.region_name),
        "openai_api_key_parameter": _parameter(name),
    }
    return [f"-var={variable}={value}" for variable, value in given.items()]


def _environment(session: boto3.Session) -> dict[str, str]:
    return {"AWS_REGION": str(session.region_name), "AWS_DEFAULT_REGION": str(session.region_name)}


def _terraform(command: str, *options: str, quiet: bool = False) -> str:
    """Run Terraform on the root with the user's own AWS settings; its state is in ``build/``."""
    state = [f"-state={FOLDER / 'terraform.tfstate'}"] if command != "init" else []
    done = subprocess.run(
        [program(), f"-chdir={_MODULE}", command, *state, *options],
        env={**os.environ, "TF_DATA_DIR": str(FOLDER / "data")},
        stdout=subprocess.PIPE if quiet else None,
        text=True,
        check=True,
    )
    return done.stdout or ""


def _remove(session: boto3.Session, name: str, key: str | None) -> None:
    """Destroy everything; say what is left if that fails."""
    try:
        if (FOLDER / "terraform.tfstate").exists():
            _terraform("destroy", "-auto-approve", "-input=false", *_variables(session, name))
        if key:
            session.client("ssm").delete_parameter(Name=_parameter(name))
    except (subprocess.CalledProcessError, TerraformError, BotoCoreError, ClientError) as error:
        print(f"NOT DESTROYED ({error}): remove what is named {name}-…", file=sys.stderr)


def _report(results: Sequence[Result], account: str, region: str) -> None:
    day = now().date().isoformat()
    rows = [
        {"claim": it.claim.name, "result": it.word, "seen": it.seen, "region": region, "day": day}
        for it in results
    ]
    FOLDER.mkdir(parents=True, exist_ok=True)
    path: Path = FOLDER / "report.json"
    path.write_text(json.dumps({"account": account, "results": rows}, indent=2) + "\n")
    document.write(
        {it.claim.name: f"{day}, {region}: {it.word}" for it in results if it.held is not None}
    )
    print(f"{path.relative_to(ROOT)} and docs/aws-verified.md have the results")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
