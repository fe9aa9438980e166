"""A rule's Lambda target is invoked asynchronously, so a failure is tried again.

AWS: EventBridge invokes the function asynchronously; Lambda runs a failed event twice more (by
default), then sends it to the function's failure destination or dead-letter queue.
MiniStack 1.5.33: one call; a failure is lost (its own asynchronous invoke does retry).
"""

import json

from ministack.services import eventbridge, lambda_svc

from local.emulator.patches.registry import replaces


@replaces(eventbridge, "_dispatch_to_lambda")
def dispatch_to_lambda(_original: object, arn: str, payload: str) -> None:
    """Send a rule's event through the emulator's asynchronous invoke."""
    function, config, name = lambda_svc._get_func_record_for_ref(arn)
    if not function:
        eventbridge.logger.warning("EventBridge target: function %s not found", name)
        return
    record = lambda_svc._execution_record_for_config(function, config)
    event = json.loads(payload) if isinstance(payload, str) else payload
    lambda_svc.invoke_async_with_retry(record, event)
