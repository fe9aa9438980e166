"""What a deployment costs whether requests come or not, and what it keeps of each. Pure.

The one place for these figures: ``faregate breakeven`` and ``capacity``, the dashboard page, README
and docs/cost-model.md all read it. Without free tiers, of a module with its defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from cost_calculator.item_size import INDEX_ENTRY_BYTES, item_bytes
from cost_calculator.overhead import AwsPrices, lambda_call
from cost_calculator.planning.typical_rows import typical_attempt, typical_request
from cost_calculator.usage import Tokens

ALARMS = 10
SERIES = 3
"""Series that are used in every hour with requests; others come up only if something is wrong."""

# A sweep every five minutes: its time, and the queries of 8 shards, twice the ACCEPTED queue and
# the PENDING queue three times, of half a unit each.
SWEEPS = 12 * 24 * 30
_SWEEP_MS = Decimal(400)
_SWEEP_MB = Decimal(256)
_SWEEP_READ_UNITS = Decimal(8 * 5) / 2

# DynamoDB asks for a table's key once in five minutes for each function that uses the table, Step
# Functions for its own as often: of a deployment that is busy around the clock.
_KEY_USERS = 12

_INDEXES_OF_REQUEST = 2  # by-day, by-tenant; by-queue is empty afterwards
_INDEX_KEYS_BYTES = 120
_GB = Decimal(10**9)
_ZERO = Decimal(0)


def fixed_a_month(prices: AwsPrices) -> Mapping[str, Decimal]:
    """Return the dollars a month by cause, at most: a deployment that is idle pays fewer series."""
    sweep = lambda_call(_SWEEP_MS, _SWEEP_MB, prices)
    sweep += _SWEEP_READ_UNITS * prices["dynamodb_read_unit"]
    return {
        "KMS key": prices["kms_key_month"],
        "requests to the key": SWEEPS * _KEY_USERS * prices["kms_request"],
        f"{ALARMS} alarms": ALARMS * prices["alarm_month"],
        "composite alarm": prices["composite_alarm_month"],
        f"{SERIES} series of metrics": SERIES * prices["metric_month"],
        "sweep": SWEEPS * sweep,
    }


def fixed_total(prices: AwsPrices) -> Decimal:
    """Return the dollars a month of all causes, to the cent."""
    return sum(fixed_a_month(prices).values(), _ZERO).quantize(Decimal("0.01"))


def kept_a_month(tokens: Tokens, prices: AwsPrices) -> Mapping[str, Decimal]:
    """Return the dollars a month of keeping one request, by cause: rows for ever, texts for a time.

    Backups hold the table without its indexes.
    """
    request = typical_request(tokens)
    rows = [request, typical_attempt(tokens)]
    row_bytes = sum(item_bytes(row) + INDEX_ENTRY_BYTES for row in rows)
    index_bytes = _INDEXES_OF_REQUEST * (_INDEX_KEYS_BYTES + INDEX_ENTRY_BYTES)
    text_bytes = request["content_bytes"] + request["answer_bytes"] + 2 * INDEX_ENTRY_BYTES
    kept = prices["dynamodb_gb_month"] + prices["dynamodb_backup_gb_month"]
    return {
        "rows": row_bytes / _GB * kept + index_bytes / _GB * prices["dynamodb_gb_month"],
        "texts": text_bytes / _GB * kept,
    }
