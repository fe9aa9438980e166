"""Whether the module's resources exist and work, and whether failures notify somebody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from cost_calculator.cli.deployed import Deployment
from router.cli.doctor.checks import Check, Finding, failed, ok, unchecked

APPLY = "terraform apply"
FUNCTIONS = ("analyze", "invoke_model", "record_outcome", "price_rows", "sweep")
_LEAST_CONCURRENCY = 100
_MOST_SKEW_SECONDS = 60
_LAMBDA_CONCURRENCY = "--service-code lambda --quota-code L-B99A9384"


def part_checks(deployment: Deployment) -> list[Check]:
    """Return the checks, in the order in which a request meets what they look at."""

    def check(name: str, look: Any, fix: str = APPLY) -> Check:
        return Check(name, lambda: look(deployment), fix)

    return [
        check("clock", _clock),
        check("workflow", _workflow),
        check("key", _key),
        check("tables", _tables),
        check("functions", _functions),
        check("concurrency", _concurrency),
        check("stream", _stream),
        check("rules", _rules),
        check("notices", _notices),
        check("failures queue", _failures_queue),
    ]


def _clock(deployment: Deployment) -> Iterator[Finding]:
    answer: Any = deployment.client("sts").get_caller_identity()
    theirs = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
    skew = abs((datetime.now(UTC) - theirs).total_seconds())
    if skew > _MOST_SKEW_SECONDS:
        yield failed(
            "clock",
            f"{skew:.0f} s from AWS's: past 300 s AWS refuses signatures",
            "sudo timedatectl set-ntp true",
        )
    else:
        yield ok("clock", f"within {_MOST_SKEW_SECONDS} s of AWS's")


def _workflow(deployment: Deployment) -> Iterator[Finding]:
    client = deployment.client("stepfunctions")
    machine = client.describe_state_machine(stateMachineArn=deployment.state_machine_arn)
    status = machine["status"]
    yield (
        ok("workflow", f"{deployment.name} is ACTIVE")
        if status == "ACTIVE"
        else failed("workflow", f"{deployment.name} is {status}", APPLY)
    )


def _key(deployment: Deployment) -> Iterator[Finding]:
    table = deployment.client("dynamodb").describe_table(TableName=deployment.table("usage"))
    arn = table["Table"]["SSEDescription"]["KMSMasterKeyArn"]
    state = deployment.client("kms").describe_key(KeyId=arn)["KeyMetadata"]["KeyState"]
    if state == "Enabled":
        yield ok("key", f"{arn} is Enabled")
    elif state == "PendingDeletion":
        fix = f"aws kms cancel-key-deletion --key-id {arn} && aws kms enable-key --key-id {arn}"
        yield failed("key", "the key is to be deleted, and all that is stored with it", fix)
    else:
        yield failed("key", f"the key is {state}", f"aws kms enable-key --key-id {arn}")


def _tables(deployment: Deployment) -> Iterator[Finding]:
    client = deployment.client("dynamodb")
    for name in map(deployment.table, ("usage", "spend", "control")):
        status = client.describe_table(TableName=name)["Table"]["TableStatus"]
        # UPDATING still reads and writes.
        if status in ("ACTIVE", "UPDATING"):
            yield ok("tables", f"{name} is {status}")
        else:
            yield failed("tables", f"{name} is {status}", APPLY)


def _functions(deployment: Deployment) -> Iterator[Finding]:
    client = deployment.client("lambda")
    for name in map(deployment.function, FUNCTIONS):
        found = client.get_function_configuration(FunctionName=name)
        state, update = found.get("State", "Active"), found.get("LastUpdateStatus", "Successful")
        if "InProgress" in update or state == "Pending":
            yield unchecked("functions", f"{name} is being updated; look again in a minute")
        # Idle functions wake up by themselves.
        elif state in ("Active", "Inactive") and update != "Failed":
            yield ok("functions", f"{name} is {state}")
        else:
            reason = found.get("StateReason") or found.get("LastUpdateStatusReason") or state
            yield failed("functions", f"{name}: {reason}", APPLY)


def _concurrency(deployment: Deployment) -> Iterator[Finding]:
    limit = deployment.client("lambda").get_account_settings()["AccountLimit"]
    free = limit["UnreservedConcurrentExecutions"]
    if free < _LEAST_CONCURRENCY:
        yield failed(
            "concurrency",
            f"{free} functions may run at once; each model call holds one while it waits",
            f"aws service-quotas request-service-quota-increase {_LAMBDA_CONCURRENCY}"
            " --desired-value 1000",
        )
    else:
        yield ok("concurrency", f"{free} functions may run at once")


def _stream(deployment: Deployment) -> Iterator[Finding]:
    name = deployment.function("price_rows")
    found = deployment.client("lambda").list_event_source_mappings(FunctionName=name)
    if not found["EventSourceMappings"]:
        yield failed("stream", f"nothing delivers rows to {name}", APPLY)
    for mapping in found["EventSourceMappings"]:
        if mapping["State"] in ("Enabled", "Enabling", "Creating"):
            yield ok("stream", f"rows reach {name}: {mapping['State']}")
        else:
            fix = f"aws lambda update-event-source-mapping --uuid {mapping['UUID']} --enabled"
            yield failed("stream", f"the mapping to {name} is {mapping['State']}", fix)


def _rules(deployment: Deployment) -> Iterator[Finding]:
    client = deployment.client("events")
    for rule in (f"{deployment.name}-execution-ended-badly", f"{deployment.name}-sweep"):
        if client.describe_rule(Name=rule)["State"] != "ENABLED":
            yield failed("rules", f"{rule} is disabled", f"aws events enable-rule --name {rule}")
        elif not client.list_targets_by_rule(Rule=rule)["Targets"]:
            yield failed("rules", f"{rule} has no target", APPLY)
        else:
            yield ok("rules", f"{rule} is ENABLED")


def _notices(deployment: Deployment) -> Iterator[Finding]:
    topic = deployment.environment("record_outcome")["FAILURE_TOPIC_ARN"]
    client = deployment.client("sns")
    found = client.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    confirmed = [one for one in found if one["SubscriptionArn"].startswith("arn:")]
    if confirmed:
        yield ok("notices", f"{len(confirmed)} confirmed subscription(s) to {topic}")
    elif found:
        to = found[0]["Endpoint"]
        yield failed(
            "notices", f"{to} has not confirmed", f"open the message that AWS sent to {to}"
        )
    else:
        yield failed(
            "notices",
            "nobody is notified of failures and alarms",
            f"aws sns subscribe --topic-arn {topic} --protocol email"
            ' --notification-endpoint "$EMAIL"',
        )


def _failures_queue(deployment: Deployment) -> Iterator[Finding]:
    client = deployment.client("sqs")
    url = client.get_queue_url(QueueName=f"{deployment.name}-failures")["QueueUrl"]
    name = "ApproximateNumberOfMessages"
    found = client.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"]
    count = int(found[name])
    if count:
        fix = "faregate redrive stream; faregate redrive events"
        yield failed("failures queue", f"{count} message(s) wait", fix)
    else:
        yield ok("failures queue", "empty")
