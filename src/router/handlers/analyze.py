"""AnalyzeComplexity: a request in, its route plan out."""

from __future__ import annotations

import os
import time
from typing import Any

from aws_lambda_powertools import Logger

from cost_calculator.aws.settings_item import load_settings
from cost_calculator.clock import now
from router.acceptance.accept import accept
from router.acceptance.control_memory import Memory
from router.acceptance.ports import Dependencies, Execution
from router.acceptance.request_rows import Analysis
from router.analyzer import load
from router.aws.accept_store import accept_store
from router.aws.calibrated_weights import calibrated_weights, weights_on_trial
from router.aws.guard_metrics import meter
from router.aws.input_bucket import stored_input
from router.config.settings import Config
from router.intake.identity import requested_id
from router.providers import classifier

logger = Logger()
load_settings()
analyzer = load(calibrated_weights(logger))
config = Config.from_json(os.environ["FAREGATE_CONFIG"]).with_threshold(analyzer.threshold)
on_trial = weights_on_trial(config, logger)
memory_mb = int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "0"))
memory = Memory()
timeout_ms = config.llm.timeout_ms if config.llm else 0


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Accept ``event["request"]`` for ``event["execution"]`` and answer with the plan."""
    started = time.monotonic()
    logger.set_correlation_id(requested_id(event["request"], event["execution"]["name"]))
    deps = Dependencies(
        store=accept_store(),
        memory=memory,
        classify=analyzer.classify,
        llm=lambda: classifier(timeout_ms),
        stopwatch=lambda: Analysis(round((time.monotonic() - started) * 1000), memory_mb),
        clock=now,
        region=os.environ.get("AWS_REGION", ""),
        meter=meter,
        stored=stored_input,
        other_weights=on_trial,
    )
    execution = Execution(event["execution"]["arn"], event["execution"]["name"])
    plan = accept(event["request"], execution, config, deps)
    logger.info("routed", route=plan["route"])
    return plan
