"""Weights on disk: round trip, and one sentence for everything that can be wrong with them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import safetensors.torch
import torch

from recognizer import weights
from recognizer.networks.lsta import LSTAConfig
from recognizer.preprocess import Preprocessing
from recognizer.weights import WeightsCard, WeightsError


def card(**changes) -> WeightsCard:
    values = dict(
        name="tiny", network=LSTAConfig(width=0.1, scales=3), layout="kinetics-18",
        window_seconds=2.5, frames=16,
        preprocessing=Preprocessing(streams=("bone", "joint"), ignored_joints=(14, 15)),
        classes=("clap", "idle", "wave"), threshold=0.4, data="none", licence="none",
        training={"seed": 1, "config": {"steps": 4}}, metrics={"validation": 0.5}, sha256="",
    )  # fmt: skip
    return WeightsCard(**{**values, **changes})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A weights folder in the shipped one's place, with the set "tiny" in it."""
    monkeypatch.setattr(weights, "weights_folder", lambda: tmp_path)
    torch.manual_seed(0)
    weights.save(weights.build_network(card()), card(), tmp_path)
    return tmp_path


def edit_card(folder: Path, name: str = "tiny", **changes) -> None:
    path = folder / f"{name}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def complaint(name: str | Path) -> str:
    with pytest.raises(WeightsError) as error:
        weights.load(name)
    message = str(error.value)
    assert "\n" not in message
    assert message.endswith(".")
    return message


def test_round_trip(folder: Path):
    torch.manual_seed(0)
    network = weights.build_network(card())
    loaded, read = weights.load("tiny")
    assert not loaded.training
    for (name, tensor), (other, value) in zip(
        network.state_dict().items(), loaded.state_dict().items(), strict=True
    ):
        assert name == other
        assert torch.equal(tensor, value)
    data = (folder / "tiny.safetensors").read_bytes()
    assert read == card(sha256=hashlib.sha256(data).hexdigest())
    assert weights.available() == {"tiny": read}
    assert sorted(p.name for p in folder.iterdir()) == ["tiny.json", "tiny.safetensors"]


def test_the_files_are_plain_safetensors_and_json(folder: Path):
    tensors = safetensors.torch.load_file(folder / "tiny.safetensors")
    assert set(tensors) == set(weights.build_network(card()).state_dict())
    assert json.loads((folder / "tiny.json").read_text())["network"]["width"] == 0.1


def test_by_path_to_either_file_anywhere(folder: Path, tmp_path_factory: pytest.TempPathFactory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    weights.save(weights.build_network(card(name="other")), card(name="other"), elsewhere / "new" / "folder")
    for suffix in (".safetensors", ".json"):
        path = elsewhere / "new" / "folder" / f"other{suffix}"
        assert weights.load(path)[1].name == "other"
        assert weights.load(str(path))[1].name == "other"


@pytest.mark.parametrize(
    "name", ["tinny", "", "../tiny", "tiny.pt", "missing.safetensors", "/nowhere/x.json"]
)
def test_unknown_name_lists_what_there_is(folder: Path, name: str):
    message = complaint(name)
    assert message.startswith(f"There are no weights {name!r}")
    assert message.endswith("Available weights: tiny.")


def test_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(weights, "weights_folder", lambda: tmp_path)
    assert weights.available() == {}
    assert complaint("tiny").endswith(f"No usable weights are in {tmp_path}.")


def test_half_a_set_is_missing(folder: Path):
    (folder / "tiny.safetensors").unlink()
    assert "tiny.safetensors is missing" in complaint("tiny")
    assert weights.available() == {}, "what cannot be loaded is not offered"


@pytest.mark.parametrize("damage", ["truncated", "one bit", "empty"])
def test_damaged_tensors(folder: Path, damage: str):
    path = folder / "tiny.safetensors"
    data = bytearray(path.read_bytes())
    if damage == "one bit":
        data[len(data) // 2] ^= 1
    path.write_bytes(data[:-100] if damage == "truncated" else b"" if damage == "empty" else data)
    message = complaint("tiny")
    assert "tiny.safetensors is damaged: its hash is not the one in its card" in message
    assert "Available weights:" in message


def test_wrong_hash_in_the_card(folder: Path):
    edit_card(folder, sha256="0" * 64)
    assert "its hash is not the one in its card" in complaint("tiny")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff\xfe\x00", b'{"name": "tiny"}', b"null"],
    ids=["empty", "cut", "list", "binary", "incomplete", "null"],
)
def test_damaged_card(folder: Path, content: bytes):
    weights.save(weights.build_network(card(name="good")), card(name="good"), folder)
    (folder / "tiny.json").write_bytes(content)
    message = complaint("tiny")
    assert f"The card {folder / 'tiny.json'} is damaged." in message
    assert message.endswith("Available weights: good.")
    assert list(weights.available()) == ["good"]


@pytest.mark.parametrize(
    "change",
    [{"network": "perceptron"}, {"frames": "many"}, {"surprise": 1}, {"preprocessing": {"streams": ["x"]}}],
)
def test_card_with_impossible_entries(folder: Path, change: dict):
    edit_card(folder, **change)
    assert "tiny.json is damaged" in complaint("tiny")


def test_unknown_layout(folder: Path):
    weights.save(weights.build_network(card(name="good")), card(name="good"), folder)
    edit_card(folder, layout="human-17")
    message = complaint("tiny")
    assert "names the layout 'human-17', and there are only ntu-25, kinetics-18, shrec-22" in message
    assert message.endswith("Available weights: good.")


@pytest.mark.parametrize(
    "change",
    [
        {"classes": ["clap", "wave"]},
        {"layout": "ntu-25"},
        {"network": {"name": "lsta", "width": 0.2, "scales": 3}},
        {"network": {"name": "lsta", "width": 0.1, "scales": 4}},
        {"network": {"name": "lsta", "width": 0.1, "scales": 3, "attention": False}},
        {"network": {"name": "stf", "width": 0.1}},
        {"network": {"name": "spa", "width": 0.1}},
    ],
    ids=str,
)
def test_card_that_does_not_fit_its_tensors(folder: Path, change: dict):
    edit_card(folder, **change)
    message = complaint("tiny")
    assert "tiny.safetensors does not fit its card:" in message
    assert "Available weights: tiny." in message


def test_something_else_than_safetensors_with_the_right_hash(folder: Path):
    data = b"not tensors at all"
    (folder / "tiny.safetensors").write_bytes(data)
    edit_card(folder, sha256=hashlib.sha256(data).hexdigest())
    assert "does not fit its card" in complaint("tiny")


def test_figures_join_the_card(folder: Path):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    path = weights.add_metrics("tiny", {"results": {"utd_mhad": {"top1": 0.9}}})
    assert path == folder / "tiny.json"
    _, read = weights.load("tiny")
    assert read.metrics == {"validation": 0.5, "results": {"utd_mhad": {"top1": 0.9}}}
    assert read.model_copy(update={"metrics": {"validation": 0.5}}) == WeightsCard.model_validate_json(
        before["tiny.json"]
    )
    assert (folder / "tiny.safetensors").read_bytes() == before["tiny.safetensors"]
    with pytest.raises(WeightsError, match="There are no weights 'huge'"):
        weights.add_metrics("huge", {})


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, OSError("No space left on device")], ids=repr)
@pytest.mark.parametrize("step", ["replace", "chmod"])
def test_interrupted_saving_leaves_no_half_written_file(folder: Path, monkeypatch, interruption, step: str):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def interrupted(*_):
        raise interruption

    with monkeypatch.context() as patch:
        patch.setattr(weights.os, step, interrupted)
        with pytest.raises((KeyboardInterrupt, OSError)):
            weights.save(weights.build_network(card()), card(metrics={}), folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    weights.load("tiny")


def test_shipped_weights_can_all_be_loaded():
    cards = weights.available()
    if not cards:
        pytest.skip("no weights are shipped yet")
    assert set(cards) == {path.stem for path in weights.weights_folder().glob("*.safetensors")}
    for name, shipped in cards.items():
        assert shipped.name == name
        network, _ = weights.load(name)
        assert sum(p.numel() for p in network.parameters()) > 1e5
        assert shipped.licence and shipped.data and shipped.metrics and shipped.training
