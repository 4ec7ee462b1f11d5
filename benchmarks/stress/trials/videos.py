"""Videos through the whole analysis, from the file to the annotated video."""

from __future__ import annotations

import json
import math
import socket
import threading
from functools import cached_property
from pathlib import Path

import numpy as np

from app.video.process import process_video
from app.video.results import VideoResult, write_csv, write_json
from benchmarks.stress.doubles import Walker
from benchmarks.stress.inputs.clips import FORMATS, encoded, plain
from benchmarks.stress.inputs.people import film
from benchmarks.stress.inputs.videos import Elsewhere, video
from benchmarks.stress.trials.trial import Trial
from benchmarks.stress.verdict import PROCESSED, Verdict, failed, of_error
from pose.errors import UserError
from pose.sources import VideoFile
from recognizer.predictor import Recognizer

ROUNDING = 0.002


class Videos(Trial):
    """One file an input, with somebody in every picture and a network that nobody has trained."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._recognizer = Recognizer.untrained()
        elsewhere = folder / "elsewhere.mp4"
        elsewhere.write_bytes(encoded(plain(FORMATS[0])))
        self._listener = _Listener()
        self._elsewhere = Elsewhere(str(elsewhere), self._listener.address)
        self.run(np.random.default_rng(0), _made(folder / "warm-up"))  # what is imported and made once

    def run(self, rng: np.random.Generator, folder: Path) -> Verdict:
        made = video(rng, self._elsewhere)
        (folder / "in").mkdir()
        path = folder / "in" / made.name
        path.write_bytes(made.data)
        verdict = analyse(path, _made(folder / "out"), rng, self._recognizer, Walker())
        if self._listener.asked():
            return failed("the file made the program ask for another one over the network")
        if made.refused and verdict.outcome == "processed":
            return failed("a list of other files was taken for a video")
        return verdict


class People(Trial):
    """Films of the project's own figure, some of them damaged, with MediaPipe and the default weights."""

    @cached_property
    def _recognizer(self) -> Recognizer:
        from app.core.catalogue import Catalogue

        return Catalogue.shipped().load(None)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.run(np.random.default_rng(0), _made(folder / "warm-up"))

    def run(self, rng: np.random.Generator, folder: Path) -> Verdict:
        path = folder / "film.mp4"
        path.write_bytes(film(rng))
        return analyse(path, _made(folder / "out"), rng, self._recognizer, None)


class _Listener:
    """An address of this machine at which nobody may ask for anything."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._asked = threading.Event()
        threading.Thread(target=self._wait, daemon=True).start()

    def _wait(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            self._asked.set()
            connection.close()

    def asked(self) -> bool:
        """Whether somebody has connected since the last call."""
        asked = self._asked.is_set()
        self._asked.clear()
        return asked


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def analyse(
    path: Path, out: Path, rng: np.random.Generator, recognizer: Recognizer, estimator: Walker | None
) -> Verdict:
    """Analyses a file as ``pose2action run`` does, and judges all that it leaves.

    Args:
        path: the video.
        out: empty folder for what is written.
        rng: decides what is written.
        recognizer: names actions.
        estimator: finds people; None takes MediaPipe.
    """
    drawn = out / "annotated.mp4" if rng.random() < 0.6 else None
    landmarks = out / "landmarks.npz" if rng.random() < 0.3 else None
    try:
        with VideoFile(path) as opened:
            result = process_video(
                opened, recognizer, video_out=drawn, skeleton_out=landmarks, estimator=estimator
            )
        write_json(result, out / "actions.json")
        write_csv(result, out / "actions.csv")
    except UserError as error:
        left = sorted(each.name for each in out.iterdir())
        return failed(f"refused, and {left} are left") if left else of_error(error)
    except Exception as error:
        return of_error(error)
    fault = _wrong(result) or _wrong_files(result, out, drawn, landmarks)
    return PROCESSED if fault is None else failed(fault)


def _wrong(result: VideoResult) -> str | None:
    """What cannot be true of a result."""
    if not (math.isfinite(result.duration) and 0 <= result.duration < 1e9 and 0 < result.fps <= 1000):
        return f"{result.duration} s at {result.fps} frames a second"
    for person in result.persons:
        scores = [each.score for each in person.summary]
        scores += [segment.score for segment in person.segments]
        scores += [each.score for window in person.windows for each in window.top]
        if not all(math.isfinite(score) and 0 <= score <= 1 + 1e-5 for score in scores):
            return f"scores that are none: {scores[:9]}"
        for segment in person.segments:
            if not 0 <= segment.start <= segment.end <= result.duration + ROUNDING:
                return f"a segment from {segment.start} to {segment.end} in {result.duration} s"
    return None


def _wrong_files(result: VideoResult, out: Path, drawn: Path | None, landmarks: Path | None) -> str | None:
    """What is wrong with the files that were written."""
    wanted = {out / "actions.json", out / "actions.csv", drawn, landmarks} - {None}
    if (found := set(out.iterdir())) != wanted:
        return f"written were {sorted(path.name for path in found)}"

    def no_number(name: str) -> float:
        raise ValueError(f"{name} in actions.json")

    try:
        json.loads((out / "actions.json").read_text(), parse_constant=no_number)
        if drawn is not None:
            with VideoFile(drawn) as video:
                if next(iter(video), None) is None:
                    return "the annotated video has no picture"
        if landmarks is not None:
            with np.load(landmarks) as arrays:
                for name in arrays.files:
                    if not np.isfinite(arrays[name]).all():
                        return f"landmarks with {name} that are no numbers"
    except ValueError as error:
        return f"what was written cannot be read: {error}"
    return None
