"""Every command that a reader may paste is run by a test, or is said to need an AWS account.

Those that need one are run on the local cloud as they stand: tests/local_cloud/test_documents.py.

A command of ours is also read by its own parser, so that no option is documented that is not there.
"""

from __future__ import annotations

import re
import shlex

import pytest

from router.cli.registry import COMMANDS
from tests.support.documented import (
    NEEDS_AN_ACCOUNT,
    PAGES,
    ROOT,
    Command,
    blocks,
    commands,
    commands_in,
)

# The test that runs each command; the first words decide.
RUN_BY = {
    "faregate ask": "tests/local_cloud/test_ask.py",
    "faregate chat": "tests/unit/router/cli/test_chat.py",
    "faregate completion": "tests/unit/cli/test_completion.py",
    "faregate explain": "tests/unit/router/cli/test_classify.py",
    "faregate batch": "tests/local_cloud/test_batch.py",
    "faregate breakeven": "tests/unit/cost_calculator/planning/test_break_even.py",
    "faregate breaker": "tests/unit/router/cli/test_guard_commands.py",
    "faregate budget": "tests/unit/router/cli/test_guard_commands.py",
    "faregate calibrate": "tests/unit/router/cli/test_classify.py",
    "faregate capacity": "tests/unit/cost_calculator/planning/test_capacity.py",
    "faregate classify": "tests/unit/router/cli/test_classify.py",
    "faregate doctor": "tests/local_cloud/test_doctor.py",
    "faregate feedback": "tests/unit/router/test_feedback.py",
    "faregate upload": "tests/local_cloud/test_large_input.py",
    "faregate forget": "tests/local_cloud/test_forget.py",
    "faregate keys": "tests/unit/router/ingress/api/test_bearer_keys.py",
    "faregate redrive": "tests/local_cloud/test_fault_queue.py",
    "faregate rerun": "tests/local_cloud/test_fault_reruns.py",
    "faregate review": "tests/unit/router/review/test_decisions.py",
    "faregate shadow": "tests/unit/router/cli/test_trials.py",
    "faregate split": "tests/unit/router/cli/test_trials.py",
    "faregate dashboard": "tests/unit/cost_calculator/dashboard/test_dashboard.py",
    "faregate reconcile": "tests/unit/cost_calculator/test_backlog.py",
    "faregate report": "tests/unit/cost_calculator/test_reports.py",
    "faregate reprice": "tests/local_cloud/test_fault_stream.py",
    "make faults": "tests/unit/test_fault_list.py",
    "make soak": "tests/local_cloud/test_soak.py",
}
# Run by hand and by what measures; what they start is tested, their own output is for a person.
OF_THE_REPOSITORY = re.compile(
    r"make (-C faregate )?(-s )?[a-z-]+( [A-Z]+=.*)?$|eval \"\$\(make -s env\)\"$"
)


def ours_in(text: str) -> set[str]:
    """Return the commands of ours anywhere on a page, in blocks and between the lines."""
    between = re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)
    inline = re.findall(r"`(?:[^`\n]*? )?(faregate [a-z][^`\n>|]*)[^`\n]*`", between)
    blocked = [command for _, body in blocks(text) for command in commands_in(body)]
    return {*inline, *(one for one in blocked if one.startswith("faregate "))}


def run_by(command: str) -> str | None:
    return next(
        (test for words, test in RUN_BY.items() if f"{command} ".startswith(f"{words} ")), None
    )


@pytest.mark.parametrize("command", commands(), ids=str)
def test_a_command_in_a_block_is_run_by_a_test_or_said_to_need_an_account(command: Command) -> None:
    known = run_by(command.text) or OF_THE_REPOSITORY.match(command.text)

    assert known or command.marked, f"put {NEEDS_AN_ACCOUNT} before it, or a test into RUN_BY"


@pytest.mark.parametrize("words", RUN_BY)
def test_the_test_that_runs_a_command_is_there_and_speaks_of_it(words: str) -> None:
    text = (ROOT / RUN_BY[words]).read_text(encoding="utf-8")

    assert words.rsplit(maxsplit=1)[-1] in text


@pytest.mark.parametrize(
    "command", sorted({c for page in PAGES for c in ours_in(page.read_text(encoding="utf-8"))})
)
def test_our_own_parser_takes_every_documented_command(command: str) -> None:
    assert run_by(command), "put the test that runs it into RUN_BY"
    _, name, *options = shlex.split(re.sub(r"\$[A-Z_]+", "x", re.sub(r"\s+# .*$", "", command)))
    [parser] = [each.parser("faregate") for each in COMMANDS if each.name == name]

    # Between the lines a command may stand for itself, without what it needs.
    if any(one.startswith("-") for one in options) and not any("…" in one for one in options):
        parser.parse_args(options)


@pytest.mark.parametrize(
    "target",
    sorted({m for page in PAGES for m in re.findall(r"`make ([a-z-]+)", page.read_text())}),
)
def test_every_target_of_make_is_one(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
