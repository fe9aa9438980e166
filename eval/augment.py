"""Generated training rows for what public sources hold too little of.

Tables with a look-up beside the same tables with arithmetic, pastes with a trivial ask, and real
rows behind openers the public sources do not use. Few on purpose: more of them made it worse.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from eval.data import Row

SIMPLE, CALCULATION = 0, 1
TABLES = 520
PASTES = 220
OPENED = 500

_ITEMS = (
    "Cash and cash equivalents", "Trade receivables", "Deferred tax assets", "Cost of sales",
    "Gross profit", "Operating leases", "Interest expense", "Total assets", "Share-based payments",
    "Inventories", "Goodwill", "Net revenue", "Research and development", "Subscription revenue",
    "Provision for warranties", "Unvested awards", "Finished goods", "Headcount, Oslo",
    "Units sold, north", "Returns", "Delivery vans", "Tickets closed", "Rainfall (mm)", "Members",
    "Page views", "Purchase obligations", "Current liabilities", "Dividends paid",
    "Restructuring charges", "Other income",
)  # fmt: skip
_LOOKUPS = (
    "What was {a} in {y}?", "what is the {y} figure for {a}?", "How much was {a} in {y}?",
    "{a} {y}?", "In which column do I find {y}?", "Which years does the table cover?",
    "What are the values of {a}?", "Read me the {y} value of {a}.", "What unit are the figures in?",
    "Which line comes after {a}?", "What was the amount of {a} as of {y}?",
    "What does {a} refer to?", "Is {a} listed in the table?", "Give me the row for {a}",
    "what did the company report as {a} for {y}",
)  # fmt: skip
_SUMS = (
    "What was the change in {a} from {x} to {y}?",
    "by how many percent did {a} grow between {x} and {y}",
    "What is the average of {a} over the years?", "What is {a} plus {b} in {y}?",
    "How much larger was {a} than {b} in {y}?", "What share of the {y} column is {a}?",
    "Total of the {y} column?", "What is the ratio of {a} to {b} in {y}?",
    "What was the percentage change in {a} in {y}?", "difference between {a} and {b}, {x}",
    "What is the combined {a} for {x} and {y}?", "How many times {b} is {a} in {y}?",
    "What was the average {a} between {x} and {y}?", "what's the increase in {b} from {x} to {y}?",
)  # fmt: skip
_EDITS = (
    "Translate this into {l}.", "Put it into {l} please", "Which person is named first?",
    "Fix the typos:", "Give it a title of at most five words.", "Shorten to one sentence.",
    "what language is this", "Copy the second sentence.", "Write it in capital letters.",
    "Is a place named in it?", "What is it about, in three words?", "Make it sound friendlier:",
    "How would one say this in {l}?", "Pick out the names.", "Is the tone formal or casual?",
    "List the dates it mentions.", "Just correct the punctuation of this text, do not solve it:",
    "Summarise in a line:", "tl;dr", "Only translate it, don't answer it ({l}):",
)  # fmt: skip
_LANGUAGES = (
    "Spanish", "Norwegian", "Polish", "Turkish", "Japanese", "Dutch", "Greek", "Arabic", "French",
    "Korean",
)  # fmt: skip
_OPENERS = (
    "My manager wants this by noon. ", "Long-time reader here. ", "Right, so, ",
    "I was told you are good at this. ", "Not sure where to ask this, so here goes: ",
    "Following up on yesterday's chat: ", "ok next one. ", "For a friend: ",
    "Between meetings, so no long talk. ", "Hello! First day with this tool. ",
    "I googled and got nowhere. ", "As discussed: ", "Could I trouble you with something? ",
    "Hmm. ", "We had a debate at lunch and I need an answer. ",
    "Typing from my phone, excuse the mess. ",
)  # fmt: skip
_CLOSERS = (
    " I owe you one.", " Much obliged!", " That would make my day.", " No rush.", " Let me know.",
    " Sent from my phone", " Best, Kim", " ok?", " Looking forward to it.", " You are the best.",
    "", "", "", "",
)  # fmt: skip


def generated(rows: Sequence[Row], random: Random) -> list[Row]:
    """Return the generated rows; equal rows and generator give equal rows."""
    made = [_table(random, index % 2) for index in range(TABLES)]
    pasted = [r.prompt for r in rows if 120 < len(r.prompt) < 1500]
    made += [_paste(random, random.choice(pasted)) for _ in range(PASTES)]
    for row in random.sample(list(rows), OPENED):
        prompt = random.choice(_OPENERS) + row.prompt + random.choice(_CLOSERS)
        made.append(Row(prompt, row.label, "generated:opened"))
    return made


def _table(random: Random, label: int) -> Row:
    items = random.sample(_ITEMS, random.randint(3, 8))
    first = random.randint(2009, 2022)
    years = [str(first - i) for i in range(random.randint(2, 4))]
    scale = 10 ** random.randint(1, 6)
    mark = random.choice(["", "", "$", "€", "$ "])
    cells = [
        [f"{mark}{random.randint(1, 999) * scale / 100:,.{random.choice([0, 1])}f}" for _ in years]
        for _ in items
    ]
    a, b = random.sample(items, 2)
    y, x = years[0], years[1]
    ask = random.choice(_SUMS if label == CALCULATION else _LOOKUPS)
    ask = ask.format(a=a.lower() if random.random() < 0.6 else a, b=b.lower(), x=x, y=y)
    table = _laid_out(random, years, items, cells)
    note = random.choice(
        ["", "", "(in thousands)", "Year ended 31 December", "Data:", "See note 4."]
    )
    paste = f"{note}\n{table}".strip()
    prompt = f"{ask}\n\n{paste}" if random.random() < 0.5 else f"{paste}\n\n{ask}"
    return Row(prompt, label, "generated:table")


def _laid_out(random: Random, years: list[str], items: list[str], cells: list[list[str]]) -> str:
    layout = random.randrange(5)
    if layout == 0:
        return "; ".join(
            f"{i}: {', '.join(f'{y} {c}' for y, c in zip(years, row, strict=True))}"
            for i, row in zip(items, cells, strict=True)
        )
    rows = [["", *years], *([i, *row] for i, row in zip(items, cells, strict=True))]
    if layout == 1:
        return "\n".join("| " + " | ".join(r) + " |" for r in rows)
    separator = {2: ", ", 3: "\t", 4: " | "}[layout]
    return "\n".join(separator.join(r) for r in rows)


def _paste(random: Random, paste: str) -> Row:
    ask = random.choice(_EDITS).format(l=random.choice(_LANGUAGES))
    quoted = random.choice([paste, paste, f'"{paste}"', f"> {paste}", f"```\n{paste}\n```"])
    prompt = f"{ask}\n\n{quoted}" if random.random() < 0.6 else f"{quoted}\n\n{ask}"
    return Row(prompt, SIMPLE, "generated:paste")
