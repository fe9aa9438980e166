"""Has the scanned pages of a version read by a model, round by round. Pure, but for its ports.

Every look begins at the pages again and finds their answers in the rows, so that a run that is
started again asks only for what has none. A page that stays without a text is named with the
reason: the run that lacks it fails, and the pages around it are indexed all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from cost_calculator.rows import OPEN
from cost_calculator.settlement import Row
from router.acceptance.reopen import next_run
from router.encoding import size_in_bytes
from router.errors import RouterError
from router.intake.uploads import upload_path
from router.workflows.documents.page_requests import (
    UNREADABLE,
    Sheet,
    request_of,
    step_of,
    texts_of,
    together,
)
from router.workflows.documents.reading_progress import Progress
from router.workflows.run import Run, answer_problem

_MOST_BYTES = 100_000
"""Of the requests of a round: they travel in one state."""

_PDF = "application/pdf"


class PagesUnderWay(RouterError):
    """Another run has asked for these pages, and has no answer so far."""


class PagesUnread(RouterError):
    """Pages of a document have no text; the message says which, and why the first has none."""


class Rows(Protocol):
    """Where requests and their answers are."""

    def rows_of(self, key: str) -> Mapping[str, Row]: ...
    def text_of(self, rows: Mapping[str, Row]) -> str | None: ...


class Files(Protocol):
    """Where the router finds the files of a request."""

    def put(self, path: str, body: bytes, media_type: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of the scanned pages: their texts, why others have none, what is to be asked.

    ``keys`` are those of the requests that they were read by, steps of the run ``run_id``. If the
    pages were ``read_before``, the chunks have their texts.
    """

    scans: tuple[int, ...] = ()
    texts: Mapping[int, str] = field(default_factory=dict)
    problems: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    requests: Sequence[Mapping[str, Any]] = ()
    progress: Progress = field(default_factory=Progress)
    run_id: str = ""
    keys: tuple[str, ...] = ()
    read_before: bool = False

    @property
    def unread(self) -> tuple[int, ...]:
        """The pages that nobody has read."""
        if self.read_before:
            return ()
        return tuple(number for number in self.scans if number not in self.texts)

    def to_json(self) -> dict[str, Any]:
        """Return what the output and the run's row have of it."""
        shown: dict[str, Any] = {"scanned": len(self.scans), "unread": list(self.unread)}
        if self.run_id:
            shown["run"] = self.run_id
        if self.texts:
            texts = self.texts.items()
            shown["empty"] = [number for number, text in texts if not text]
            shown["illegible"] = [number for number, text in texts if UNREADABLE in text]
        return shown

    def problem(self) -> dict[str, str] | None:
        """Return why the document is not whole, ``None`` if it is."""
        if not self.problems:
            return None
        first = self.problems[min(self.problems)]
        some = ", ".join(map(str, sorted(self.problems)[:20]))
        count = f"{len(self.problems)} of {len(self.scans)} scanned pages"
        cause = f"{count} are not read ({some}): {first['error']}: {first['cause']}"
        return {"error": PagesUnread.__name__, "cause": cause}


@dataclass(frozen=True, slots=True)
class Reader:
    """Has pages read by the models of a ``tier``, as steps of ``run``."""

    run: Run
    tier: str
    rows: Rows
    files: Files

    def read(self, sheets: Sequence[Sheet], progress: Progress) -> Reading:
        """Return what is known of the pages. Raise ``PagesUnderWay`` if only waiting helps."""
        scans = tuple(sheet.number for sheet in sheets)
        looks = [self._look(group, progress) for group in together(sheets)]
        if ready := [look for look in looks if look.sends]:
            requests = self._that_fit(ready)
            asked = [look.step for look in ready[: len(requests)]]
            return Reading(scans, requests=requests, progress=progress.asking(asked))
        if any(look.is_open for look in looks):
            raise PagesUnderWay("another run has these pages read: its answers are waited for")
        return Reading(
            scans,
            texts={number: text for look in looks for number, text in look.texts.items()},
            problems={
                sheet.number: look.problem for look in looks if look.problem for sheet in look.group
            },
            progress=progress,
            run_id=self.run.run_id,
            keys=tuple(self.run.step_key(look.step) for look in looks),
        )

    def _look(self, group: Sequence[Sheet], progress: Progress) -> _Look:
        step = step_of(group, self.tier)
        rows = self.rows.rows_of(self.run.step_key(step))
        request = rows.get("REQUEST")
        if request and not (problem := answer_problem(rows, {})):
            return self._answered(group, step, rows)
        reported = progress.failed.get(step)
        if request and request["status"] in OPEN and not reported:
            return _Look(group, step, is_open=True)
        if step in progress.tried:
            unknown = {"error": "Unknown", "cause": "it ended without an answer"}
            return _Look(group, step, problem=reported or (problem if request else unknown))
        rerun = next_run(dict(request)) if request else None
        return _Look(group, step, sends=True, rerun=rerun)

    def _answered(self, group: Sequence[Sheet], step: str, rows: Mapping[str, Row]) -> _Look:
        answer = self.rows.text_of(rows)
        if answer is None:
            gone = "the text of its answer is gone: put the document there again"
            return _Look(group, step, problem={"error": "TextExpired", "cause": gone})
        texts = texts_of(group, answer)
        if texts is None:
            other = "the answer has not all pages"
            return _Look(group, step, problem={"error": "InvalidAnswer", "cause": other})
        return _Look(group, step, texts=texts)

    def _that_fit(self, ready: Sequence[_Look]) -> list[dict[str, Any]]:
        """Return as many requests as a state can hold: the others are ready in the next round."""
        requests: list[dict[str, Any]] = []
        size = 0
        for look in ready:
            request = self._request(look)
            size += size_in_bytes(request)
            if requests and size > _MOST_BYTES:
                break
            requests.append(request)
        return requests

    def _request(self, look: _Look) -> dict[str, Any]:
        def kept(sheet: Sheet) -> str:
            path = upload_path(self.run.tenant, sheet.sha256, _PDF)
            return self.files.put(path, sheet.body, _PDF)

        again = {} if look.rerun is None else {"rerun": look.rerun}
        return request_of(self.run, look.group, self.tier, kept) | again


@dataclass(frozen=True, slots=True)
class _Look:
    group: Sequence[Sheet]
    step: str
    texts: Mapping[int, str] = field(default_factory=dict)
    problem: Mapping[str, str] | None = None
    is_open: bool = False
    sends: bool = False
    rerun: int | None = None
