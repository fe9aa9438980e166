"""Measures the shipped weights beside the baselines: ``python -m eval.benchmark``.

Prints one table and exits 1 if a figure of ours falls below its gate. Without the shared data
it measures the project's own sets alone; without LiteLLM its columns stay empty.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

import numpy as np

from eval import crossval, metrics, peers
from eval.data import LABELS, SETS, Row, everything, outcomes, public, rows
from eval.metrics import Ints
from eval.perturb import REWRITINGS, SEED
from router.analyzer import Analyzer, load

# Just under what was measured on 2026-11-30, with the shared data or on the own sets alone,
# whichever is lower; "<" marks figures that must stay below.
GATES: dict[str, float] = {
    "dev: accuracy": 0.965,
    "dev: COMPLEX called SIMPLE <": 0.03,
    "dev of the second round: accuracy": 0.90,
    "dev of the second round: COMPLEX called SIMPLE <": 0.06,
    "handwritten: accuracy": 0.93,
    "handwritten: COMPLEX called SIMPLE <": 0.06,
    "multilingual: accuracy": 0.88,
    "families held out: accuracy": 0.84,
    "families held out: COMPLEX called SIMPLE <": 0.17,
    "red team: flips <": 0.08,
    "calibration error (ECE) <": 0.045,
    "upper case: label kept": 1.0,
    "lower case: label kept": 1.0,
    "typos: label kept": 0.97,
    "courtesies: label kept": 0.92,
    "mmlu_dev: APGR of score": 0.64,
    "gsm8k_dev: APGR of score": 0.60,
    "outcomes2 dev: APGR of score": 0.71,
    "time of LiteLLM's rules <": 0.85,
    "time of importing jsonschema <": 0.8,
    "200 KB: ms <": 30.0,
}
# How hidden figures differed from these for the weights 2026.11.2, of which both are known: added
# to a figure of ours, the estimate for a stranger's prompts.
STRANGERS: dict[str, float] = {
    "dev: accuracy": 0.971 - 0.972,
    "dev: COMPLEX called SIMPLE <": 0.021 - 0.026,
    "handwritten: accuracy": 0.945 - 0.955,
    "multilingual: accuracy": 0.917 - 0.907,
    "held out, sources of the first round: accuracy": 0.898 - 0.876,
    "red team: flips <": 0.198 - 0.075,
    "calibration error (ECE) <": 0.033 - 0.007,
    "mmlu_dev: APGR of score": 0.631 - 0.672,
    "gsm8k_dev: APGR of score": 0.607 - 0.649,
}
RowLabeller = Callable[[Sequence[Row]], Ints]
SECOND = "dev of the second round"
Table = dict[str, dict[str, float]]


def truth(found: Sequence[Row]) -> Ints:
    """Return the labels of rows."""
    return np.array([r.label for r in found])


def labeller(analyzer: Analyzer) -> RowLabeller:
    """Return the analyzer as a function from rows to label numbers."""

    def judged(row: Row) -> int:
        if row.messages:
            return LABELS.index(analyzer.classify(row.messages).label)
        return LABELS.index(analyzer.classify_prompt(row.prompt).label)

    return lambda found: np.array([judged(r) for r in found])


def by_text(label: peers.Labeller) -> RowLabeller:
    """Return a labeller of prompts as one of rows; of a conversation it sees what is asked."""
    return lambda found: label([r.prompt for r in found])


def labels(table: Table, name: str, label: RowLabeller, three_way: bool) -> None:
    """Fill in the label figures of one classifier; two-way ones on SIMPLE and COMPLEX alone."""
    sets = {
        "dev": public("dev"),
        SECOND: public("dev", "complexity2"),
        **{n: rows(SETS / f"{n}.jsonl") for n in ("handwritten", "multilingual")},
    }
    for set_name, found in sets.items():
        if not found:
            continue
        said, y = label(found), truth(found)
        if three_way:
            table.setdefault(f"{set_name}: accuracy", {})[name] = metrics.accuracy(said, y)
        two = metrics.simple_against_complex(said, y)
        table.setdefault(f"{set_name}: SIMPLE against COMPLEX", {})[name] = two
        missed = metrics.complex_called_simple(said, y)
        table.setdefault(f"{set_name}: COMPLEX called SIMPLE <", {})[name] = missed
        groups = ("tatqa-lookup", "derived:long-paste-trivial-ask", "gpteacher-code-trivial")
        parts = {g: [r.group == g for r in found] for g in groups}
        parts |= {
            k: [r.kind == k for r in found] for k in sorted({r.kind for r in found if r.kind})
        }
        for part_name, part in parts.items():
            if any(part) and (three_way or part_name in groups):
                share = metrics.accuracy(said[part], y[part])
                table.setdefault(f"{part_name}: accuracy", {})[name] = share
    attacked = rows(SETS / "redteam.jsonl")
    if not three_way:
        attacked = [r for r in attacked if r.label != metrics.CALCULATION]
    said = label(attacked)
    clean = label([replace(r, prompt=r.clean or r.prompt) for r in attacked])
    table.setdefault("red team: flips <", {})[name] = metrics.flips(said.tolist(), clean.tolist())


def ours_alone(table: Table, analyzer: Analyzer) -> None:
    """Fill in what only ours has: calibration, robustness, the score and the time of long text."""
    dev = public("dev")
    asked = dev or rows(SETS / "handwritten.jsonl")
    found = [analyzer.classify_prompt(r.prompt) for r in asked]
    p = np.array([[c.probabilities[k] for k in c.probabilities] for c in found])
    table["calibration error (ECE) <"] = {"ours": metrics.calibration_error(p, truth(asked))}
    sample = asked[:: max(1, len(asked) // 600)]
    before = [analyzer.classify_prompt(r.prompt).label for r in sample]
    for name, rewrite in REWRITINGS.items():
        random = Random(SEED)
        after = [analyzer.classify_prompt(rewrite(r.prompt, random)).label for r in sample]
        kept = 1 - metrics.flips([*map(hash, before)], [*map(hash, after)])
        table[f"{name}: label kept"] = {"ours": kept}
    measured = {name: outcomes(name) for name in ("mmlu_dev", "gsm8k_dev")}
    measured["outcomes2 dev"] = outcomes("dev", "outcomes2")
    for bench, routed in measured.items():
        if routed:
            score = np.array([analyzer.classify_prompt(o.prompt).score for o in routed])
            strong, weak = (np.array([getattr(o, k) for o in routed]) for k in ("strong", "weak"))
            table[f"{bench}: APGR of score"] = {"ours": metrics.apgr(score, strong, weak)}
    long = "The quick brown fox, 12 of them, jumps. " * 5000
    table["200 KB: ms <"] = {"ours": timed(analyzer.classify_prompt, [long] * 5) / 1000}


def timed(call: Callable[[str], object], prompts: Sequence[str]) -> float:
    """Return the mean over the prompts of each one's best microseconds in seven rounds.

    The best of a few, because what a busy neighbour adds is not the classifier's.
    """
    best = [float("inf")] * len(prompts)
    for _ in range(7):
        for index, prompt in enumerate(prompts):
            start = time.perf_counter()
            call(prompt)
            best[index] = min(best[index], time.perf_counter() - start)
    return statistics.fmean(best) * 1e6


def startup(code: str) -> float:
    """Return the milliseconds of an import in a fresh process, the median of seven."""
    program = (
        f"import time; t = time.perf_counter(); {code}; print((time.perf_counter() - t) * 1000)"
    )
    runs = [
        float(
            subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout
        )
        for _ in range(7)
    ]
    return statistics.median(runs)


def speed(table: Table, analyzer: Analyzer, routers: dict[str, Callable[[str], int]]) -> None:
    """Fill in the times, all in this run: shares of others' times are what is gated."""
    asked = public("dev") or rows(SETS / "handwritten.jsonl")
    prompts = [r.prompt for r in asked if len(r.prompt) < 1000][:800]
    times = {name: timed(call, prompts) for name, call in routers.items()}
    times["ours"] = timed(analyzer.classify_prompt, prompts)
    table["microseconds a prompt under 1 KB"] = times
    if rules := times.get("LiteLLM rules"):
        table["time of LiteLLM's rules <"] = {"ours": times["ours"] / rules}
    loaded = startup("from router.analyzer import load; load()")
    other = startup("import jsonschema")
    table["import and load: ms"] = {"ours": loaded, "import jsonschema": other}
    table["time of importing jsonschema <"] = {"ours": loaded / other}


def strangers(table: Table) -> None:
    """Add what strangers' prompts would give if the difference of hidden figures is known."""
    for name, gap in STRANGERS.items():
        if "ours" in table.get(name, {}):
            table[name]["ours, as a stranger"] = max(0.0, table[name]["ours"] + gap)


def below(table: Table) -> list[str]:
    """Return the gates that are not met by figures that were measured."""
    failed = []
    for name, gate in GATES.items():
        value = table.get(name, {}).get("ours")
        if value is None:
            continue
        if value > gate if name.endswith("<") else value < gate:
            failed.append(f"{name} {value:.4g}, gate {gate}")
    return failed


def show(table: Table) -> None:
    """Print the table, a row a figure."""
    columns = list(dict.fromkeys(c for line in table.values() for c in line))
    print(f"{'':44}" + "".join(f"{c:>26}" for c in columns))
    for name, line in table.items():
        cells = (f"{line[c]:26.4g}" if c in line else f"{'–':>26}" for c in columns)
        print(f"{name.removesuffix(' <'):44}" + "".join(cells))


def main() -> int:
    """Measure, print, and report which gates were not met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-baselines", action="store_true", help="measure ours alone")
    parser.add_argument("--no-crossval", action="store_true", help="hold out no families: minutes")
    args = parser.parse_args()
    analyzer, table = load(), {}
    labels(table, "ours", labeller(analyzer), three_way=True)
    ours_alone(table, analyzer)
    routers = {} if args.no_baselines else peers.litellm_routers()
    if not args.no_baselines and (train := everything("train")):
        labels(table, "TF-IDF + LR", by_text(peers.tfidf(train)), three_way=True)
    for name, call in routers.items():
        found = by_text(lambda ts, call=call: np.array([call(t) for t in ts]))
        labels(table, name, found, three_way=False)
    if not args.no_crossval and everything("train"):
        for name, value in crossval.figures(crossval.held_out()).items():
            table[name] = {"ours": value}
    strangers(table)
    speed(table, analyzer, routers)
    show(table)
    failed = below(table)
    print("\n".join(f"below its gate: {f}" for f in failed) or "all gates met")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
