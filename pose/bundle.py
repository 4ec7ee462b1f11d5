"""The PoseLandmarker bundle, made once from the models that lie in MediaPipe's own wheel.

MediaPipe Tasks wants a ``.task`` file: an uncompressed zip of a person detector and a landmark model. The
wheel carries both models, so the bundle is built offline and kept in the user's cache folder.
"""

from __future__ import annotations

import os
import sys
import tempfile
import zipfile
import zlib
from importlib.metadata import version
from pathlib import Path

import mediapipe

_MODULES = Path(mediapipe.__file__).parent / "modules"
_DETECTOR = "pose_detector.tflite"
_LANDMARKS = "pose_landmarks_detector.tflite"
_LANDMARK_OUTPUTS = 5
_TFLITE_IDENTIFIER = b"TFL3"


class PoseModelError(RuntimeError):
    """The pose models cannot be had. The message is one sentence for the user."""


def pose_bundle() -> Path:
    """Path of a checked PoseLandmarker bundle; builds it if it is missing or damaged.

    Raises:
        PoseModelError: the wheel lacks the models, or the cache folder cannot be written.
    """
    detector = _read_model("pose_detection/pose_detection.tflite")
    path = _cache_folder() / f"pose-landmarker-mediapipe-{version('mediapipe')}.task"
    if not _is_sound(path, detector):
        landmarks = _with_normalization(_read_model("pose_landmark/pose_landmark_full.tflite"))
        try:
            _write(path, {_DETECTOR: detector, _LANDMARKS: landmarks})
        except OSError as error:
            raise PoseModelError(
                f"The pose model cannot be kept in {path.parent} ({error.strerror or error}): "
                "free or unlock that folder, or set XDG_CACHE_HOME to one that can be written."
            ) from error
    return path


def _cache_folder() -> Path:
    chosen = os.environ.get("XDG_CACHE_HOME")
    if chosen:
        base = Path(chosen)
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path.home() / ".cache"
    return base / "pose2action"


def _read_model(name: str) -> bytes:
    try:
        return (_MODULES / name).read_bytes()
    except OSError as error:
        raise PoseModelError(
            f"The installed mediapipe {version('mediapipe')} does not carry its pose models "
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


def _is_sound(path: Path, detector: bytes) -> bool:
    """Whether the file is a whole zip of both models: this wheel's detector and a tflite landmark model."""
    try:
        with zipfile.ZipFile(path) as bundle:
            if sorted(bundle.namelist()) != sorted((_DETECTOR, _LANDMARKS)):
                return False
            entry = bundle.getinfo(_DETECTOR)
            # read() checks each member against its stored CRC, so these two lines cover all bytes.
            same_detector = entry.CRC == zlib.crc32(detector) and bundle.read(_DETECTOR) == detector
            return same_detector and bundle.read(_LANDMARKS)[4:8] == _TFLITE_IDENTIFIER
    except (OSError, zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error):
        return False


def _write(path: Path, members: dict[str, bytes]) -> None:
    """Write the bundle so that other processes see either no file or a whole one."""
    from mediapipe.tasks.python.metadata.metadata_writers.model_asset_bundle_utils import (
        create_model_asset_bundle,
    )

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=path.stem, suffix=".part", dir=path.parent)
    os.close(handle)
    try:
        # Entries of zip's first date instead of the clock's: the same models make the same bundle.
        create_model_asset_bundle(
            {zipfile.ZipInfo(name): model for name, model in members.items()}, temporary
        )
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
