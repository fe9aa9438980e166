"""What the functions called: each function's AWS calls, as its worker saw them leave.

`GET /_local/calls` answers `{FUNCTION: [{"service", "operation", "names"}]}`, each different call
once. `service` is IAM's prefix; `names` holds tables, buckets and the like, and what the key of a
control item begins with (`budget#`), never what a call carries. Calls to a model provider's own
API are not AWS's and are not here.
"""

import threading
from collections.abc import Iterable
from typing import Any

Call = dict[str, Any]

_calls: dict[str, list[Call]] = {}
_lock = threading.Lock()


def note(function: str, calls: Iterable[Call]) -> None:
    """Keep the calls of one invocation."""
    with _lock:
        known = _calls.setdefault(function, [])
        known += [call for call in calls if call not in known]


def control(_method: str, _body: dict[str, Any]) -> dict[str, Any]:
    """Answer the control path; see the module's text."""
    with _lock:
        return {function: list(calls) for function, calls in _calls.items()}
