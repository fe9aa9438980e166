"""Completion scripts for bash, zsh and fish. Pure: words in, a script out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

FILES = ("<file>",)
ANYTHING = ("<value>",)


@dataclass(frozen=True, slots=True)
class Word:
    """A word to offer. ``value`` is what an option takes: nothing, FILES, ANYTHING, or choices."""

    text: str
    summary: str
    value: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """What may follow ``path``, such as ``budget set``; the empty path is the program itself."""

    path: str
    words: tuple[Word, ...]
    takes_files: bool

    def texts(self) -> str:
        return " ".join(word.text for word in self.words)


def bash(prog: str, places: Sequence[Place]) -> str:
    """Return the script for bash 3.2 and newer; an empty reply means files."""
    words = [f'        "{place.path}") words="{place.texts()}" ;;' for place in places]
    files = [f'        "{place.path}") return ;;' for place in places if place.takes_files]
    values = [
        f'        "{place.path} {word.text}")'
        + (f' words="{" ".join(word.value)}" ;;' if _are_choices(word) else " return ;;")
        for place, word in _with_values(places)
    ]
    return f"""# {prog} for bash: eval "$({prog} completion bash)"
_{prog}() {{
    local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD - 1]}}"
    local place="" words="" index
    COMPREPLY=()
    for ((index = 1; index < COMP_CWORD; index++)); do
        case "$place ${{COMP_WORDS[index]}}" in
            {_entering(places, "            ")}
        esac
    done
    case "$place $previous" in
{_lines(values)}
    esac
    if [ -z "$words" ]; then
        case "$current" in
            -*) ;;
            *) case "$place" in
{_lines(files)}
            esac ;;
        esac
        case "$place" in
{_lines(words)}
        esac
    fi
    COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o bashdefault -o default -F _{prog} {prog}"""


def zsh(prog: str, places: Sequence[Place]) -> str:
    """Return the script for zsh: to be evaluated, or to be a file of ``fpath``."""
    words = []
    for place in places:
        offered = " ".join(_quoted(f"{word.text}:{word.summary}") for word in place.words)
        words.append(f'        "{place.path}") offered=({offered}) ;;')
    files = [f'        "{place.path}") _files ;;' for place in places if place.takes_files]
    values = [
        f'        "{place.path} {word.text}") '
        + (f"compadd -- {' '.join(word.value)}" if _are_choices(word) else _zsh_value(word))
        + "; return ;;"
        for place, word in _with_values(places)
    ]
    return f"""#compdef {prog}
# {prog} for zsh: eval "$({prog} completion zsh)" after compinit
_{prog}() {{
    local place="" index
    local -a offered
    for ((index = 2; index < CURRENT; index++)); do
        case "$place ${{words[index]}}" in
            {_entering(places, "            ")}
        esac
    done
    case "$place ${{words[CURRENT-1]}}" in
{_lines(values)}
    esac
    case "$place" in
{_lines(words)}
    esac
    _describe '{prog}' offered
    case "$place" in
{_lines(files)}
    esac
}}
if [ "$funcstack[1]" = "_{prog}" ]; then
    _{prog}
else
    compdef _{prog} {prog}
fi"""


def fish(prog: str, places: Sequence[Place]) -> str:
    """Return the script for fish 3 and newer."""
    lines = [f"complete -c {prog} -f"]
    for place in places:
        at = f"complete -c {prog} -n '__{prog}_at \"{place.path}\"'"
        for word in place.words:
            summary = _quoted(word.summary, "\\'")
            if not word.text.startswith("--"):
                lines.append(f"{at} -a {word.text} -d {summary}")
                continue
            option = f"{at} -l {word.text[2:]}"
            if word.value == FILES:
                option += " -r -F"
            elif word.value == ANYTHING:
                option += " -x"
            elif word.value:
                option += f" -x -a '{' '.join(word.value)}'"
            lines.append(f"{option} -d {summary}")
        if place.takes_files:
            lines.append(f"{at} -F")
    known = " ".join(f"'{place.path}'" for place in places if place.path)
    return f"""# {prog} for fish: {prog} completion fish > ~/.config/fish/completions/{prog}.fish
function __{prog}_at
    set -l place ''
    set -l words (commandline -opc)
    for word in $words[2..-1]
        set -l next (string trim -- "$place $word")
        if contains -- "$next" {known}
            set place "$next"
        end
    end
    test "$place" = "$argv[1]"
end
""" + "\n".join(lines)


SHELLS: Mapping[str, Callable[[str, Sequence[Place]], str]] = {
    "bash": bash,
    "zsh": zsh,
    "fish": fish,
}


def _entering(places: Iterable[Place], indent: str) -> str:
    """Return the branches that move to a place: its parent's path, then its own word."""
    branches = []
    for place in places:
        if place.path:
            parent, _, word = place.path.rpartition(" ")
            branches.append(f'"{parent} {word}") place="{place.path}" ;;')
    return f"\n{indent}".join(branches)


def _with_values(places: Iterable[Place]) -> list[tuple[Place, Word]]:
    return [(place, word) for place in places for word in place.words if word.value]


def _are_choices(word: Word) -> bool:
    return word.value not in ((), FILES, ANYTHING)


def _zsh_value(word: Word) -> str:
    return "_files" if word.value == FILES else ":"


def _quoted(text: str, escape: str = "'\\''") -> str:
    return "'" + text.replace("'", escape) + "'"


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines)
