"""Examines a deployment before its first use; exits 1 if something would fail."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import asdict

from cost_calculator.cli.deployment import open_deployment
from cost_calculator.cli.options import add_deployment_arguments, add_json_argument
from router.cli.doctor.checks import Finding, examine
from router.cli.doctor.models import provider_checks
from router.cli.doctor.parts import part_checks

_SIGNS = {"ok": "ok", "failed": "FAILED", "unchecked": "?"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--paid", action="store_true", help="also call each model once, for 16 tokens at most"
    )
    add_json_argument(parser, "print JSON lines")
    add_deployment_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    deployment = open_deployment(arguments)
    deployment.identity  # noqa: B018  without credentials no check can run
    checks = [*part_checks(deployment), *provider_checks(deployment, paid=arguments.paid)]
    findings = []
    for finding in examine(checks):
        findings.append(finding)
        print(json.dumps(asdict(finding)) if arguments.json else _line(finding), flush=True)
    counted = Counter(finding.status for finding in findings)
    if not arguments.json:
        print(
            f"{counted['ok']} ok, {counted['failed']} failed,"
            f" {counted['unchecked']} cannot be checked here"
        )
    return 1 if counted["failed"] else 0


def _line(finding: Finding) -> str:
    line = f"{_SIGNS[finding.status]:6} {finding.check}: {finding.found}"
    return f"{line}\n       fix: {finding.fix}" if finding.fix else line
