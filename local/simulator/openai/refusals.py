"""OpenAI's ways to refuse a request."""

from local.simulator.model import Reject


def invalid(message: str, param: str | None = None, code: str = "") -> Reject:
    """What the API does not take."""
    return Reject(400, code, message, param=param)


def invalid_value(param: str, value: object, supported: tuple[str, ...]) -> Reject:
    """A word that is not among those it may be."""
    words = ", ".join(f"'{each}'" for each in supported)
    return invalid(
        f"Invalid value: '{value}'. Supported values are: {words}.", param, "invalid_value"
    )


def invalid_type(param: str, expected: str, value: object) -> Reject:
    """A value of another type."""
    kinds = {dict: "an object", list: "an array", str: "a string", type(None): "null"}
    got = kinds.get(type(value), f"{value!r}")
    return invalid(
        f"Invalid type for '{param}': expected {expected}, but got {got} instead.",
        param,
        "invalid_type",
    )


def missing(param: str) -> Reject:
    """A parameter that has to be there."""
    return invalid(f"Missing required parameter: '{param}'.", param, "missing_required_parameter")


def too_long(param: str, most: int, length: int, kind: str = "string") -> Reject:
    """A text or a list that is too long."""
    article = "an" if kind == "array" else "a"
    return invalid(
        f"Invalid '{param}': {kind} too long. Expected {article} {kind} with maximum length {most},"
        f" but got {article} {kind} with length {length} instead.",
        param,
        f"{kind}_above_max_length",
    )


def unsupported_value(param: str, message: str) -> Reject:
    """A value that this model does not take."""
    return invalid(f"Unsupported value: {message}", param, "unsupported_value")


def unsupported_parameter(param: str, hint: str = "") -> Reject:
    """A parameter that this model does not take."""
    return invalid(
        f"Unsupported parameter: '{param}' is not supported with this model.{hint}",
        param,
        "unsupported_parameter",
    )
