"""Each role may do what it does and nothing else.

The tests of `tests/local_cloud` run with IAM evaluated, so a right that is missing fails them as
well. Here the calls that the functions made on all clouds of the last `make local-test`, and those
in the workflows, are laid beside the deployed policies.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from tests import local_cloud
from tests.local_cloud.iam import Need, Statement
from tests.local_cloud.rights import Rights, recorded

# What AWS itself calls with the role, so that no call of ours can show it; by statement.
AWS_CALLS = {
    "WriteItsLog": "Lambda's runtime writes the log",
    "SendTraces": "Lambda's and the workflow's runtime send traces",
    "ReadItsEnvironment": "Lambda decrypts the environment",
    "PutFailuresAside": "Lambda sends what failed to the queue",
    "UseTheKeyThroughServices": "services use the key for the caller",
    "UseTheTopicsKey": "SNS uses the key for the publisher",
    "ReadTheStream": "the event source mapping polls the stream",
    "ListStreams": "the event source mapping looks for the stream",
    "WriteItsSecret": "UpdateConnection writes the secret for the caller",
    "NameTheConnectionsKey": "UpdateConnection looks at the key for the caller",
    "BeRoutedByProfiles": "Bedrock checks the model behind the profile",
    "BeRoutedByItsProfile": "Bedrock checks the model behind the profile",
    "EncryptExecutions": "Step Functions encrypts the history",
    "EncryptItsLog": "Step Functions encrypts the log",
    "DeliverItsLog": "Step Functions sets up its log's delivery",
    "ReceiveRequests": "the event source mapping polls the queue",
    "ReadTheListOfChunks": "a Distributed Map reads its items",
    "StartChildren": "a Distributed Map starts its children",
    "WatchChildren": "a Distributed Map follows its children",
    "ReadTheListOfGroups": "a Distributed Map reads its items",
    "StartGroups": "a Distributed Map starts its children, and each a group's run",
    "WatchGroups": "Step Functions follows them",
    "RedriveGroups": "a redriven Distributed Map runs its children again",
    "RedriveChildren": "a redriven Distributed Map runs its children again",
    "FollowWhatItAsked": "Step Functions follows the runs that a workflow waits for",
    "HearOfItsEnd": "Step Functions manages the rule that reports their end",
    "SignUploads": "a caller puts its file with a URL that the function signed",
    "SeeWhatIsMissing": "S3 looks at it to say 404 rather than 403",
}
# Where AWS names a resource in another way than the call does.
AWS_RESOURCES = {("WriteTheConnection", "/*"): "an ARN of a connection ends in an id"}
# Where one function does what another does with the same code, and only the other is tried.
TRIED_ELSEWHERE = {
    ("faregate-converse", "breaker#*"): "test_fault_guards.py probes through analyze",
    ("faregate-decide-agent", "ReadLargeAnswers"): "test_fault_variants.py reads one",
    ("faregate-answer-question", "ReadLargeAnswers"): "test_fault_variants.py reads one",
    ("faregate-ingest-document", "ReadLargeAnswers"): "test_fault_variants.py reads one",
    ("faregate-sweep", "faregate-agent:*"): "test_fault_workflow_ends.py loses an event",
    ("faregate-sweep", "faregate-documents:*"): "test_fault_workflow_ends.py loses an event",
    ("faregate-sweep", "faregate-rag:*"): "test_fault_workflow_ends.py loses an event",
}
# They have a deployment of their own, and use no right that others do not.
ELSEWHERE = {"test_soak.py", "test_api_auth.py", "test_lifecycle.py"}
# AWS lets these name no resource.
WILDCARDS = {"SendTraces", "ListStreams", "DeliverItsLog"}


@pytest.fixture(scope="module")
def clouds() -> list[Rights]:
    found = list(recorded())
    assert found, "nothing is recorded: make local-test"
    return found


@pytest.fixture(scope="module")
def allowed(clouds: list[Rights]) -> dict[str, list[Statement]]:
    """What one of the clouds allows; all have the same policies."""
    return clouds[0].allowed


@pytest.fixture(scope="module")
def needed(clouds: list[Rights]) -> dict[str, set[Need]]:
    """What was needed on any of the clouds."""
    found: dict[str, set[Need]] = defaultdict(set)
    for cloud in clouds:
        for name, needs in cloud.needed.items():
            found[name] |= needs
    return found


def test_nothing_that_is_done_is_not_allowed(clouds: list[Rights]) -> None:
    missing = [
        f"{name} needs {need.action} on {need.resource} {need.key}"
        for cloud in clouds
        for name, wanted in cloud.needed.items()
        for need in sorted(wanted)
        if not any(statement.allows(need) for statement in cloud.allowed[name])
    ]

    assert not missing, "\n".join(missing)


def test_nothing_is_allowed_that_is_not_done(
    clouds: list[Rights], needed: dict[str, set[Need]], allowed: dict[str, list[Statement]]
) -> None:
    ran = set().union(*(cloud.files for cloud in clouds))
    folder = Path(local_cloud.__file__).parent
    if missing := {path.name for path in folder.glob("test_*.py")} - ELSEWHERE - ran:
        pytest.skip(f"without {', '.join(sorted(missing))} not everything has been done")
    unused = []
    for name, given in allowed.items():
        for statement in given:
            if statement.sid not in AWS_CALLS and (name, statement.sid) not in TRIED_ELSEWHERE:
                unused += unused_of(statement, needed.get(name, set()))

    assert not unused, "\n".join(unused)


def unused_of(statement: Statement, seen: set[Need]) -> list[str]:
    """Each action, each resource and each kind of key that no call needed."""
    used = [need for need in seen if statement.allows(need)]
    alone = [replace(statement, actions=(action,)) for action in statement.actions] + [
        replace(statement, resources=(resource,))
        for resource in statement.resources
        if not any(sid == statement.sid and resource.endswith(end) for sid, end in AWS_RESOURCES)
        and not any(r == statement.role and resource.endswith(end) for r, end in TRIED_ELSEWHERE)
    ]
    alone += [
        replace(statement, keys=(key,))
        for key in statement.keys
        if (statement.role, key) not in TRIED_ELSEWHERE
    ]
    return [
        f"{part.role} {part.sid}: {part.actions} on {part.resources} {part.keys}"
        for part in alone
        if not any(part.allows(need) for need in used)
    ]


def test_only_what_aws_lets_name_nothing_is_allowed_on_everything(
    allowed: dict[str, list[Statement]],
) -> None:
    wild = {
        statement.sid
        for given in allowed.values()
        for statement in given
        if "*" in statement.resources or any("*" in action for action in statement.actions)
    }

    assert wild == WILDCARDS


def test_every_exception_written_down_here_is_one(allowed: dict[str, list[Statement]]) -> None:
    sids = {statement.sid for given in allowed.values() for statement in given}

    assert set(AWS_CALLS) <= sids
    assert {sid for sid, _ in AWS_RESOURCES} <= sids
