"""One source analysed, and what was found written into its files."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.commands.outputs import OutputError, Outputs
from app.video.landmarks import LandmarkFile
from app.video.results import VideoResult, write_csv, write_json

if TYPE_CHECKING:
    from app.video.source import Source
    from recognizer.predictor import SparseBackend, WindowRecognizer


@dataclass(frozen=True)
class Look:
    """How sources are looked at.

    Attributes:
        weights: as the user has chosen them; None for the default.
        threshold: score under which no action is named; None for the weights' own.
        own: name of a collection of own actions, or None.
        sparse_backend: who computes sparse convolutions.
    """

    weights: str | None = None
    threshold: float | None = None
    own: str | None = None
    sparse_backend: SparseBackend = "auto"

    def recognizer(self) -> WindowRecognizer:
        """Loads what recognises the actions.

        Raises:
            WeightsError, CollectionError, OwnError: with one sentence for the user.
        """
        from app.core.catalogue import Catalogue

        recognizer = Catalogue.shipped(self.weights, self.sparse_backend).load(None)
        if self.own is None:
            return recognizer
        from app.core.own import load_with_own

        return load_with_own(recognizer, self.weights, self.own)


def analyse(
    source: Source, recognizer: WindowRecognizer, threshold: float | None, outputs: Outputs, **more: Any
) -> VideoResult:
    """Analyses an open source and writes the outputs; the JSON file comes last.

    Args:
        source: what to look at.
        recognizer: names the actions.
        threshold: score under which no action is named; None for the recogniser's.
        outputs: files to write.
        more: for ``process_video``.

    Raises:
        OutputError: a video is to be written of landmarks, which have no pictures.
        WeightsError: landmarks of people for weights of hands, or the other way round.
        Cancelled, SourceError, OSError: see ``process_video``.
    """
    from app.core.attention import AttentionLog
    from app.core.subjects import subject_of
    from app.video.process import process_video
    from recognizer.card import WeightsError

    if isinstance(source, LandmarkFile):
        if outputs.video is not None:
            raise OutputError(f"{source.name!r} has landmarks only: there are no pictures for a video.")
        wanted = subject_of(recognizer.layout)
        if source.landmarks is not wanted.landmarks:
            raise WeightsError(
                f"{source.name!r} shows a {source.landmarks.subject}, and these weights look at a "
                f"{wanted.landmarks.subject}; choose others."
            )
        more["people"] = source.people
    with ExitStack() as resources:
        attention = None
        if outputs.attention is not None:
            attention = resources.enter_context(closing(AttentionLog()))
        result = process_video(
            source, recognizer, video_out=outputs.video, skeleton_out=outputs.skeleton, threshold=threshold,
            attention=attention, **more,
        )  # fmt: skip
        if attention is not None and outputs.attention is not None:
            attention.save(outputs.attention, tuple(person.id for person in result.persons))
    if outputs.csv is not None:
        write_csv(result, outputs.csv)
    if outputs.json is not None:
        write_json(result, outputs.json)
    return result
