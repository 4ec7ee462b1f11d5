"""SPA-Net in NumPy against the network that it was trained as."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import torch

from recognizer import weights
from recognizer.attention import attention_maps
from recognizer.card import WeightsCard, WeightsError
from recognizer.networks.configs import SPAConfig
from recognizer.networks.spa import SPANet
from recognizer.predictor import Recognizer, untrained_card
from recognizer.runtime.answer import Answer
from recognizer.runtime.eager import EagerNetwork
from recognizer.runtime.graph import sample_shape
from recognizer.runtime.spa import VoxelNetwork
from tests.recognizer.modules import with_history

SMALL = SPAConfig(space=16, width=0.125)
CHOICES = [
    {"convolution": "4d"},
    {"convolution": "3+1d"},
    {"kernel": 1, "convolution": "3+1d"},
    {"kernel": 1},
    {"kernel": 2},
    {"kernel": 6, "convolution": "3+1d"},
    {"space": 1},
    {"space": 64},
    {"temporal_dilations": (1,)},
    {"temporal_dilations": (2, 9)},
    {"width": 0.25},
]
SHIPPED = [name for name, card in weights.available().items() if card.network.name == "spa"]


def small(layout: str, config: SPAConfig = SMALL, **changes) -> tuple[SPANet, WeightsCard]:
    card = untrained_card(layout, frames=24).model_copy(update={"network": config, "name": "spa", **changes})
    torch.manual_seed(0)
    return with_history(weights.build_network(card)), card


def arrays(network: SPANet) -> dict[str, np.ndarray]:
    return {name: tensor.numpy().copy() for name, tensor in network.state_dict().items()}


def people(card: WeightsCard, samples: int = 3) -> np.ndarray:
    """Somebody who stands and sways, so that joints stay in a voxel for some frames and share it at times."""
    channels, frames, joints, persons = sample_shape(card)
    rng = np.random.default_rng(samples)
    body = rng.normal(0, 0.5, (samples, channels, 1, joints, persons))
    sway = rng.normal(0, 0.03, (samples, channels, frames, joints, persons)).cumsum(2)
    x = (body + sway).astype(np.float32)
    x[:, -1] = rng.random(x[:, -1].shape) < 0.8  # the confidence
    return x


def check_same(found: Answer, wanted: Answer) -> None:
    np.testing.assert_allclose(found.logits, wanted.logits, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.embeddings, wanted.embeddings, rtol=1e-4, atol=1e-5)
    assert found.logits.dtype == found.embeddings.dtype == np.float32
    seen, told = found.attention, wanted.attention
    assert type(seen) is type(told) and seen.duration == told.duration
    np.testing.assert_array_equal(seen.sides, told.sides)
    order, theirs = (
        np.lexsort((*each.positions.round(4).T, each.frames, each.entries)) for each in (seen, told)
    )
    for name in ("entries", "frames"):
        np.testing.assert_array_equal(getattr(seen, name)[order], getattr(told, name)[theirs])
    for name in ("positions", "magnitudes"):
        np.testing.assert_allclose(
            getattr(seen, name)[order], getattr(told, name)[theirs], rtol=1e-4, atol=1e-5
        )
    assert len(attention_maps(seen)) == len(attention_maps(told))


@pytest.mark.parametrize("layout", ["kinetics-18", "ntu-25"])
@pytest.mark.parametrize("persons", [1, 2])
@pytest.mark.parametrize("choices", CHOICES, ids=str)
def test_every_ablation_gives_what_its_network_gives(choices, persons: int, layout: str):
    network, card = small(layout, replace(SMALL, **choices), persons=persons)
    quick, slow = VoxelNetwork(arrays(network), card), EagerNetwork(network, sample_shape(card))
    for samples in (1, 3):
        x = people(card, samples)
        check_same(quick(x), slow(x))


def test_nobody_some_of_whom_nothing_was_seen_and_what_is_no_number():
    network, card = small("kinetics-18", persons=2)
    quick, slow = VoxelNetwork(arrays(network), card), EagerNetwork(network, sample_shape(card))
    x = people(card, 5)
    x[0, -1] = 0
    x[1, -1, :, :, 1] = 0
    x[2, -1, :, 1:] = 0
    x[3, 0, 3] = np.nan
    x[4, -1, 5:20] = 0
    x[4, 1, :, 3] = np.inf
    check_same(quick(x), slow(x))
    check_same(quick(x[:1]), slow(x[:1]))
    check_same(quick(np.zeros_like(x[:2])), slow(np.zeros_like(x[:2])))


def test_without_confidence_a_person_who_is_0_throughout_a_frame_is_not_there():
    preprocessing = untrained_card().preprocessing.model_copy(update={"confidence": False})
    network, card = small("ntu-25", persons=2, preprocessing=preprocessing)
    assert sample_shape(card)[0] == 3
    x = people(card, 2)
    x[0, :, :10, :, 1] = 0
    x[1, 1, 4] = 0
    quick = VoxelNetwork(arrays(network), card)
    check_same(quick(x), EagerNetwork(network, sample_shape(card))(x))


def test_places_on_the_edge_of_a_voxel_fall_to_the_same_side():
    network, card = small("kinetics-18", SPAConfig(space=10, width=0.125, kernel=3))
    x = people(card, 2)
    rng = np.random.default_rng(0)
    x[:, :2] = rng.integers(0, 11, x[:, :2].shape) * np.float32(0.1)
    check_same(VoxelNetwork(arrays(network), card)(x), EagerNetwork(network, sample_shape(card))(x))


def test_long_windows():
    network, card = small("kinetics-18", frames=300)
    x = people(card, 1)
    check_same(VoxelNetwork(arrays(network), card)(x), EagerNetwork(network, sample_shape(card))(x))


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_weights_give_what_their_network_gives(name: str):
    recognizer = Recognizer.load(name, device="cpu")
    assert isinstance(recognizer.engine, VoxelNetwork)
    network, card = weights.load(name)
    x = people(card, 4)
    check_same(recognizer.engine(x), EagerNetwork(network, sample_shape(card))(x))


def test_who_asks_for_a_sparse_backend_gets_it(tmp_path: Path):
    network, card = small("kinetics-18")
    path = weights.save(network, card, tmp_path)
    assert isinstance(Recognizer.load(path, device="cpu").engine, VoxelNetwork)
    assert isinstance(Recognizer.load(path, device="cpu", sparse_backend="torch").engine, EagerNetwork)


@pytest.mark.parametrize(
    ("update", "message"),
    [
        ({"network": replace(SMALL, kernel=3)},
         r"^spa does not fit its card: blocks\.0\.branches\.0\.kernel is float32 \(75, 2, 2\) "
         r"and must be float32 \(27, 2, 2\)\.$"),
        ({"network": replace(SMALL, width=0.25)}, "blocks.0.norm.bn.weight is float32"),
        ({"network": replace(SMALL, convolution="3+1d")}, "blocks.0.branches.0.3.kernel is missing"),
        ({"network": replace(SMALL, temporal_dilations=(1, 3, 5, 7, 9))}, "does not fit its card"),
        ({"classes": ("clap", "wave")}, "classifier.weight is float32"),
        ({"layout": "ntu-25"}, "does not fit its card"),
        ({"persons": 2}, "does not fit its card: blocks.0.split.0.0.kernel"),
    ],
)  # fmt: skip
def test_another_card_than_the_tensors_own_is_told_in_a_sentence(update, message: str, tmp_path: Path):
    network, card = small("kinetics-18")
    path = weights.save(network, card, tmp_path)
    changed = weights.read_card(path)[1].model_copy(update=update)
    path.with_suffix(".json").write_text(changed.model_dump_json())
    with pytest.raises(WeightsError, match=message):
        Recognizer.load(path, device="cpu")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("classifier.bias", np.float32(np.nan), "is damaged: classifier.bias holds NaN or infinity"),
        ("blocks.0.norm.bn.running_var", np.float32(-1), "holds a negative variance"),
        ("blocks.0.norm.bn.weight", np.float16(1), "is float16"),
        ("blocks.0.norm.bn.weight", np.float64(1), "is float64"),
    ],
)
def test_tensors_that_are_no_good_are_told_in_a_sentence(name: str, value, message: str, tmp_path: Path):
    network, card = small("kinetics-18")
    path = weights.save(network, card, tmp_path)
    tensors = safetensors.numpy.load_file(path)
    tensors[name] = np.full(tensors[name].shape, value)
    data = safetensors.numpy.save(tensors)
    path.write_bytes(data)
    card = weights.read_card(path)[1].model_copy(update={"sha256": hashlib.sha256(data).hexdigest()})
    path.with_suffix(".json").write_text(card.model_dump_json())
    with pytest.raises(WeightsError, match=message):
        Recognizer.load(path, device="cpu")
