"""Checks whether a deployment can do its work before its first use; each failure names its fix."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError

from cost_calculator.aws.error_codes import code_of

Status = Literal["ok", "failed", "unchecked"]

# These errors reveal nothing about the thing itself: it may not be read, or not here.
_NOT_TOLD = ("AccessDenied", "Unauthorized", "NotAuthorized", "UnknownOperation", "InvalidAction")


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. ``fix`` is a command to paste, or what to do, if it failed."""

    check: str
    status: Status
    found: str
    fix: str = ""


def ok(check: str, found: str) -> Finding:
    return Finding(check, "ok", found)


def failed(check: str, found: str, fix: str) -> Finding:
    return Finding(check, "failed", found, fix)


def unchecked(check: str, reason: str) -> Finding:
    """Return an inconclusive finding: the check could not be made here."""
    return Finding(check, "unchecked", f"cannot be checked here: {reason}")


@dataclass(frozen=True, slots=True)
class Check:
    """A name, the function that checks, and the fix if the thing does not exist at all."""

    name: str
    look: Callable[[], Iterable[Finding]]
    fix: str


def examine(checks: Iterable[Check]) -> Iterator[Finding]:
    """Run each check; one that cannot look does not keep the others from it."""
    for check in checks:
        try:
            yield from check.look()
        except ClientError as error:
            code = code_of(error)
            if any(sign in code for sign in _NOT_TOLD):
                yield unchecked(check.name, f"{error.operation_name} answers {code}")
            else:
                yield failed(check.name, f"{error.operation_name} answers {code}", check.fix)
        except BotoCoreError as error:
            yield unchecked(check.name, str(error))
        except SystemExit as error:  # a part of the deployment that could not be found
            yield failed(check.name, str(error), check.fix)
