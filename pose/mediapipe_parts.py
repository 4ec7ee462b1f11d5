"""The few parts of MediaPipe that this program uses, without all the others.

MediaPipe imports everything that it holds when it is imported: drawing with matplotlib, recording
with sounddevice, tasks for sound and text. That takes 1.0 s of a core and 120 MB; these parts take 0.2 s and
53 MB, of which NumPy takes half. So its packages are entered without being run, unless somebody has imported
MediaPipe before. Afterwards ``import mediapipe`` gives a package in which only modules are found that are
named in full.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from pathlib import Path

_PACKAGES = ("mediapipe", "mediapipe.tasks", "mediapipe.tasks.python", "mediapipe.tasks.python.vision")


def _enter_packages() -> None:
    if "mediapipe" in sys.modules:
        return
    found = find_spec("mediapipe")
    if found is None or not found.submodule_search_locations:
        return  # the import below tells so
    folder = Path(found.submodule_search_locations[0])
    for name in _PACKAGES:
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(folder.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = module_from_spec(spec)


_enter_packages()

from mediapipe.python._framework_bindings.image import Image  # noqa: E402
from mediapipe.python._framework_bindings.image_frame import ImageFormat  # noqa: E402
from mediapipe.tasks.python.core.base_options import BaseOptions  # noqa: E402
from mediapipe.tasks.python.vision.core.vision_task_running_mode import (  # noqa: E402
    VisionTaskRunningMode as RunningMode,
)
from mediapipe.tasks.python.vision.hand_landmarker import (  # noqa: E402
    HandLandmarker,
    HandLandmarkerOptions,
    HandLandmarkerResult,
)
from mediapipe.tasks.python.vision.pose_landmarker import (  # noqa: E402
    PoseLandmarker,
    PoseLandmarkerOptions,
    PoseLandmarkerResult,
)

FOLDER = Path(sys.modules["mediapipe"].__path__[0])
"""Where MediaPipe is installed."""

__all__ = [
    "FOLDER",
    "BaseOptions",
    "HandLandmarker",
    "HandLandmarkerOptions",
    "HandLandmarkerResult",
    "Image",
    "ImageFormat",
    "PoseLandmarker",
    "PoseLandmarkerOptions",
    "PoseLandmarkerResult",
    "RunningMode",
]
