"""``split``: cost and ratings of both arms of a split, with intervals."""

from __future__ import annotations

import argparse
import json

from router.cli.trials import add_trial_arguments, requests_with
from router.learning.split_report import as_json, in_words, splits


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_trial_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print a report on the arms of the time."""
    found = splits(requests_with("arm", arguments))
    if arguments.json:
        print(json.dumps([as_json(split) for split in found]))
        return 0
    for split in found:
        print("\n".join(in_words(split)))
    if found:
        print("Intervals of 95 %: ratings by Wilson, costs by bootstrap over sessions.")
    else:
        print("No request of this time is in an arm: set the module's `routing.split`.")
    return 0
