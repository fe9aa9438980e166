"""Settings that change what is there, and make nothing anew."""

from __future__ import annotations

from tests.local_cloud.settings.lines import (
    ACCOUNT,
    AGENT,
    ASK_VARIANTS,
    CALLS_MODELS,
    COMPOSITE,
    DASHBOARD_MODELS,
    DEPLOYED_AGAIN,
    INGESTION_STATES,
    LIMITED,
    NOTICE_STATES,
    PRICED_BY,
    ROUTER,
    RUN_CHUNKS,
    SCORER_STATES,
    TAKES_INPUT,
    VARIANTS,
    Group,
    accepting,
    alarm,
    budget,
    calling,
    config,
    document,
    environment,
    function,
    gateway_errors,
    models,
    policy,
    preflights,
    setting,
)

_HEADER = "responseParameters.method.response.header"
_ROUTES = "default_route_settings"
_AUTHORIZER = "components.securitySchemes.AUTHORIZER.x-amazon-apigateway-authorizer"

# Nothing is made anew but a deployment of the gateway and a call of sync_api_key.
IN_PLACE = Group(
    {
        "tags": ({"team": "platform"}, ["*: tags.team"]),
        **models("SIMPLE", "", model="anthropic.claude-next", max_tokens=1000),
        **models("SIMPLE", "", context_tokens=500_000, service_tier="flex", latency="optimized"),
        **models("SIMPLE", "fallbacks.0", model="anthropic.claude-other", max_tokens=999),
        **models("SIMPLE", "fallbacks.0", context_tokens=9_000, service_tier="priority"),
        **models("SIMPLE", "fallbacks.0", latency="optimized", when=["timeout"]),
        **models("CALCULATION", "", provider="bedrock", model="anthropic.claude-sonnet-5"),
        **models("CALCULATION", "", max_tokens=1000, context_tokens=500_000),
        **models("CALCULATION", "", service_tier="flex", latency="optimized"),
        **models("CALCULATION", "fallbacks.0", provider="anthropic", model="claude-haiku-5-5"),
        **models("CALCULATION", "fallbacks.0", context_tokens=9_000, max_tokens=999),
        **models("CALCULATION", "fallbacks.0", service_tier="standard_only", when=["timeout"]),
        **models("COMPLEX", "", model="anthropic.claude-large", max_tokens=1000),
        **models("COMPLEX", "", context_tokens=500_000, service_tier="flex", latency="optimized"),
        **{
            f"models.COMPLEX.fallbacks.0.{name}": (
                value,
                config(f"tiers.COMPLEX.fallbacks.0.{name}"),
            )
            for name, value in {
                "provider": "bedrock",
                "model": "anthropic.claude-haiku-5-5",
                "max_tokens": 999,
                "context_tokens": 9_000,
                "service_tier": "flex",
                "latency": "optimized",
                "when": ["error"],
            }.items()
        },
        "bedrock.endpoint": (
            "https://bedrock.example",
            environment(
                "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
                *("analyze", "converse", "invoke_model", "answer_question", "ingest_document"),
            ),
        ),
        "bedrock.guardrail.id": (
            "gr0123abcd",
            [
                *environment("BEDROCK_GUARDRAIL_ID", *CALLS_MODELS),
                *calling("ApplyTheGuardrail"),
                *config("guardrail"),
            ],
        ),
        "bedrock.guardrail.version": (
            "1",
            environment("BEDROCK_GUARDRAIL_VERSION", *CALLS_MODELS),
        ),
        "openai.endpoint": (
            "https://openai.example/v1",
            [
                "aws_cloudwatch_event_api_destination.openai: invocation_endpoint",
                *policy("workflow", "CallOpenAI.Condition.StringEquals.states:HTTPEndpoint"),
                f"{ROUTER}: definition.States.InvokeOpenAI.Arguments.ApiEndpoint",
                *environment("OPENAI_BASE_URL", *dict.fromkeys((*CALLS_MODELS, *PRICED_BY))),
            ],
        ),
        "openai.api_key_parameter": (
            "/team/openai",
            [
                "aws_cloudwatch_event_rule.api_key_changed[0]: event_pattern.detail.name",
                "aws_lambda_invocation.sync_api_key[0]: anew",
                *policy("sync_api_key[0]", "ReadTheKey.Resource"),
                *environment("OPENAI_API_KEY_PARAMETER", *CALLS_MODELS, "sync_api_key"),
            ],
        ),
        "anthropic.endpoint": (
            "https://anthropic.example",
            environment("ANTHROPIC_BASE_URL", *CALLS_MODELS),
        ),
        "anthropic.api_key_parameter": (
            "/team/anthropic",
            environment("ANTHROPIC_API_KEY_PARAMETER", *CALLS_MODELS),
        ),
        "routing.unsupported_options.protocols": (
            "refuse",
            config("routing.unsupported_options.protocols"),
        ),
        "routing.unsupported_options.requests": (
            "drop",
            config("routing.unsupported_options.requests"),
        ),
        "routing.raise_above": (0.9, config("routing.raise_above")),
        "routing.lower_below": (0.1, config("routing.lower_below")),
        "analyzer.strategy": ("llm", config("analyzer.strategy")),
        "analyzer.model": (
            "anthropic.judge",
            [
                *config("analyzer.model"),
                *accepting(
                    "AskTheClassifier.Resource",
                    "BeRoutedByItsProfile.Condition.ArnEquals.bedrock:InferenceProfileArn",
                    "BeRoutedByItsProfile.Resource",
                ),
            ],
        ),
        "analyzer.unsure_below": (0.6, config("analyzer.unsure_below")),
        "analyzer.timeout_ms": (2000, config("analyzer.timeout_ms")),
        "analyzer.max_tokens": (32, config("analyzer.max_tokens")),
        "analyzer.weights.bucket": ("team", environment("ANALYZER_WEIGHTS", "analyze", "converse")),
        "analyzer.weights.key": ("weights.json", accepting("ReadItsWeights")),
        "tenants.acme.floor": ("CALCULATION", config("tenants.acme.floor")),
        "tenants.acme.ceiling": ("COMPLEX", config("tenants.acme.ceiling")),
        "tenants.acme.pins.0.tier": ("SIMPLE", config("tenants.acme.pins.0.tier")),
        "tenants.acme.pins.0.contains": ("hello", config("tenants.acme.pins.0.contains")),
        "tenants.acme.pins.1.tier": ("SIMPLE", config("tenants.acme.pins.1.tier")),
        "tenants.acme.pins.1.regex": ("h{1,3}", config("tenants.acme.pins.1.regex")),
        "tenants.acme.deny_providers": (["openai"], config("tenants.acme.deny_providers")),
        "tenants.acme.tier_names": ({"cheap": "SIMPLE"}, config("tenants.acme.tier_names.cheap")),
        "tenants.frugal.budget.day_usd": (2, budget("tenants.frugal.budget.day_usd")),
        "tenants.frugal.budget.month_usd": (20, budget("tenants.frugal.budget.month_usd")),
        "tenants.frugal.budget.soft_share": (0.5, budget("tenants.frugal.budget.soft_share")),
        **{
            f"tenants.hasty.rate.{name}": (
                value,
                [
                    *config(f"tenants.hasty.rate.{name}"),
                    *setting(f"TENANT_RATES.hasty.rate.{name}", "ingest"),
                ],
            )
            for name, value in {"requests": 3, "tokens": 4000}.items()
        },
        "tenants.handbook.prompt_cache": (False, config("tenants.handbook.prompt_cache")),
        "tenants.faq.cache.ttl_seconds": (700, config("tenants.faq.cache.ttl_seconds")),
        "tenants.faq.cache.shared": (True, config("tenants.faq.cache.shared")),
        "budgets.day_usd": (
            100,
            [*budget("budget.day_usd"), *alarm("made", "budget-80", "budget-100"), COMPOSITE],
        ),
        "budgets.month_usd": (1000, budget("budget.month_usd")),
        "budgets.soft_share": (0.7, budget("budget.soft_share")),
        "budgets.on_store_failure": ("accept", config("on_store_failure")),
        **{
            f"breaker.{name}": (
                value,
                [*config(f"breaker.{name}"), *environment(f"BREAKER.{name}", "watch_models")],
            )
            for name, value in {
                "window_seconds": 61,
                "min_calls": 11,
                "error_rate": 0.4,
                "throttles": 6,
                "cool_down_seconds": 31,
                "max_cool_down_seconds": 601,
            }.items()
        },
        "breaker.batch_seconds": (
            6,
            ["aws_lambda_event_source_mapping.watch_models[0]: maximum_batching_window_in_seconds"],
        ),
        "unknown_tenants": ("refuse", config("unknown_tenants")),
        "limits.input_bytes": (
            65536,
            [*config("limits.input_bytes"), *environment("INPUT_BYTES_LIMIT", *LIMITED)],
        ),
        "limits.payload_bytes": (
            1048576,
            [
                *config("limits.payload_bytes"),
                *environment("PAYLOAD_BYTES_LIMIT", *TAKES_INPUT),
            ],
        ),
        "privacy.text_ttl_days": (
            9,
            [
                *config("text_ttl_days"),
                "aws_s3_bucket_lifecycle_configuration.answers: rule.expiration.days",
            ],
        ),
        "prices": (
            [{"model": "gpt-next"}],
            setting("PRICE_OVERRIDES.model", *PRICED_BY),
        ),
        "workflow.timeout_seconds": (
            600,
            [*config("workflow_seconds"), *environment("WORKFLOW_SECONDS", "sweep")],
        ),
        "workflow.log_level": ("ALL", ["aws_sfn_state_machine.*: logging_configuration.level"]),
        "workflow.include_execution_data": (
            True,
            ["aws_sfn_state_machine.*: logging_configuration.include_execution_data"],
        ),
        "api.key_cache_seconds": (
            61,
            document(f"{_AUTHORIZER}.authorizerResultTtlInSeconds"),
        ),
        "api.cors.allow_origins": (
            ["https://app.example.com"],
            [
                *environment("API_CORS.allow_origins", "api", "converse"),
                *gateway_errors("access-control-allow-origin"),
                *preflights(f"{_HEADER}.access-control-allow-origin"),
                # One origin is told whoever asks.
                *preflights(f"{_HEADER}.vary"),
                *preflights("responseTemplates.application/json"),
                "aws_s3_bucket_cors_configuration.answers[0]: cors_rule.allowed_origins",
            ],
        ),
        "api.cors.allow_credentials": (
            True,
            [
                *environment("API_CORS.allow_credentials", "api", "converse"),
                *gateway_errors("access-control-allow-credentials"),
                *preflights(f"{_HEADER}.access-control-allow-credentials"),
            ],
        ),
        "api.cors.max_age_seconds": (
            61,
            [
                *preflights(f"{_HEADER}.access-control-max-age"),
                "aws_s3_bucket_cors_configuration.answers[0]: cors_rule.max_age_seconds",
            ],
        ),
        "api.max_concurrent": (
            20,
            function("reserved_concurrent_executions", "converse"),
        ),
        "api.throttle.rate_limit": (
            51,
            ["aws_api_gateway_method_settings.this[0]: settings.throttling_rate_limit"],
        ),
        "api.throttle.burst_limit": (
            101,
            ["aws_api_gateway_method_settings.this[0]: settings.throttling_burst_limit"],
        ),
        **{
            f"websocket.throttle.{name}": (
                value,
                [f"aws_apigatewayv2_stage.websocket[0]: {_ROUTES}.throttling_{name}"],
            )
            for name, value in {"rate_limit": 51, "burst_limit": 101}.items()
        },
        "review.answer_above": (0.9, config("review.answer_above")),
        "review.fail_below": (0.2, config("review.fail_below")),
        "review.heartbeat_seconds": (
            600,
            [f"{ROUTER}: definition.States.AwaitReview.HeartbeatSeconds"],
        ),
        "review.default": ("approve", config("review.default")),
        "review.timeout_seconds": (
            7200,
            [
                *config("review.timeout_seconds"),
                f"{ROUTER}: definition.States.AwaitReview.TimeoutSeconds",
                f"{AGENT}.TimeoutSeconds",
            ],
        ),
        "functions.memory_mb": (
            {"analyze": 640},
            [
                *function("memory_size", "analyze"),
                *environment("ANALYZE_MEMORY_MB", "record_outcome"),
            ],
        ),
        "functions.reserved_concurrency": (
            {"price_rows": 10},
            function("reserved_concurrent_executions", "price_rows"),
        ),
        "functions.log_level": (
            "DEBUG",
            [
                *environment("LOG_LEVEL"),
                *function("logging_config.application_log_level"),
                *function("logging_config.system_log_level"),
            ],
        ),
        "logs.retention_days": (30, ["aws_cloudwatch_log_group.*: retention_in_days"]),
        "tables.point_in_time_recovery": (
            True,
            ["aws_dynamodb_table.*: point_in_time_recovery.enabled"],
        ),
        **{
            f"stream.{name}": (value, [f"aws_lambda_event_source_mapping.usage: {attribute}"])
            for name, value, attribute in (
                ("batch_size", 50, "batch_size"),
                ("window_seconds", 3, "maximum_batching_window_in_seconds"),
                ("max_retries", 9, "maximum_retry_attempts"),
                ("max_age_seconds", 82_000, "maximum_record_age_in_seconds"),
                ("parallelization", 2, "parallelization_factor"),
            )
        },
        "sweep.schedule": (
            "rate(10 minutes)",
            ["aws_cloudwatch_event_rule.sweep: schedule_expression"],
        ),
        "queue.maximum_concurrency": (
            6,
            ["aws_lambda_event_source_mapping.requests[0]: scaling_config.maximum_concurrency"],
        ),
        "queue.alarm_age_seconds": (901, alarm("threshold", "queue-age")),
        "workflows.variants.scorer_arn": (
            f"arn:aws:lambda:{ACCOUNT}:function:score",
            [
                *SCORER_STATES,
                *policy('workflow_machine["variants"]', "ScoreAnswers"),
                *environment("SCORER", "rank_variants"),
            ],
        ),
        "workflows.agent.tools": (
            {"run_sql": f"arn:aws:lambda:{ACCOUNT}:function:other"},
            [
                *policy('workflow_machine["agent"]', "CallYourTools.Resource"),
                *environment("AGENT_TOOLS.run_sql", "decide_agent"),
            ],
        ),
        "workflows.agent.max_concurrency": (20, [f"{AGENT}.States.RunSteps.MaxConcurrency"]),
        "workflows.agent.step_timeout_seconds": (
            600,
            [
                f"{AGENT}.States.RunSteps.ItemProcessor.States.{name}.TimeoutSeconds"
                for name in ("AskWorker", "CallTool")
            ],
        ),
        "workflows.variants.max_concurrency": (
            20,
            [f"{ASK_VARIANTS}.MaxConcurrency"],
        ),
        "workflows.variants.group_concurrency": (2, [f"{VARIANTS}.AskGroups.MaxConcurrency"]),
        "workflows.rag.keywords": (False, []),  # an object without settings has no line
        "workflows.rag.vectors.index_arn": (
            f"arn:aws:s3vectors:{ACCOUNT}:bucket/team/index/chunks",
            [
                *environment("RETRIEVERS.vectors.index_arn", "answer_question"),
                *environment("VECTORS.index_arn", "ingest_document"),
                *policy("answer_question[0]", "FindNearVectors.Resource"),
                *policy("ingest_document[0]", "ReplaceVectors.Resource"),
            ],
        ),
        "workflows.rag.vectors.dimensions": (
            512,
            [
                *environment("RETRIEVERS.vectors.dimensions", "answer_question"),
                *environment("VECTORS.dimensions", "ingest_document"),
            ],
        ),
        "workflows.rag.knowledge_base_id": (
            "KB12345678",
            [
                *environment("RETRIEVERS.knowledge_base.id", "answer_question"),
                *policy("answer_question[0]", "AskTheKnowledgeBase"),
            ],
        ),
        "workflows.rag.retriever_arn": (
            f"arn:aws:lambda:{ACCOUNT}:function:retrieve",
            [
                *environment("RETRIEVERS.function.arn", "answer_question"),
                *policy("answer_question[0]", "AskYourRetriever"),
            ],
        ),
        "workflows.documents.analysis": (
            "Say what it is about.",
            environment("ANALYSIS", "ingest_document"),
        ),
        "workflows.documents.topic_arn": (
            f"arn:aws:sns:{ACCOUNT}:readers",
            [
                *NOTICE_STATES,
                *policy('workflow_machine["documents"]', "PublishTheEnd"),
                *environment("NOTIFIES", "ingest_document"),
            ],
        ),
        "workflows.documents.knowledge_base.id": (
            "KB12345678",
            [
                *INGESTION_STATES,
                *policy("ingest_document[0]", "IngestIntoTheKnowledgeBase"),
                *environment("KNOWLEDGE_BASE.id", "ingest_document"),
            ],
        ),
        "workflows.documents.knowledge_base.data_source_id": (
            "DS12345678",
            environment("KNOWLEDGE_BASE.data_source_id", "ingest_document"),
        ),
        "workflows.documents.scanned_pages.tier": (
            "COMPLEX",
            environment("SCANNED_PAGES.tier", "ingest_document"),
        ),
        "workflows.documents.scanned_pages.most_pages": (
            20,
            environment("SCANNED_PAGES.most_pages", "ingest_document"),
        ),
        "workflows.documents.max_cost_usd": (0.5, environment("MAX_COST_USD", "ingest_document")),
        "batch.concurrency": (
            50,
            [f"{RUN_CHUNKS}.MaxConcurrency"],
        ),
        "batch.tolerated_failure_percentage": (
            11,
            [f"{RUN_CHUNKS}.ToleratedFailurePercentage"],
        ),
        "alarms.topic_arns": (
            [f"arn:aws:sns:{ACCOUNT}:team"],
            [*alarm("alarm_actions"), *alarm("ok_actions")],
        ),
        **{
            f"alarms.thresholds.{name}": (value, alarm("threshold", *names))
            for name, value, names in (
                ("unpriced", 1, ["unpriced"]),
                ("config_errors", 2, ["config-errors"]),
                ("quota_exhausted", 9, ["quota-exhausted"]),
                ("throttles", 3, ["throttles"]),
                ("failures_queue", 4, ["failures-queue"]),
                ("pending_age_seconds", 90, ["pending-age"]),
                ("failed_executions", 6, ["failed-executions", "timed-out-executions"]),
                ("api_errors", 7, ["api-errors", "websocket-errors"]),
                ("spend_usd_per_hour", 8, ["spend-slope"]),
            )
        },
        "observability.xray": (
            False,
            [
                "aws_api_gateway_stage.this[0]: xray_tracing_enabled",
                "aws_sfn_state_machine.*: tracing_configuration.enabled",
                *function("tracing_config.mode"),
                *policy('function_runtime["*"]', "SendTraces"),
                *policy("workflow", "SendTraces"),
                *policy("batch[0]", "SendTraces"),
                *policy('workflow_machine["*"]', "SendTraces"),
                *environment("TRACED_SHARE", *PRICED_BY),
            ],
        ),
        "observability.metric_tenants": (
            ["acme"],
            setting("METRIC_TENANTS", "analyze", "converse", "price_rows", "sweep"),
        ),
        "permissions_boundary_arn": (
            "arn:aws:iam::000000000000:policy/boundary",
            ["*: permissions_boundary"],
        ),
    },
    # Several models decide what may be called, two keys may be read, and a run has its own time and
    # that of a human.
    together=[
        *DEPLOYED_AGAIN,
        f"{ROUTER}: definition.TimeoutSeconds",
        *calling(
            "BeRoutedByProfiles.Condition.ArnEquals.bedrock:InferenceProfileArn",
            "BeRoutedByProfiles.Resource",
            "CallThroughProfiles.Resource",
            "ReadTheKeys.Resource",
        ),
        DASHBOARD_MODELS,
    ],
)
