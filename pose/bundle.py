"""The bundles of MediaPipe Tasks, made once from the models that lie in MediaPipe's own wheel.

Tasks want a ``.task`` file: an uncompressed zip of a detector and a landmark model. The wheel carries the
models for people and for hands, so the bundles are built offline, with plain weights (``pose.tflite``), and
kept in the user's cache folder.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from platformdirs import user_cache_path

from pose.errors import UserError
from pose.files import replacing
from pose.mediapipe_parts import FOLDER
from pose.tflite import with_plain_weights

_MODULES = FOLDER / "modules"
_LANDMARK_OUTPUTS = 5
_TFLITE_IDENTIFIER = b"TFL3"


class PoseModelError(UserError, RuntimeError):
    """The models cannot be had. The message is one sentence for the user."""


@dataclass(frozen=True)
class _Recipe:
    """What a bundle is made of.

    Attributes:
        kind: "pose" or "hand"; part of the file's name and of what the user is told.
        detector, landmarks: (name in the bundle, file in the wheel).
        finish: what the landmark model still needs before it can be used.
    """

    kind: str
    detector: tuple[str, str]
    landmarks: tuple[str, str]
    finish: Callable[[bytes], bytes]


def pose_bundle() -> Path:
    """Path of a checked PoseLandmarker bundle; builds it if it is missing or damaged.

    Raises:
        PoseModelError: the wheel lacks the models, or the cache folder cannot be written.
    """
    return _bundle(_POSE)


def hand_bundle() -> Path:
    """Path of a checked HandLandmarker bundle, as ``pose_bundle``."""
    return _bundle(_HAND)


def _bundle(recipe: _Recipe) -> Path:
    path = (
        user_cache_path("pose2action", appauthor=False)
        / f"{recipe.kind}-landmarker-mediapipe-{version('mediapipe')}-float32.task"
    )
    if not _is_sound(path, recipe):
        detector = with_plain_weights(_read_model(recipe, recipe.detector[1]))
        landmarks = recipe.finish(with_plain_weights(_read_model(recipe, recipe.landmarks[1])))
        try:
            _write(path, {recipe.detector[0]: detector, recipe.landmarks[0]: landmarks})
        except OSError as error:
            raise PoseModelError(
                f"The {recipe.kind} model cannot be kept in {path.parent} ({error.strerror or error}): "
                "free or unlock that folder, or choose another one with XDG_CACHE_HOME."
            ) from error
    return path


def _read_model(recipe: _Recipe, name: str) -> bytes:
    try:
        return (_MODULES / name).read_bytes()
    except OSError as error:
        raise PoseModelError(
            f"The installed mediapipe {version('mediapipe')} does not carry its {recipe.kind} models "
            f"({name} is missing): install mediapipe 0.10.21, the last release whose wheel does."
        ) from error


def _with_normalization(model: bytes) -> bytes:
    """The landmark model with the input normalisation written into it, which Tasks asks for and the wheel's
    copy does not state: pixels 0-255 become 0-1."""
    # Imported here because only the first start on a machine needs the writer.
    from mediapipe.tasks.python.metadata.metadata_writers.metadata_writer import MetadataWriter

    writer = MetadataWriter.create(bytearray(model))
    writer.add_general_info("pose_landmarks_detector")
    writer.add_image_input(norm_mean=[0.0], norm_std=[255.0])
    for _ in range(_LANDMARK_OUTPUTS):
        writer.add_feature_output()
    populated, _ = writer.populate()
    return bytes(populated)


_POSE = _Recipe(
    kind="pose",
    detector=("pose_detector.tflite", "pose_detection/pose_detection.tflite"),
    landmarks=("pose_landmarks_detector.tflite", "pose_landmark/pose_landmark_full.tflite"),
    finish=_with_normalization,
)
_HAND = _Recipe(
    kind="hand",
    detector=("hand_detector.tflite", "palm_detection/palm_detection_full.tflite"),
    landmarks=("hand_landmarks_detector.tflite", "hand_landmark/hand_landmark_full.tflite"),
    finish=bytes,  # the hand model needs no metadata
)


def _is_sound(path: Path, recipe: _Recipe) -> bool:
    """Whether the file is a whole zip of both models. Its name tells of which."""
    names = (recipe.detector[0], recipe.landmarks[0])
    try:
        with zipfile.ZipFile(path) as bundle:
            # read() checks each member against its stored CRC, so this covers all bytes.
            return sorted(bundle.namelist()) == sorted(names) and all(
                bundle.read(name)[4:8] == _TFLITE_IDENTIFIER for name in names
            )
    except (OSError, zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error):
        return False


def _write(path: Path, members: dict[str, bytes]) -> None:
    """Write the bundle so that other processes see either no file or a whole one; OSError."""
    from mediapipe.tasks.python.metadata.metadata_writers.model_asset_bundle_utils import (
        create_model_asset_bundle,
    )

    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        # Entries of zip's first date instead of the clock's: the same models make the same bundle.
        create_model_asset_bundle(
            {zipfile.ZipInfo(name): model for name, model in members.items()}, str(temporary)
        )
