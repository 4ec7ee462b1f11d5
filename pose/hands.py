"""Hand pose estimation: at most two hands in a picture, as MediaPipe-Hand-21 landmarks."""

from __future__ import annotations

from types import TracebackType

import numpy as np

from pose.landmarkers import HANDS, PictureClock, VideoLandmarker
from pose.similarity import distinct, is_person
from pose.skeleton import PersonPose


class MediaPipeHands:
    """Finds and follows one or two hands in the pictures of one video, as ``MediaPipePose`` does people.

    MediaPipe does not tell how visible each landmark of a hand is: all are given as fully visible.

    Not safe for several threads at once: one estimator a video, one call at a time. Close it when done.

    Args:
        hands: how many hands to look for, 1 or 2.

    Raises:
        PoseModelError: MediaPipe's models cannot be had.
    """

    def __init__(self, hands: int = 2) -> None:
        if hands not in (1, 2):
            raise ValueError(f"hands must be 1 or 2, got {hands}")
        self._clock = PictureClock()
        self._landmarker: VideoLandmarker | None = VideoLandmarker(HANDS, hands)

    def estimate(self, image: np.ndarray, timestamp: float) -> list[PersonPose]:
        """The hands in the next picture.

        Args:
            image: (H, W, 3) uint8 RGB, not mirrored.
            timestamp: seconds. One that runs backwards starts anew, as ``reset`` does.

        Returns:
            At most ``hands`` poses, in no promised order.
        """
        if self._landmarker is None:
            raise RuntimeError("this MediaPipeHands is closed")
        if not self._clock.advance(image, timestamp):
            self.reset()
        found = self._landmarker.follow(image, self._clock.now)
        return distinct([hand for hand in found if is_person(hand)])

    def reset(self) -> None:
        """Forget all hands: the next picture has nothing to do with the last one."""
        if self._landmarker is not None:
            self._landmarker.let_go()

    def close(self) -> None:
        """Free MediaPipe's resources. May be called again."""
        if self._landmarker is not None:
            self._landmarker.close()
            self._landmarker = None

    def __enter__(self) -> MediaPipeHands:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
