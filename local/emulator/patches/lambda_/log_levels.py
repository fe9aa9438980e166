"""A function's log level keeps lines out of its log, and so out of its metrics.

AWS: with `LogFormat` JSON, a line that is a JSON object is dropped if its `level` is below
`ApplicationLogLevel`; a level that is missing or unknown counts as INFO. A line in the embedded
metric format usually has none: at WARN it is dropped, and its metrics with it. The function gets
the level as `AWS_LAMBDA_LOG_LEVEL` (`worker`).
MiniStack 1.5.33: every line is kept.
"""

import json
from collections.abc import Callable
from typing import Any

from ministack.services import lambda_svc

from local.emulator.patches.lambda_ import errors
from local.emulator.patches.registry import replaces

_LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
_OTHER_NAMES = {"WARNING": "WARN", "CRITICAL": "FATAL"}


@replaces(lambda_svc, "_execute_function_warm", after=errors)
def execute_and_drop(
    original: Callable[..., dict[str, Any]], function: dict[str, Any], event: Any, request_id: str
) -> dict[str, Any]:
    """Drop the lines of an invocation that are below its function's level."""
    result = original(function, event, request_id)
    logging = (function.get("config") or function).get("LoggingConfig") or {}
    if logging.get("LogFormat") != "JSON" or not result.get("log"):
        return result
    least = _LEVELS.index(logging.get("ApplicationLogLevel") or "INFO")
    kept = [line for line in result["log"].splitlines() if _level_of(line) >= least]
    return {**result, "log": "\n".join(kept)}


def _level_of(line: str) -> int:
    """The place of a line's level; what is not a JSON object has no level, and stays."""
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if not isinstance(record, dict):
        return len(_LEVELS)
    name = str(record.get("level", "")).upper()
    name = _OTHER_NAMES.get(name, name)
    return _LEVELS.index(name if name in _LEVELS else "INFO")
