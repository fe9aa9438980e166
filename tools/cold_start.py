"""Measures the cold start of each function: a fresh process imports its handler from the zip.

`analyze` is measured twice: with its settings in the environment, and with those of 500 tenants in
an item that it reads first. The unit is what any function on AWS pays, in the same run:
`import boto3; boto3.client("dynamodb")`.
Processor time is taken, beside boto3's in the same round, and the median of the rounds counts: the
speed of a processor that others use as well changes from one second to the next.
Exit 1 if a ratio is over its gate, or an SDK is imported that the function never calls.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from local.locking import alone
from tools.package import BUILD, function_zip

RUNS = 9
# A twentieth above what was measured on an idle machine: a new import of 10 ms is seen.
GATES = {"analyze": 1.4, "price_rows": 1.25, "invoke_model": 1.3, "api": 1.95, "authorize": 1.1}
# Others are not waited for by a caller; they are measured to be known.
HANDLERS = {
    "analyze": "router.handlers.analyze",
    "api": "router.handlers.api",
    "authorize": "router.handlers.authorize",
    "converse": "router.handlers.converse",
    "invoke_model": "router.handlers.invoke_model",
    "price_rows": "cost_calculator.handlers.price_rows",
    "record_outcome": "router.handlers.record_outcome",
    "sweep": "router.handlers.sweep",
    "sync_api_key": "router.handlers.sync_api_key",
    "watch_models": "router.handlers.watch_models",
}
_UNWANTED = ("openai", "anthropic", "jsonschema", "aws_xray_sdk", "httpx")
_CONFIG = {
    "tiers": {
        tier: {"provider": "bedrock", "model": "us.a", "max_tokens": 9, "fallbacks": []}
        for tier in ("SIMPLE", "CALCULATION", "COMPLEX")
    },
    "routing": {"raise_above": 1.0, "lower_below": 0.0},
    "limits": {"input_bytes": 1024},
    "store_text": True,
    "text_ttl_days": 1,
    "workflow_type": "STANDARD",
    "workflow_seconds": 900,
}
_CONFIGURED = "FAREGATE_CONFIG"
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
    "USAGE_TABLE": "usage",
    "SPEND_TABLE": "spend",
    "CONTROL_TABLE": "control",
    "ANSWERS_BUCKET": "answers",
    "API_CALLERS": '{"auth": "AUTHORIZER", "tenants": {}}',
    "BUDGETS": '{"tenants": {}}',
    "BREAKER": "{}",
    "INPUT_BYTES_LIMIT": "1024",
    "PAYLOAD_BYTES_LIMIT": "4096",
    "STATE_MACHINE_ARN": "arn:aws:states:us-east-1:1:stateMachine:faregate",
    "STORE_TEXT": "true",
    "MODEL_TIMEOUT_SECONDS": "240",
    "POWERTOOLS_METRICS_NAMESPACE": "Faregate",
    _CONFIGURED: json.dumps(_CONFIG),
    "WORKFLOW_SECONDS": "900",
    "ANALYZE_MEMORY_MB": "512",
}
_TENANTS = {
    f"customer-{number:04d}-of-the-region": {
        "budget": {"day_usd": 5, "month_usd": 100, "soft_share": 0.8},
        "rate": {"requests": 2, "tokens": 20000},
        "floor": "SIMPLE",
        "ceiling": "COMPLEX",
    }
    for number in range(500)
}
_IN_AN_ITEM = "analyze, item"
_BASELINE = 'import boto3; boto3.client("dynamodb")'
# What the first call adds on Bedrock.
_FIRST_CALL = {
    "invoke_model": 'from router.providers import provider; provider("bedrock")',
}


def main() -> int:
    """Print a table of milliseconds and ratios; answer 1 if a gate does not hold."""
    with tempfile.TemporaryDirectory() as folder:
        with alone(BUILD / "package.lock"), zipfile.ZipFile(function_zip()) as archive:
            archive.extractall(folder)
        # Lambda's own boto3 is compiled; so is ours by the first run, in both.
        codes = {"boto3 alone": _BASELINE} | {
            name: f"import {module}; {_FIRST_CALL.get(name, '')}"
            for name, module in HANDLERS.items()
        }
        codes[_IN_AN_ITEM] = f"import {HANDLERS['analyze']}"
        seconds: dict[str, list[float]] = {name: [] for name in codes}
        store = ThreadingHTTPServer(("127.0.0.1", 0), _Item)
        threading.Thread(target=store.serve_forever, daemon=True).start()
        elsewhere = {
            "SETTINGS_ITEM": "control/config#analyze#0",
            "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{store.server_port}",
        }
        for run in range(RUNS + 1):
            for name, code in codes.items():
                taken, imported = _time(code, folder, elsewhere if name == _IN_AN_ITEM else {})
                if run:  # the first one compiles
                    seconds[name].append(taken)
                if unwanted := [module for module in _UNWANTED if module in imported]:
                    print(f"{name} imports {', '.join(unwanted)}, which it does not call")
                    return 1
    unit = seconds.pop("boto3 alone")
    print(f"{'boto3 alone':16}{statistics.median(unit) * 1000:7.0f} ms   1.00")
    failed = False
    for name, measured in seconds.items():
        ratio = statistics.median(one / own for one, own in zip(measured, unit, strict=True))
        gate = GATES.get(name)
        over = gate is not None and ratio > gate
        failed |= over
        verdict = "" if gate is None else f"   at most {gate}{', OVER' if over else ''}"
        print(f"{name:16}{statistics.median(measured) * 1000:7.0f} ms{ratio:7.2f}{verdict}")
    size = (BUILD / "function.zip").stat().st_size / 1e6
    print(f"function zip    {size:7.2f} MB   at most 2.5{', OVER' if size > 2.5 else ''}")
    return int(failed or size > 2.5)


class _Item(BaseHTTPRequestHandler):
    """DynamoDB's answer to GetItem: the settings of 500 tenants."""

    body = json.dumps(
        {"Item": {"FAREGATE_CONFIG": {"S": json.dumps({**_CONFIG, "tenants": _TENANTS})}}}
    ).encode()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "application/x-amz-json-1.0")
        self.send_header("content-length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        pass


def _time(code: str, folder: str, settings: Mapping[str, str]) -> tuple[float, set[str]]:
    """Run the code in a fresh interpreter; answer its seconds and the modules it imported.

    ``settings`` say where the configuration is, if it is not in the environment.
    """
    own = {name: text for name, text in ENVIRONMENT.items() if not settings or name != _CONFIGURED}
    timed = (
        "import sys, time; begin = time.process_time()\n"
        f"{code}\n"
        "print(time.process_time() - begin, *{name.split('.')[0] for name in sys.modules})"
    )
    site = next(path for path in sys.path if path.endswith("site-packages"))
    done = subprocess.run(
        [sys.executable, "-S", "-c", timed],
        env={**own, **settings, "PATH": os.environ["PATH"], "PYTHONPATH": f"{folder}:{site}"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    first, *modules = done.stdout.split()
    return float(first), set(modules)


if __name__ == "__main__":
    raise SystemExit(main())
