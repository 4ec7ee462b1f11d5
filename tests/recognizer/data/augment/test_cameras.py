"""Hand-held cameras: what they do to a square."""

from __future__ import annotations

import numpy as np
import pytest

from recognizer.data.augment.cameras import moving_camera
from tests.recognizer.data.augment.draws import NONE


def square(frames: int = 33) -> tuple[np.ndarray, np.ndarray]:
    """Corners of a square of 2 about (5, 3), all seen: (T, 4, 2), (T, 4)."""
    corners = np.array([[4, 2], [6, 2], [4, 4], [6, 4]], np.float32)
    return corners[None].repeat(frames, 0), np.ones((frames, 4), bool)


def moved(**measures: float) -> list[np.ndarray]:
    options = NONE.model_copy(update=measures)
    return [moving_camera(*square(), options, np.random.default_rng(seed)) for seed in range(200)]


def test_stretching_widens_or_narrows_the_picture_and_leaves_its_height():
    found = moved(stretch=0.3)
    widths = np.array([np.ptp(each[..., 0], axis=1) for each in found]) / 2
    np.testing.assert_allclose(widths, widths[:, :1].repeat(33, 1), rtol=1e-5, err_msg="all the time alike")
    assert np.exp(-0.3) <= widths.min() < 0.77 and 1.3 < widths.max() <= np.exp(0.3) + 1e-6
    for each in found:
        np.testing.assert_allclose(np.ptp(each[..., 1], axis=1), 2, rtol=1e-5)


def test_the_height_drifts_evenly_in_two_windows_of_five():
    found = np.array([each[..., 1].mean(1) for each in moved(height_drift=0.5)])
    drift = found[:, -1] - found[:, 0]
    assert 0.25 < (np.abs(drift) > 1e-6).mean() < 0.55
    # Normal, of 0.4 times half the body's size of 2.
    assert drift[np.abs(drift) > 1e-6].std() == pytest.approx(0.4 * 0.5 * 2, rel=0.2)
    np.testing.assert_allclose(np.diff(found, 2, axis=1), 0, atol=1e-5)
    assert np.ptp([each[..., 0].mean() for each in moved(height_drift=0.5)]) < 1e-5, "not to the side"
