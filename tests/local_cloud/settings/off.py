"""Switches: what is off goes with its functions, rights, alarms and logs, and nothing else."""

from __future__ import annotations

from tests.local_cloud.settings.lines import (
    COMPOSITE,
    ROUTER,
    RUNS_THAT_ARE_CLOSED,
    WITHOUT_AGENT,
    WITHOUT_DOCUMENTS,
    WITHOUT_PUSHES,
    WITHOUT_RAG,
    WITHOUT_VARIANTS,
    WITHOUT_WEBSOCKET,
    Group,
    alarm,
    config,
    environment,
    function_gone,
    gone,
    own_policy_gone,
    policy,
)

# Without the API there is no other function that accepts requests.
_ANALYZE = ("analyze",)

OFF = Group(
    {
        "observability.detailed_metrics": (
            False,
            environment("DETAILED_METRICS", "price_rows", "sweep"),
        ),
        "queue": (
            None,
            [
                *gone("aws_sqs_queue.requests[0]", "aws_sqs_queue.requests_dead[0]"),
                *gone("aws_lambda_event_source_mapping.requests[0]"),
                *function_gone("ingest"),
                *own_policy_gone("ingest"),
                *alarm("gone", "queue-age", "queue-dead-letters", "queue-put-back"),
            ],
        ),
        "batch": (
            None,
            [
                *gone('aws_sfn_state_machine.this["batch"]', "aws_iam_role_policy.batch[0]"),
                *gone('aws_cloudwatch_log_group.state_machine["batch"]'),
                *gone('aws_iam_role.state_machine["batch"]'),
                *(
                    line
                    for name in ("split_batch", "run_chunk", "finish_batch")
                    for line in (*function_gone(name), *own_policy_gone(name))
                ),
                *alarm("gone", "batch-failed", "batch-timed-out"),
            ],
        ),
        "workflows.variants": (
            None,
            [*WITHOUT_VARIANTS, *alarm("gone", "variants-failed", "variants-timed-out")],
        ),
        "websocket": (
            None,
            [*WITHOUT_WEBSOCKET, *WITHOUT_PUSHES, *alarm("gone", "websocket-errors")],
        ),
        # It needs reviewers.
        "workflows.agent": (
            None,
            [*WITHOUT_AGENT, *alarm("gone", "agent-failed", "agent-timed-out")],
        ),
        "workflows.rag": (None, [*WITHOUT_RAG, *alarm("gone", "rag-failed", "rag-timed-out")]),
        "workflows.documents": (
            None,
            [*WITHOUT_DOCUMENTS, *alarm("gone", "documents-failed", "documents-timed-out")],
        ),
        "api": (
            None,
            [
                *gone("aws_api_gateway_*"),
                *gone("aws_cloudwatch_log_group.api_*"),
                *gone("aws_iam_role.api_logs[0]", "aws_iam_role_policy_attachment.api_logs[0]"),
                *gone("aws_lambda_permission.api*"),
                *gone("aws_s3_bucket_cors_configuration.answers[0]"),
                *gone('aws_iam_role_policy.notify_of_failures["converse"]'),
                *(
                    line
                    for name in ("api", "authorize", "converse")
                    for line in (*function_gone(name), *own_policy_gone(name))
                ),
                *alarm("gone", "api-errors"),
            ],
        ),
        "review": (
            None,
            [
                *config("review.answer_above", "review.fail_below", of=_ANALYZE),
                *config("review.timeout_seconds", "review.default", of=_ANALYZE),
                *function_gone("await_review"),
                *own_policy_gone("await_review"),
                *policy("workflow", "RunFunctions.Resource"),
            ],
        ),
        "breaker": (
            None,
            [
                *gone("aws_lambda_event_source_mapping.watch_models[0]"),
                *function_gone("watch_models"),
                *own_policy_gone("watch_models"),
                *alarm("gone", "breaker-open"),
                *config("breaker.min_calls", "breaker.throttles", of=_ANALYZE),
            ],
        ),
        "dashboard": (False, gone("aws_cloudwatch_dashboard.this[0]")),
        "workflow.type": (
            "EXPRESS",
            [
                f"{ROUTER}: anew",
                *config("workflow_type", "workflow_seconds", of=_ANALYZE),
                *environment("WORKFLOW_SECONDS", "sweep"),
            ],
        ),
    },
    together=[COMPOSITE, *RUNS_THAT_ARE_CLOSED],
)
