"""Whole videos: actions per person, and the video with skeletons and labels drawn into it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

from app.core.attention import AttentionLog
from app.core.protocols import ActionRecognizer, Estimator, make_mediapipe
from app.core.repeating import repeating
from app.core.subjects import subject_of
from app.drawing.encoding import VideoWriter, even_size
from app.video.answers import Answers
from app.video.finishing import Finishing, OnEvent
from app.video.following import Following
from app.video.keeping import Keeping
from app.video.landmarks import LandmarkFile, LandmarksError
from app.video.results import VideoResult
from app.video.run import LONGEST_SIDE, RECORDED_STEP, STEP, Progress, Run
from app.video.skeletons import SkeletonWriter
from app.video.source import Estimated, People, Source
from pose.sources import VideoFile


def process_video(
    source: str | Path | Source,
    recognizer: ActionRecognizer,
    *,
    video_out: str | Path | None = None,
    skeleton_out: str | Path | None = None,
    kept: Path | None = None,
    attention: AttentionLog | None = None,
    threshold: float | None = None,
    estimator: Estimator | None = None,
    people: People | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    finish: Callable[[], bool] | None = None,
    on_event: OnEvent | None = None,
    keep: bool = True,
) -> VideoResult:
    """Analyses a video from its first frame to its last.

    Args:
        source: a file's path, or an open source (which stays open).
        recognizer: names the actions.
        video_out: .mp4 to write the annotated video to (H.264, longest side at most 1280 pixels).
        skeleton_out: .npz to write the landmarks to, see ``SkeletonWriter``.
        kept: .npz with who is in the frames of this very video: read where there is one that can be, and
            nothing is estimated then; otherwise written, for the next analysis, unless that cannot be done
            (``app.video.keeping``). Not together with ``skeleton_out``, for which other frames are analysed.
        attention: takes what the network looked at in each window that counts; None does not compute it.
        threshold: probability under which no action is named; None takes the recogniser's.
        estimator: finds the people or hands that the recogniser is about; stays open. None makes a MediaPipe
            one for this video.
        people: who is in a frame, where that is known (``app.video.landmarks``): nothing is estimated then.
        progress: told (fraction done or None where the length is unknown, sentence) several times a second.
        cancelled: asked often; True stops everything.
        finish: asked often; True ends the video here, as if the source had ended (cameras have no end).
        on_event: told whenever a person's shown label, or its count, changes; called from another thread.
        keep: False for a source that never ends, of which only the events count: nothing is kept of it, and
            the result names nobody.

    Returns:
        What was found. Output files appear whole, and only when this returns.

    Raises:
        SourceError: the source cannot be read at all, or a camera stops.
        Cancelled: ``cancelled`` said so.
        WeightsError: a recogniser whose layout cannot be made from a camera's landmarks.
        OSError: an output cannot be written.
    """
    subject = subject_of(recognizer.layout)
    keeping = None
    with ExitStack() as resources:
        if isinstance(source, (str, Path)):
            source = resources.enter_context(VideoFile(source))
        if people is None and kept is not None:
            people = _people_of(kept)
        if people is None:
            if estimator is None:
                estimator = resources.enter_context(closing(make_mediapipe(subject.landmarks)))
            people = Estimated(estimator)
            if kept is not None:
                people = keeping = resources.enter_context(closing(Keeping(people, subject.landmarks)))
        writer = None
        if video_out is not None:
            size = even_size(source.info.width, source.info.height, LONGEST_SIDE)
            writer = resources.enter_context(VideoWriter(video_out, size, source.info.fps))
        least = recognizer.threshold if threshold is None else threshold
        counted = repeating(recognizer)
        answers = Answers(recognizer.classes, least, keep, counted)
        asked = on_event is not None or writer is not None
        following = Following(recognizer.layout, counted) if asked else None
        finishing = Finishing(answers, writer, attention, following, on_event)
        skeletons = None
        if skeleton_out is not None:
            skeletons = resources.enter_context(closing(SkeletonWriter(subject.landmarks)))
        every = skeletons is not None or isinstance(source, LandmarkFile)
        step = RECORDED_STEP if every else STEP
        run = Run(source, recognizer, people, finishing, keep, skeletons, step)
        run.go(progress or (lambda fraction, sentence: None), cancelled or _never, finish or _never)
        persons = answers.persons(list(run.people.values()))
        if skeletons is not None and skeleton_out is not None:
            skeletons.save(skeleton_out, tuple(person.id for person in persons))
        if keeping is not None and kept is not None:
            keeping.save(kept)
        return VideoResult(
            source=source.name,
            duration=run.end,
            fps=source.info.fps,
            weights=recognizer.card.name,
            layout=recognizer.layout.name,
            window_seconds=recognizer.window_seconds,
            persons=persons,
            message=None if persons else subject.missing_in_video,
            problem=source.problem,
        )


def _people_of(kept: Path) -> People | None:
    """Who is in the frames of the video whose landmarks were kept; None where there are none to use."""
    try:
        return LandmarkFile(kept).people
    except (LandmarksError, OSError):
        return None


def _never() -> bool:
    return False
