"""The settings of another strategy, and the name by which rows know a strategy. Pure."""

from __future__ import annotations

from dataclasses import replace

from router.config.alternatives import Alternative
from router.config.settings import Config


def settings_by(alternative: Alternative, config: Config, threshold: float | None) -> Config:
    """Return the settings that decide by an alternative.

    ``threshold`` is that of its own weights, if they have one; a bound that the alternative names
    counts more.
    """
    raise_above = alternative.raise_above
    if raise_above is None:
        raise_above = config.raise_above if threshold is None else threshold
    lower_below = alternative.lower_below
    if lower_below is None:
        lower_below = config.lower_below
    llm = config.opinion_by(alternative.strategy or config.strategy)
    if llm and alternative.unsure_below is not None:
        llm = replace(llm, unsure_below=alternative.unsure_below)
    return replace(
        config, raise_above=raise_above, lower_below=min(lower_below, raise_above), llm=llm
    )


def strategy_name(config: Config, weights_version: str) -> str:
    """Return what decides, in short, as rows hold it and reports group by it."""
    unsure = f"({config.llm.unsure_below:g})" if config.llm and config.llm.in_doubt else ""
    bounds = f">{config.raise_above:g} <{config.lower_below:g}"
    return f"{config.strategy}{unsure} {weights_version} {bounds}"
