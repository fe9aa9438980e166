"""Each role may do what it does and nothing else.

The whole folder runs with IAM evaluated, so a right that is missing fails other tests as well.
Here the calls that the functions made, and those in the workflow, are laid beside the deployed
policies. These tests run last (see conftest.py): what is allowed has been used by then.
"""

from __future__ import annotations

import json
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from local.deployment import Deployment
from tests.local_cloud.cloud_control import Emulator
from tests.local_cloud.iam import Need, Statement, needs_of_call, needs_of_definition, statements

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
# Where fault tests send calls that are meant to fail.
ASTRAY = (
    "arn:aws:s3:::no-such-bucket/*",
    "*:table/gone",
    "*:table/no-such-table",
    "arn:aws:sns:*:gone",
    "*:inference-profile/us.vendor.unheard-of-1",
)

# Looks at what all others have done.
pytestmark = pytest.mark.runs("after the others")
# One test sets a guardrail on the deployed function; its right is plan-tested (terraform/tests).
NOT_DEPLOYED = ("ApplyGuardrail",)
# They have a deployment of their own, and use no right that others do not.
ELSEWHERE = {"test_soak.py", "test_api_auth.py", "test_lifecycle.py"}
# AWS lets these name no resource.
WILDCARDS = {"SendTraces", "ListStreams", "DeliverItsLog"}


def roles(deployment: Deployment) -> dict[str, str]:
    """The role of each function, by the function's deployed name, and of each state machine."""
    client = deployment.client("stepfunctions")
    found = {
        each["name"]: each["role_arn"].rsplit("/", 1)[1]
        for each in deployment.outputs["functions"].values()
    }
    for machine in client.list_state_machines()["stateMachines"]:
        arn = machine["stateMachineArn"]
        found[arn] = client.describe_state_machine(stateMachineArn=arn)["roleArn"].rsplit("/", 1)[1]
    return found


def needs(deployment: Deployment, emulator: Emulator) -> dict[str, set[Need]]:
    """What each of them was seen to need."""
    found = {
        function: {
            need
            for call in calls
            if call["operation"] not in NOT_DEPLOYED
            for need in needs_of_call(call)
            if not any(fnmatchcase(need.resource, pattern) for pattern in ASTRAY)
        }
        for function, calls in emulator.calls().items()
    }
    client = deployment.client("stepfunctions")
    for arn in roles(deployment):
        if ":stateMachine:" in arn:
            definition = client.describe_state_machine(stateMachineArn=arn)["definition"]
            found[arn] = set(needs_of_definition(json.loads(definition)))
    return found


@pytest.fixture(scope="module")
def allowed(deployment: Deployment) -> dict[str, list[Statement]]:
    return {name: list(statements(deployment, role)) for name, role in roles(deployment).items()}


def test_nothing_that_is_done_is_not_allowed(
    deployment: Deployment, emulator: Emulator, allowed: dict[str, list[Statement]]
) -> None:
    missing = [
        f"{name} needs {need.action} on {need.resource} {need.key}"
        for name, wanted in needs(deployment, emulator).items()
        for need in sorted(wanted)
        if not any(statement.allows(need) for statement in allowed[name])
    ]

    assert not missing, "\n".join(missing)


def test_nothing_is_allowed_that_is_not_done(
    deployment: Deployment,
    emulator: Emulator,
    allowed: dict[str, list[Statement]],
    request: pytest.FixtureRequest,
) -> None:
    ran = {item.path.name for item in request.session.items}
    needed = {path.name for path in Path(__file__).parent.glob("test_*.py")} - ELSEWHERE
    if missing := needed - ran:
        pytest.skip(f"without {', '.join(sorted(missing))} not everything has been done")
    seen = needs(deployment, emulator)
    unused = []
    for name, given in allowed.items():
        for statement in given:
            if statement.sid not in AWS_CALLS and (name, statement.sid) not in TRIED_ELSEWHERE:
                unused += unused_of(statement, seen.get(name, set()))

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


def test_a_role_is_refused_what_is_not_its_own(deployment: Deployment) -> None:
    """The proof that IAM is evaluated here: analyze may query a table, and not scan it."""
    role = deployment.outputs["functions"]["analyze"]["role_arn"]
    key = deployment.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    dynamodb = deployment.client(
        "dynamodb",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        aws_session_token=key["SessionToken"],
    )

    with pytest.raises(ClientError, match="AccessDenied"):
        dynamodb.scan(TableName=deployment.usage_table)
