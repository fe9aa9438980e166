"""The scanned pages of one version of a document, as the module's setting has them read.

They are steps of the run that the version's own event starts, whichever run has them read. Pure,
but for its ports.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from router.workflows.documents.changed import Change, run_id_of
from router.workflows.documents.indexing import Found
from router.workflows.documents.page_requests import Sheet, step_of, together
from router.workflows.documents.reading import Files, Reader, Reading, Rows
from router.workflows.documents.reading_progress import Progress
from router.workflows.run import Run


@dataclass(frozen=True, slots=True)
class Setting:
    """``workflows.documents.scanned_pages``: who is asked, and of how many pages at most."""

    tier: str
    most_pages: int

    @classmethod
    def from_json(cls, given: Mapping[str, Any] | None) -> Setting | None:
        """Read the module's setting; ``None`` if no model is to read scanned pages."""
        return cls(given["tier"], int(given["most_pages"])) if given else None


@dataclass(frozen=True, slots=True)
class ScannedPages:
    """Has them read, as far as the ``progress`` of a run of ``change`` has come."""

    setting: Setting
    change: Change
    bucket: str
    progress: Progress
    rows: Rows
    files: Files

    def read(self, found: Found, scans: Sequence[int]) -> Reading:
        """Return what is known of the pages of a version."""
        if len(scans) > self.setting.most_pages:
            return self._too_many(scans)
        reader = Reader(self._run(found), self.setting.tier, self.rows, self.files)
        return reader.read(_sheets(found, scans), self.progress)

    def read_before(self, found: Found, scans: Sequence[int]) -> Reading:
        """Return what is known of pages whose texts the chunks have: which requests read them."""
        if len(scans) > self.setting.most_pages:
            return Reading(tuple(scans), progress=self.progress, read_before=True)
        run, tier = self._run(found), self.setting.tier
        return Reading(
            tuple(scans),
            progress=self.progress,
            run_id=run.run_id,
            keys=tuple(
                run.step_key(step_of(group, tier)) for group in together(_sheets(found, scans))
            ),
            read_before=True,
        )

    def _run(self, found: Found) -> Run:
        run_id = run_id_of(self.bucket, self.change.key, found.version)
        return replace(self.change.run, run_id=run_id)

    def _too_many(self, scans: Sequence[int]) -> Reading:
        limit = (
            f"it has {len(scans)} scanned pages, and"
            f" workflows.documents.scanned_pages.most_pages is {self.setting.most_pages}"
        )
        why = {"error": "TooManyPages", "cause": limit}
        return Reading(tuple(scans), problems=dict.fromkeys(scans, why), progress=self.progress)


def _sheets(found: Found, scans: Sequence[int]) -> list[Sheet]:
    # It is loaded only where a PDF comes, see `extraction`.
    from router.workflows.documents.pdf import pages_alone

    return [Sheet(number, body) for number, body in pages_alone(found.body, scans).items()]
