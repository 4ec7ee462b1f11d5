"""One analysis of a Video tab: the files that it writes, and the sentence for what it wanted."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from app.core.attention import AttentionLog
from app.core.catalogue import Catalogue
from app.core.subjects import subject_of
from app.video.process import process_video
from app.video.results import VideoResult, write_csv, write_json
from app.web.jobs import Job
from app.web.kept_landmarks import KeptLandmarks
from app.web.orders import RESULTS, Order
from app.web.school import School
from pose.errors import UserError
from recognizer.own.teaching import with_own
from recognizer.predictor import WindowRecognizer

DISK_FULL = "The disk is full where videos are analysed: free some space and press Analyse again."
NO_MEMORY = "This video needs more memory than there is: close other programs, or make the video smaller."


class AnalysisError(UserError):
    """An analysis that failed for want of something. The message is one sentence for the user."""


@dataclass(frozen=True)
class Outcome:
    """What an analysis leaves: its result, the folder of its files, and what the network looked at.

    Attributes:
        attention: of every window, where it was asked for.
        landmarks: who was in the video, as ``app.video.skeletons`` writes it, for as long as that is kept;
            None where it could not be.
    """

    VIDEO: ClassVar[str] = "annotated.mp4"

    result: VideoResult
    folder: Path
    attention: AttentionLog | None = None
    landmarks: Path | None = None

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


def analyse(
    job: Job[Outcome],
    source: Path,
    order: Order,
    catalogue: Catalogue,
    school: School,
    folder: Path,
    kept: KeptLandmarks,
) -> Outcome:
    """Does what a tab has ordered.

    Args:
        job: is told how it stands, and asked whether to stop.
        source: the video.
        order: how to look at it.
        catalogue: where weights come from.
        school: where own actions come from.
        folder: gets a folder for the results, which goes again when there are none.
        kept: what is known of videos that were analysed before.

    Raises:
        AnalysisError: the disk is full, or the memory.
        Cancelled: the job was.
        OSError: the results cannot be written.
        UserError: weights, own actions or video cannot be used.
    """
    with in_a_sentence():
        recognizer = _recognizer(job, order, catalogue, school)
        return _write(job, source, order, recognizer, folder, kept)


def _recognizer(job: Job[Outcome], order: Order, catalogue: Catalogue, school: School) -> WindowRecognizer:
    job.report(None, "Loading the recogniser …")
    recognizer = catalogue.load(order.weights)
    if order.own is None:
        return recognizer
    job.report(None, f"Learning the actions of {order.own} …")
    return with_own(recognizer, catalogue.members(order.weights), school.home.open(order.own), school.lessons)


def _write(
    job: Job[Outcome],
    source: Path,
    order: Order,
    recognizer: WindowRecognizer,
    parent: Path,
    kept: KeptLandmarks,
) -> Outcome:
    landmarks = kept.place(source, subject_of(recognizer.layout).landmarks)
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=RESULTS, dir=parent))
    attention: AttentionLog | None = None
    try:
        attention = AttentionLog(folder) if order.attention else None
        result = process_video(
            source,
            recognizer,
            video_out=folder / Outcome.VIDEO,
            kept=landmarks,
            threshold=order.threshold,
            attention=attention,
            progress=lambda fraction, sentence: job.report(fraction, f"Analysing: {sentence}"),
            cancelled=lambda: job.cancelled,
        )
        # The upload's path on the server means nothing to whoever downloads the results.
        found = replace(result, source=source.name)
        there = landmarks is not None and landmarks.exists()
        outcome = Outcome(found, folder, attention, landmarks if there else None)
        write_json(outcome.result, outcome.json)
        write_csv(outcome.result, outcome.csv)
        return outcome
    except BaseException:
        if attention is not None:
            attention.close()
        shutil.rmtree(folder, ignore_errors=True)
        raise


@contextmanager
def in_a_sentence() -> Iterator[None]:
    """Tells what was wanting where that is known."""
    try:
        yield
    except MemoryError as error:
        raise AnalysisError(NO_MEMORY) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise AnalysisError(DISK_FULL) from error
        raise
