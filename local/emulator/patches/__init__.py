"""One module for each gap between AWS and the emulator; each says what AWS does.

Each module has `apply()`, which replaces names in MiniStack's modules. MiniStack is pinned, so a
name that has gone fails at start, not in the middle of a run.
"""

from local.emulator.patches import (
    admin,
    alarms,
    api_keys,
    connection_authorization,
    dynamodb_order,
    embedded_metrics,
    evaluation_time,
    event_retries,
    execution_limits,
    gateway_denials,
    gateway_updates,
    http_invoke,
    item_copies,
    jsonata_scope,
    lambda_errors,
    message_moves,
    mock_integrations,
    parameter_events,
    parsed_once,
    resource_fields,
    retry_delay,
    secure_transport,
    service_metrics,
    start_delay,
    start_throttle,
    stream_poller,
    worker_cap,
)

ALL = (
    admin,
    lambda_errors,
    embedded_metrics,
    alarms,
    worker_cap,
    http_invoke,
    execution_limits,
    retry_delay,
    jsonata_scope,
    dynamodb_order,
    parameter_events,
    event_retries,
    resource_fields,
    connection_authorization,
    secure_transport,
    service_metrics,
    start_throttle,
    message_moves,
    api_keys,
    gateway_denials,
    gateway_updates,
    mock_integrations,
    stream_poller,
    start_delay,
    parsed_once,
    evaluation_time,
    item_copies,
)


def apply_all() -> None:
    """Apply every patch, once, in this process."""
    for patch in ALL:
        patch.apply()
