"""What a recogniser says: its most probable labels."""

from __future__ import annotations

import numpy as np
import pytest

from recognizer.prediction import LabelScore, Prediction, top_labels


def test_top_labels_best_first():
    probabilities = np.array([0.1, 0.4, 0.2, 0.3], np.float32)
    prediction = Prediction(probabilities, ("a", "b", "c", "d"), 0.0, 3.0)
    assert [each.label for each in prediction.top(3)] == ["b", "d", "c"]
    assert prediction.top(1) == (LabelScore("b", pytest.approx(0.4)),)
    assert [each.label for each in prediction.top()] == ["b", "d", "c", "a"]
    assert [s.label for s in top_labels(np.full(3, 1 / 3), ("x", "y", "z"))] == ["x", "y", "z"], (
        "ties keep their order"
    )
