"""Settings that make something, or make it anew."""

from __future__ import annotations

from tests.local_cloud.settings.lines import (
    AUTHORIZER,
    COMPOSITE,
    DASHBOARD_FUNCTIONS,
    DEPLOYED_AGAIN,
    LAYER_ANEW,
    OF_WHAT_IS_MADE,
    ON_TOP,
    ROUTER,
    WITHOUT_WEBSOCKET,
    Group,
    alarm,
    environment,
    function,
    function_gone,
    gone,
    made,
    own_policy_gone,
    policy,
    scheme,
    setting,
)

CALLED_BY_NOBODY = (
    "ingest", "price_rows", "record_outcome", "sweep", "sync_api_key",
    "watch_models",
)  # fmt: skip
_HOURS = "functions.provisioned_concurrency.analyze.business_hours"

MADE = Group(
    {
        "functions.architecture": ("arm64", [*function("architectures"), *LAYER_ANEW]),
        "functions.snap_start": (
            ["invoke_model"],
            [
                *made('aws_lambda_alias.live["invoke_model"]'),
                *function("snap_start.apply_on", "invoke_model"),
            ],
        ),
        "functions.provisioned_concurrency.analyze.min": (
            1,
            made(
                'aws_lambda_alias.live["analyze"]',
                'aws_lambda_provisioned_concurrency_config.this["analyze"]',
            ),
        ),
        "functions.provisioned_concurrency.analyze.max": (5, OF_WHAT_IS_MADE),
        "functions.provisioned_concurrency.analyze.utilization": (
            0.5,
            made('aws_appautoscaling_policy.this["analyze"]'),
        ),
        f"{_HOURS}.min": (2, made('aws_appautoscaling_target.by_hours["analyze"]')),
        f"{_HOURS}.begin": (
            "cron(0 7 ? * * *)",
            made('aws_appautoscaling_scheduled_action.this["analyze-begin"]'),
        ),
        f"{_HOURS}.end": (
            "cron(0 9 ? * * *)",
            made('aws_appautoscaling_scheduled_action.this["analyze-end"]'),
        ),
        f"{_HOURS}.timezone": ("Europe/Berlin", OF_WHAT_IS_MADE),
        "functions.vpc.subnet_ids": (
            ["subnet-1"],
            [
                *function("vpc_config.subnet_ids"),
                *function("vpc_config.ipv6_allowed_for_dual_stack"),
                *policy('function_runtime["*"]', "BeInTheVpc", "TheCodeMakesNoInterfaces"),
            ],
        ),
        "functions.vpc.security_group_ids": (
            ["sg-1"],
            function("vpc_config.security_group_ids"),
        ),
        "observability.xray_share": (
            0.05,
            [
                *made("aws_xray_sampling_rule.this[0]"),
                *function("tracing_config.mode", *CALLED_BY_NOBODY),
                # The environments of the others that price are not known before it is made.
                *environment("TRACED_SHARE", "price_rows", "sweep", *ON_TOP),
            ],
        ),
        "bedrock.application_profiles": (
            True,
            [
                *made(
                    'aws_bedrock_inference_profile.this["us.anthropic.claude-haiku-5-5"]',
                    'aws_bedrock_inference_profile.this["us.anthropic.claude-sonnet-5"]',
                    'aws_bedrock_inference_profile.this["us.anthropic.claude-sonnet-5-5"]',
                ),
                # Their ARNs are not known before.
                *setting("item ?", "analyze"),
                *function("environment ?", "analyze", "invoke_model"),
                *made('aws_dynamodb_table_item.settings["invoke_model"]'),
                *policy('function_runtime["invoke_model"]', "ReadItsSettings"),
                "aws_iam_role_policy.analyze: policy ?",
                "aws_iam_role_policy.converse[0]: policy ?",
                "aws_iam_role_policy.invoke_model: policy ?",
            ],
        ),
        # Its clients have Bearer keys.
        "websocket": (None, [*WITHOUT_WEBSOCKET, *alarm("gone", "websocket-errors")]),
        "api.auth": (
            "API_KEY",
            [
                *scheme("AUTHORIZER", *AUTHORIZER, "identityValidationExpression"),
                *scheme("EITHER_KEY", *AUTHORIZER),
                *scheme("API_KEY"),
                *gone('aws_lambda_permission.api["authorize"]'),
                *function_gone("authorize"),
                *own_policy_gone("authorize"),
                *DEPLOYED_AGAIN,
                DASHBOARD_FUNCTIONS,
            ],
        ),
        "api.keys.web.tenant": (
            "acme",
            [
                *made('aws_api_gateway_api_key.caller["web"]'),
                # A tenant is found by the key's id, which is not known before.
                *setting("item ?", "api"),
                *function("environment ?", "api"),
            ],
        ),
        "api.keys.web.rate_limit": (1, made('aws_api_gateway_usage_plan.caller["web"]')),
        "api.keys.web.burst_limit": (2, OF_WHAT_IS_MADE),
        "api.keys.web.quota.limit": (3, OF_WHAT_IS_MADE),
        "api.keys.web.quota.period": ("DAY", made('aws_api_gateway_usage_plan_key.caller["web"]')),
        "tables.deletion_protection": (
            True,
            [
                "aws_dynamodb_table.*: deletion_protection_enabled",
                "aws_s3_bucket.*: force_destroy",
            ],
        ),
        "alarms.thresholds.budget_percent": (
            [50],
            [
                *alarm("gone", "budget-80-frugal", "budget-100-frugal"),
                *alarm("made", "budget-50-frugal"),
                COMPOSITE,
            ],
        ),
        "routing.duplicate.share": (
            0.1,
            made(
                'aws_cloudwatch_log_group.function["duplicate"]',
                'aws_iam_role.function["duplicate"]',
                'aws_iam_role_policy.function_runtime["duplicate"]',
                'aws_lambda_function.this["duplicate"]',
                'aws_lambda_function_event_invoke_config.this["duplicate"]',
                "aws_iam_role_policy.duplicate[0]",
                "aws_cloudwatch_event_rule.duplicate[0]",
                "aws_cloudwatch_event_target.duplicate[0]",
                "aws_lambda_permission.duplicate[0]",
            ),
        ),
        "routing.duplicate.judge": ("CALCULATION", OF_WHAT_IS_MADE),
        "routing.duplicate.budget.day_usd": (1, OF_WHAT_IS_MADE),
        "routing.duplicate.budget.month_usd": (5, OF_WHAT_IS_MADE),
        "package.function_zip": (
            "${path.root}/other.zip",
            [*function("filename"), *function("source_code_hash"), *function("last_modified ?")],
        ),
    },
    # An alias for the two that are kept ready: a version is published, and the workflow calls it.
    together=[
        # It has both: the ids of keys, and the ARNs of profiles.
        *setting("item ?", "converse"),
        *function("environment ?", "converse"),
        *(
            line
            for what in ("publish", "version ?", "qualified_arn ?", "qualified_invoke_arn ?")
            for line in function(what, "analyze", "invoke_model")
        ),
        *(
            line
            for name in ("analyze", "invoke_model")
            for line in policy(
                f'function_runtime["{name}"]',
                "ReadItsEnvironment.Condition.StringLike.kms:EncryptionContext:aws:lambda:FunctionArn",
            )
        ),
        "aws_iam_role_policy.workflow: policy ?",
        f"{ROUTER}: definition ?",
    ],
)
