"""The recogniser: windows in, labels and attention out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from pose.layouts import KINETICS_18, NTU_25
from pose.skeleton import SkeletonSequence
from recognizer import weights
from recognizer.attention import AttentionMaps, unit_range
from recognizer.card import WeightsError
from recognizer.networks.dualhead import DualHeadConfig
from recognizer.networks.spa import SPAConfig
from recognizer.predictor import Recognizer, softmax, unit_length
from recognizer.preprocess import network_input
from recognizer.sparse import SparseError


def window(
    layout=KINETICS_18, frames: int = 32, seed: int = 0, end: float = 3.0, persons: int = 1
) -> SkeletonSequence:
    rng = np.random.default_rng(seed)
    shape = (persons, frames, len(layout), layout.coordinates)
    # A body of plausible size that moves: a fixed shape, jitter and a drift.
    body = rng.uniform(100, 400, shape[2:])
    joints = body + rng.normal(0, 10, shape) + np.linspace(0, 30, frames)[None, :, None, None]
    return SkeletonSequence(joints, np.ones(shape[:3]), np.linspace(end - 3, end, frames), layout)


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return Recognizer.untrained()


def test_a_prediction_says_what_and_when(recognizer: Recognizer):
    (prediction,) = recognizer.predict([window(end=7.5)])
    assert prediction.probabilities.shape == (4,)
    assert prediction.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert prediction.classes == recognizer.classes == ("clap", "idle", "squat", "wave")
    assert (prediction.start, prediction.end) == (4.5, 7.5)
    assert prediction.attention is None


def test_open_set_weights_leave_something_for_what_they_do_not_know(recognizer: Recognizer):
    card = recognizer.card.model_copy(update={"open_set": True})
    torch.manual_seed(0)
    network = weights.build_network(card)
    (prediction,) = Recognizer.of(network, card).predict([window()])
    values = network_input(window().joints[0], window().confidence[0], KINETICS_18, card.preprocessing)
    with torch.inference_mode():
        wanted = network.eval()(torch.from_numpy(values)[None, ..., None]).softmax(1)[0]
    assert wanted.shape == (5,)
    np.testing.assert_allclose(prediction.probabilities, wanted[:4], atol=1e-5)


def test_an_embedding_is_the_networks_own_at_length_1(recognizer: Recognizer):
    windows = [window(seed=seed) for seed in range(3)]
    embedded = recognizer.embed(windows)
    values = [
        network_input(w.joints[0], w.confidence[0], KINETICS_18, recognizer.card.preprocessing)
        for w in windows
    ]
    with torch.inference_mode():
        wanted = recognizer.engine.network.forward_in_full(torch.from_numpy(np.stack(values))[..., None])[1]
    assert embedded.dtype == np.float32
    np.testing.assert_allclose(embedded, wanted / wanted.norm(dim=1, keepdim=True), atol=1e-5)
    np.testing.assert_array_equal(embedded, [each.embedding for each in recognizer.predict(windows)])
    assert recognizer.embed([]).shape == (0, 0)


def test_properties_come_from_the_card(recognizer: Recognizer):
    card = recognizer.card
    assert recognizer.layout is KINETICS_18
    assert (recognizer.frames, recognizer.window_seconds) == (card.frames, card.window_seconds) == (32, 3.0)
    assert recognizer.threshold == card.threshold == 0.5


def test_a_batch_is_as_good_as_single_windows(recognizer: Recognizer):
    windows = [window(seed=seed, end=3.0 + seed) for seed in range(5)]
    together = recognizer.predict(windows, attention=True)
    for item, one in zip(windows, together, strict=True):
        (alone,) = recognizer.predict([item], attention=True)
        np.testing.assert_allclose(alone.probabilities, one.probabilities, atol=1e-5)
        np.testing.assert_allclose(alone.attention.joints, one.attention.joints, atol=1e-3)
        assert alone.end == one.end == item.timestamps[-1]
    assert np.ptp([p.probabilities for p in together], axis=0).max() > 1e-4, (
        "different windows, different answers"
    )


def test_attention_costs_no_probability_and_lies_between_0_and_1(recognizer: Recognizer):
    plain, attended = (recognizer.predict([window()], attention=flag)[0] for flag in (False, True))
    np.testing.assert_array_equal(plain.probabilities, attended.probabilities)
    maps = attended.attention
    assert maps.joints.shape == (8, 18)  # 32 frames, halved twice
    assert maps.frames.shape == (8,)
    for array in (maps.joints, maps.frames):
        assert (array.min(), array.max()) == (0, 1)


def test_place_and_size_in_the_picture_do_not_matter(recognizer: Recognizer):
    original = window()
    moved = SkeletonSequence(
        original.joints * 2 + 50, original.confidence, original.timestamps, original.layout
    )
    first, second = recognizer.predict([original, moved])
    np.testing.assert_allclose(first.probabilities, second.probabilities, atol=1e-4)


def test_nobody_seen_is_still_an_answer(recognizer: Recognizer):
    nobody = SkeletonSequence(
        np.zeros((1, 32, 18, 2)), np.zeros((1, 32, 18)), np.linspace(0, 3, 32), KINETICS_18
    )
    assert np.isfinite(recognizer.predict([nobody])[0].probabilities).all()


def test_live_the_newest_part_counts_two_fifths(recognizer: Recognizer):
    wholes, newest = [window(seed=1), window(seed=2)], [window(seed=3), window(seed=4)]
    live = recognizer.predict_live(wholes, newest, attention=True)
    alone = recognizer.predict(wholes + newest, attention=True)
    for number, one in enumerate(live):
        whole, part = alone[number], alone[number + 2]
        np.testing.assert_allclose(
            one.probabilities, 0.6 * whole.probabilities + 0.4 * part.probabilities, atol=1e-6
        )
        np.testing.assert_allclose(one.embedding, whole.embedding, atol=1e-6)
        np.testing.assert_allclose(one.attention.joints, whole.attention.joints, atol=1e-6)
        assert (one.start, one.end) == (whole.start, whole.end)


def test_no_windows_no_predictions(recognizer: Recognizer):
    assert recognizer.predict([]) == []


def test_another_layout_is_refused_in_a_sentence(recognizer: Recognizer):
    with pytest.raises(
        WeightsError, match=r"^The weights untrained take kinetics-18 skeletons, .* ntu-25\.$"
    ):
        recognizer.predict([window(), window(NTU_25)])


@pytest.mark.parametrize("choices,found", [({"frames": 31}, "1 and 31"), ({"persons": 2}, "2 and 32")])
def test_another_size_is_refused_in_a_sentence(recognizer: Recognizer, choices, found):
    with pytest.raises(WeightsError, match=rf"1 person and 32 frames, and this one has {found}\.$"):
        recognizer.predict([window(**choices)])


def test_every_layout_of_a_body():
    ntu = Recognizer.untrained("ntu-25", classes=("a", "b"), frames=16)
    assert ntu.predict([window(NTU_25, 16)])[0].probabilities.shape == (2,)


def test_a_network_that_attends_to_nothing_has_empty_maps(recognizer: Recognizer):
    config = DualHeadConfig(width=0.125, temporal_attention="none", spatial_attention="none")
    card = recognizer.card.model_copy(update={"network": config})
    predictions = Recognizer.of(weights.build_network(card), card).predict(
        [window(), window()], attention=True
    )
    assert [prediction.attention for prediction in predictions] == [AttentionMaps(), AttentionMaps()]


def test_saved_and_loaded_it_says_the_same(recognizer: Recognizer, tmp_path: Path):
    path = weights.save(recognizer.engine.network, recognizer.card, tmp_path)
    loaded = Recognizer.load(path, device="cpu")
    wanted = recognizer.predict([window()])[0].probabilities
    np.testing.assert_allclose(loaded.predict([window()])[0].probabilities, wanted, atol=1e-6)
    assert loaded.classes == recognizer.classes


def test_unknown_weights():
    with pytest.raises(WeightsError, match=r"^There are no weights 'daily-9d' .*\.$"):
        Recognizer.load("daily-9d")


def test_unit_range():
    np.testing.assert_allclose(unit_range(np.array([[2.0, 4.0], [3.0, 6.0]])), [[0, 0.5], [0.25, 1]])
    np.testing.assert_array_equal(unit_range(np.full((2, 2), 7.0)), np.zeros((2, 2)))


def test_who_computes_sparse_convolutions_is_chosen_when_loading(tmp_path: Path, monkeypatch):
    card = Recognizer.untrained().card.model_copy(update={"network": SPAConfig(width=0.0625), "name": "spa"})
    path = weights.save(weights.build_network(card), card, tmp_path)
    assert Recognizer.load(path, sparse_backend="torch").engine.network.backend == "torch"

    def missing():
        raise SparseError("no MinkowskiEngine here")

    monkeypatch.setattr("recognizer.sparse.minkowski_backend.minkowski_engine", missing)
    with pytest.raises(SparseError, match="no MinkowskiEngine here"):
        Recognizer.load(path, sparse_backend="minkowski")
    # Networks without sparse convolutions do not care.
    Recognizer.load("kinetics-18-lsta-daily", sparse_backend="minkowski")


def test_probabilities_of_logits_as_large_as_can_be():
    logits = np.array([[1000.0, 1000.0, -1000.0], [-np.inf, 0.0, np.log(3)]], np.float32)
    np.testing.assert_allclose(softmax(logits), [[0.5, 0.5, 0], [0, 0.25, 0.75]])


def test_vectors_of_length_1_and_nothing():
    np.testing.assert_allclose(
        unit_length(np.array([[3.0, 4.0], [0.0, 0.0]], np.float32)), [[0.6, 0.8], [0, 0]]
    )
