"""A person whose limbs follow dots before the camera: red lifts the right arm, blue makes them crouch."""

from __future__ import annotations

import numpy as np

from pose.skeleton import PersonPose
from tests.browser.dots import BLUE, RED
from tests.recognizer.own.motions import MOTIONS, pose


class PuppetEstimator:
    """Sees somebody who does what the dots tell: how far to the right one is, is how far they have come."""

    def estimate(self, image: np.ndarray, timestamp: float) -> list[PersonPose]:
        image = image[::4, ::4]  # a dot has 48 pixels
        for colour, motion in ((RED, "raise"), (BLUE, "crouch")):
            like = (np.abs(image.astype(int) - colour) < 80).all(-1)
            if like.any():
                place = float(np.nonzero(like)[1].mean()) / image.shape[1]
                return [pose(MOTIONS[motion](np.clip((place - 0.2) / 1.2, 0, 0.5)))]
        return []

    def reset(self) -> None:
        pass

    def close(self) -> None:
        pass
