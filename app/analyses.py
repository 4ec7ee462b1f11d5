"""The analyses that the Video tabs run: one a tab, two at a time, and their files."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from app.attention import AttentionLog, WindowAttention
from app.catalogue import Catalogue
from app.figure import write_example
from app.jobs import Job, JobQueue
from app.results import VideoResult, write_csv, write_json
from app.video import Cancelled, process_video

MOST_AT_ONCE = 2


@dataclass(frozen=True)
class Outcome:
    """What an analysis leaves: its result, the folder of its files, and what the network looked at.

    Attributes:
        attention: of every window, where it was asked for.
    """

    VIDEO: ClassVar[str] = "annotated.mp4"

    result: VideoResult
    folder: Path
    attention: AttentionLog | None = None

    @property
    def video(self) -> Path:
        """The annotated video, H.264."""
        return self.folder / self.VIDEO

    @property
    def json(self) -> Path:
        """Everything, as ``pose2action run --json`` writes it."""
        return self.folder / "actions.json"

    @property
    def csv(self) -> Path:
        """The segments, as ``pose2action run --csv`` writes them."""
        return self.folder / "actions.csv"

    def delete(self) -> None:
        """Deletes the files."""
        if self.attention is not None:
            self.attention.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Analyses:
    """Every tab's current analysis, by the tab's session.

    Args:
        catalogue: where weights come from.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._queue = JobQueue(MOST_AT_ONCE)
        self._jobs: dict[str, Job[Outcome]] = {}
        self._lock = threading.Lock()
        self._example: Path | None = None

    def start(
        self, session: str, source: str, weights: str | None, threshold: float, attention: bool = False
    ) -> Job[Outcome]:
        """Starts a tab's analysis; its former one goes, with its files."""
        self.close(session)
        job = self._queue.start(lambda job: self._analyse(job, source, weights, threshold, attention))
        with self._lock:
            self._jobs[session] = job
        return job

    def cancel(self, session: str) -> None:
        """Asks a tab's analysis to stop, if it has one."""
        with self._lock:
            job = self._jobs.get(session)
        if job is not None:
            job.cancel()

    def close(self, session: str) -> None:
        """Cancels a tab's analysis and deletes the files of one that has ended."""
        with self._lock:
            job = self._jobs.pop(session, None)
        if job is not None:
            job.cancel()
            if job.result is not None:
                job.result.delete()

    def looked(self, session: str, person: int, time: float) -> WindowAttention | None:
        """What the network looked at in a person's window that ends nearest to ``time``, where known."""
        log = self._log(session)
        return None if log is None else log.at(person, time)

    def span(self, session: str, person: int) -> tuple[float, float] | None:
        """Seconds at which a person's first and last window end, for ``looked``; None where none is known."""
        log = self._log(session)
        return None if log is None else log.spans().get(person)

    def example(self) -> Path:
        """The clip that the project draws itself; made when first asked for."""
        with self._lock:
            if self._example is None or not self._example.exists():
                self._example = write_example(_folder() / "example.mp4")
            return self._example

    def _log(self, session: str) -> AttentionLog | None:
        with self._lock:
            job = self._jobs.get(session)
        return None if job is None or job.result is None else job.result.attention

    def _analyse(
        self, job: Job[Outcome], source: str, weights: str | None, threshold: float, attention: bool
    ) -> Outcome:
        job.report(None, "Loading the recogniser …")
        recognizer = self._catalogue.load(weights)
        folder = _folder()
        log = AttentionLog() if attention else None
        try:
            result = process_video(
                source,
                recognizer,
                video_out=folder / Outcome.VIDEO,
                threshold=threshold,
                attention=log,
                progress=lambda fraction, sentence: job.report(fraction, f"Analysing: {sentence}"),
                cancelled=lambda: job.cancelled,
            )
            # The upload's path on the server means nothing to whoever downloads the results.
            outcome = Outcome(replace(result, source=Path(source).name), folder, log)
            write_json(outcome.result, outcome.json)
            write_csv(outcome.result, outcome.csv)
            if job.cancelled:
                raise Cancelled
            return outcome
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            if log is not None:
                log.close()
            raise


def _folder() -> Path:
    """A new folder that goes at the latest when the page's program ends."""
    return Path(tempfile.mkdtemp(prefix="video-", dir=os.environ.get("GRADIO_TEMP_DIR")))
