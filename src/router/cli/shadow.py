"""``shadow``: where a strategy on trial disagrees with the one in force, and at what cost."""

from __future__ import annotations

import argparse
import json

from cost_calculator.rates import default_rates
from router.cli.trials import add_trial_arguments, requests_with
from router.learning.shadow_report import as_json, in_words, shadows


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_trial_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print a report on each shadow of the time."""
    found = shadows(requests_with("shadow", arguments), default_rates())
    if arguments.json:
        print(json.dumps([as_json(shadow) for shadow in found]))
        return 0
    for shadow in found:
        print("\n".join(in_words(shadow)))
    if found:
        print("Costs: the tokens of each answer at the price of its day; another model counts and")
        print("writes other tokens.")
    else:
        print("No request of this time has a shadow: set the module's `routing.shadow`.")
    return 0
