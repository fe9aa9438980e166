"""The classifier: a linear part over n-grams mixed with boosted trees over signals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import exp
from pathlib import Path
from pkgutil import get_data

from router.analyzer.conversation import Turn, last_turn, prompt_turn
from router.analyzer.explain import inherits, quoted, reasons
from router.analyzer.features import BLOCKS, Features, extract
from router.analyzer.forest import Forest
from router.analyzer.grams import Stems
from router.analyzer.lexicon import CATEGORIES, ENGLISH
from router.analyzer.linear import Block, Dense, Sums
from router.analyzer.messages import ALONE, Context, Message
from router.analyzer.signals import SIGNALS
from router.analyzer.situation import describes_a_situation
from router.analyzer.types import Classification, Complexity
from router.analyzer.weights import Weights, parse, read_weights

SHIPPED = "heuristic.weights"
_NOTHING = ("nothing more is asked",)
SURE = 0.6  # that an answer to a question is itself a harder ask than the task it belongs to
_LABELS = tuple(Complexity)
_SIMPLE, _CALCULATION, _COMPLEX = _LABELS


class Analyzer:
    """Judges prompts one at a time; holds no state between them and may be shared by threads."""

    def __init__(self, weights: Weights) -> None:
        self.version: str = weights.header["version"]
        model = weights.json("model")
        if model["signals"] != list(SIGNALS):
            raise ValueError(f"weights {self.version} were trained for other signals; train again")
        self._blocks = [Block(weights.table(b), tuple(model["scales"][b])) for b in BLOCKS]
        self._forest = Forest(model["nodes"], weights.floats("leaves"))
        self._ends: list[int] = model["ends"]  # where each output's trees end: three labels, score
        lanes = [weights.floats(f"signals.{lane}") for lane in range(3)]
        self._dense = Dense([(a, b, c) for a, b, c in zip(*lanes, strict=True)])
        self._constants: list[float] = model["constants"]
        self._mix: list[float] = model["mix"]  # weight of the trees beside the linear part
        self._calibration: list[float] = model["calibration"]
        self._score: dict[str, float] = model["score"]
        self.threshold: float | None = model["score"].get("threshold")  # set by 'calibrate'
        calculation, complex_, _ = lanes
        self._toward = {
            _SIMPLE: [-max(a, b) for a, b in zip(calculation, complex_, strict=True)],
            _CALCULATION: calculation,
            _COMPLEX: complex_,
        }
        bytes_of = {name: 1 << 8 * index for index, name in enumerate(CATEGORIES)}
        counters: dict[str, int] = {}
        for category, stems in weights.json("lexicon").items():
            for stem in stems:
                counters[stem] = counters.get(stem, 0) | bytes_of[category]
        self._stems = Stems(counters)

    def classify(self, messages: Sequence[Message]) -> Classification:
        """Judge a conversation by its last turn, with what that goes on with.

        Messages have OpenAI's chat shape. What the system and the caller's framework say is
        counted, never read: no word of theirs steers the label.
        """
        return self._judge_turn(last_turn(messages))

    def classify_prompt(self, prompt: str) -> Classification:
        """Judge one prompt."""
        return self._judge_turn(prompt_turn(prompt))

    def _judge_turn(self, turn: Turn) -> Classification:
        if turn.settled:
            return self._settled()
        found, ask = self._judge(turn.text, turn.context)
        if turn.continues and not turn.task:
            return inherits(found, ask)
        if not turn.task:
            return found
        task, asked = self._judge(turn.task, ALONE)
        harder = _LABELS.index(found.label) > _LABELS.index(task.label)
        if turn.answers:  # a number that was asked for is no calculation
            harder = harder and found.label is _COMPLEX and found.confidence >= SURE
        if harder:
            return found
        return inherits(task, asked)

    def _settled(self) -> Classification:
        shares = dict(zip(_LABELS, (0.97, 0.01, 0.02), strict=True))
        return Classification(
            _SIMPLE, 0.97, shares, self._scored(0.0, shares), _NOTHING, self.version, _NOTHING
        )

    def _judge(self, prompt: str, context: Context) -> tuple[Classification, str]:
        features = self.read(prompt, context)
        calculation, complex_, raw = self.outputs(features)
        found = self._calibrated(calculation, complex_)
        shares = dict(zip(_LABELS, found, strict=True))
        confidence = max(found)
        label = _LABELS[found.index(confidence)]
        why = reasons(label, features, self._toward[label])
        verdict = Classification(
            label=label,
            confidence=confidence,
            probabilities=shares,
            score=self._scored(raw, shares),
            reasons=why,
            version=self.version,
            quoting=quoted(why, lambda: self._worded(label, features)),
            situation=label is _SIMPLE and describes_a_situation(features),
        )
        return verdict, features.parts.ask

    def read(self, prompt: str, context: Context = ALONE) -> Features:
        """Return what the model reads of a prompt."""
        return extract(prompt, self._stems, context)

    def toward(self, label: Complexity) -> Sequence[float]:
        """Return what one more of each signal adds to a label's logit."""
        return self._toward[label]

    def outputs(self, features: Features) -> Sums:
        """Return the logits of CALCULATION and COMPLEX against SIMPLE, and the raw score."""
        leaves = self._forest.leaf_values(features.signals)
        one, two, three, _ = self._ends
        simple = sum(leaves[:one])
        trees = (
            sum(leaves[one:two]) - simple,
            sum(leaves[two:three]) - simple,
            sum(leaves[three:]),
        )
        sums = [b.sums(g) for b, g in zip(self._blocks, features.grams, strict=True)]
        sums.append(self._dense.sums(features.signals))
        first, second, third = (
            sum(linear) + constant + mix * tree
            for linear, constant, mix, tree in zip(
                zip(*sums, strict=True), self._constants, self._mix, trees, strict=True
            )
        )
        return first, second, third

    def shares(self, features: Features) -> list[float]:
        """Return the probability of each label, in the order of :class:`Complexity`."""
        calculation, complex_, _ = self.outputs(features)
        return self._calibrated(calculation, complex_)

    def _calibrated(self, calculation: float, complex_: float) -> list[float]:
        slope, shift_calculation, shift_complex = self._calibration
        calculation = slope * calculation + shift_calculation
        complex_ = slope * complex_ + shift_complex
        top = max(0.0, calculation, complex_)
        powers = (exp(-top), exp(calculation - top), exp(complex_ - top))
        total = sum(powers)
        return [p / total for p in powers]

    def _worded(self, label: Complexity, features: Features) -> list[str]:
        """Return the words of the ask that weigh most toward a label, two at most."""
        block, lane = self._blocks[0], _LABELS.index(label) - 1
        weighed = sorted((-block.weight(gram, lane), gram) for gram in features.grams[0])
        said = [gram.strip("^$ ") for weight, gram in weighed[:12] if weight < 0]
        told = [
            w for w in dict.fromkeys(said) if w[:1].isalpha() and not ENGLISH.issuperset(w.split())
        ]
        return told[:2]

    def _scored(self, raw: float, shares: Mapping[Complexity, float]) -> float:
        s = self._score
        hard = s["complex"] * shares[_COMPLEX] + s["calculation"] * shares[_CALCULATION]
        return 1 / (1 + exp(-max(-30.0, min(30.0, s["slope"] * raw + hard + s["shift"]))))


@lru_cache(maxsize=4)
def load(path: Path | None = None) -> Analyzer:
    """Return the analyzer of a weights file, cached; without a path, the one shipped here."""
    return Analyzer(shipped_weights() if path is None else read_weights(path))


def shipped_weights() -> Weights:
    """Return the weights of the package, from a folder or from inside a zip."""
    shipped = get_data("router.analyzer", SHIPPED)
    if shipped is None:
        raise FileNotFoundError(f"{SHIPPED} is missing from the package; run 'make train'")
    return parse(shipped, SHIPPED)
