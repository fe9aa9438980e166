"""Another proof of who calls, other providers, no alarms, no texts."""

from __future__ import annotations

from tests.local_cloud.settings.lines import (
    ACCOUNT,
    AUTHORIZER,
    DASHBOARD_FUNCTIONS,
    DASHBOARD_MODELS,
    DEPLOYED_AGAIN,
    LAYER_ANEW,
    OF_WHAT_IS_MADE,
    RUNS_THAT_ARE_CLOSED,
    WITHOUT_AGENT,
    WITHOUT_DOCUMENTS,
    WITHOUT_PUSHES,
    WITHOUT_RAG,
    WITHOUT_VARIANTS,
    WITHOUT_WEBSOCKET,
    Group,
    accepting,
    alarm,
    calling,
    config,
    environment,
    function_gone,
    gone,
    made,
    models,
    own_policy_gone,
    scheme,
    setting,
)

OTHER = Group(
    {
        **{
            f"models.{tier}.{place}capabilities.{name}": (
                value,
                config(
                    f"tiers.{tier}.{place if tier == 'COMPLEX' else place.replace('.0', '')}"
                    f"capabilities.{name}"
                ),
            )
            for tier in ("SIMPLE", "CALCULATION", "COMPLEX")
            for place in ("", "fallbacks.0.")
            for name, value in {
                "tools": False,
                "forced_tools": False,
                "images": False,
                "documents": False,
                "schemas": False,
                "sampling": ["stop"],
            }.items()
        },
        "websocket": (None, [*WITHOUT_WEBSOCKET, *WITHOUT_PUSHES]),
        "api.auth": (
            "COGNITO",
            [
                *scheme("AUTHORIZER", *AUTHORIZER, "identityValidationExpression"),
                *scheme("EITHER_KEY", *AUTHORIZER),
                *scheme("COGNITO", "type", "providerARNs"),
                *gone('aws_lambda_permission.api["authorize"]'),
                *function_gone("authorize"),
                *own_policy_gone("authorize"),
                *DEPLOYED_AGAIN,
                DASHBOARD_FUNCTIONS,
                *setting("API_CALLERS.auth", "api", "converse"),
            ],
        ),
        "api.user_pool_arns": (
            [f"arn:aws:cognito-idp:{ACCOUNT}:userpool/us-east-1_1"],
            OF_WHAT_IS_MADE,
        ),
        "api.tenant_claim": ("custom:team", setting("API_CALLERS.claim", "api", "converse")),
        "api.tenants": ({"a": "acme"}, setting("API_CALLERS.tenants.a", "api", "converse")),
        "api.default_tenant": (
            "acme",
            setting("API_CALLERS.default_tenant", "api", "converse"),
        ),
        "api.account_logging": (
            False,
            gone(
                "aws_api_gateway_account.this[0]",
                "aws_iam_role.api_logs[0]",
                "aws_iam_role_policy_attachment.api_logs[0]",
            ),
        ),
        "api.web_acl_arn": (
            f"arn:aws:wafv2:{ACCOUNT}:regional/webacl/w/1",
            made("aws_wafv2_web_acl_association.api[0]"),
        ),
        "alarms.enabled": (
            False,
            [*alarm("gone"), *gone("aws_cloudwatch_composite_alarm.this[0]")],
        ),
        "package.layer_zip": (
            "${path.root}/other.zip",
            [line for line in LAYER_ANEW if "ingest_document" not in line],
        ),
        "tenants.faq.cache": (
            None,
            config("tenants.faq.cache.ttl_seconds", "tenants.faq.cache.shared"),
        ),
        **{
            f"budgets.workflows.trips.{name}": (value, config(f"workflow_budgets.trips.{name}"))
            for name, value in {"day_usd": 5, "month_usd": 50, "soft_share": 0.6}.items()
        },
        **{
            f"routing.{trial}.{name}": (value, config(f"routing.{trial}.{name}"))
            for trial in ("shadow", "split")
            for name, value in {
                "share": 0.25,
                "strategy": "llm",
                "raise_above": 0.6,
                "lower_below": 0.2,
                "unsure_below": 0.5,
            }.items()
        },
        "routing.shadow.weights.bucket": ("team", config("routing.shadow.weights")),
        "routing.shadow.weights.key": ("new.weights", accepting("ReadItsWeights")),
        "routing.split.weights.bucket": ("team", config("routing.split.weights")),
        "routing.split.weights.key": ("newer.weights", OF_WHAT_IS_MADE),
        "budgets.session_usd": (2, config("session_usd")),
        "routing.cache_points": (False, config("routing.cache_points")),
        # They need the texts of their steps.
        "workflows.agent": (None, WITHOUT_AGENT),
        "workflows.variants": (None, WITHOUT_VARIANTS),
        "workflows.rag": (None, WITHOUT_RAG),
        "workflows.documents": (None, WITHOUT_DOCUMENTS),
        "privacy.store_text": (False, [*config("store_text"), *environment("STORE_TEXT", "api")]),
        "bedrock.foundation_models": (
            ["anthropic.behind"],
            calling("BeRoutedByProfiles.Resource"),
        ),
        **models("SIMPLE", "", provider="openai", model="gpt-6-sol"),
        **models("SIMPLE", "fallbacks.0", provider="anthropic", model="claude-haiku-5-5"),
        **models("CALCULATION", "", model="anthropic.claude-sonnet-5-5", provider="bedrock"),
        **models("CALCULATION", "fallbacks.0", model="anthropic.claude-haiku-5-5"),
        **models("CALCULATION", "fallbacks.0", latency="optimized"),
        **models("COMPLEX", "", provider="anthropic", model="claude-sonnet-5-5"),
    },
    together=[DASHBOARD_MODELS, *RUNS_THAT_ARE_CLOSED],
)
