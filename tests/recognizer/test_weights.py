"""Weights on disk: round trip, and one sentence for everything that can be wrong with them."""

from __future__ import annotations

import hashlib
import json
import math
import os
import struct
from pathlib import Path

import pytest
import safetensors.torch
import torch

from recognizer import weights
from recognizer.card import WeightsCard, WeightsError, draft
from recognizer.networks import TITLES
from recognizer.networks.lsta import LSTAConfig
from recognizer.preprocess import Preprocessing


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
    assert f"The card {folder / 'tiny.json'} is damaged: " in message
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


# Numbers and sizes that no weights have


def edit_tensors(folder: Path, change) -> None:
    """Changes the tensors in place and gives the card their new hash."""
    path = folder / "tiny.safetensors"
    tensors = safetensors.torch.load(path.read_bytes())
    change(tensors)
    hashed(folder, safetensors.torch.save(tensors))


def hashed(folder: Path, data: bytes) -> None:
    """Tensors of any bytes, and their hash in the card."""
    (folder / "tiny.safetensors").write_bytes(data)
    edit_card(folder, sha256=hashlib.sha256(data).hexdigest())


def with_header(header: dict, length: int | None = None) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + bytes(64)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_tensors_that_are_no_numbers(folder: Path, value: float):
    edit_tensors(folder, lambda tensors: tensors["classifier.weight"].view(-1)[3:4].fill_(value))
    assert "tiny.safetensors is damaged: classifier.weight holds NaN or infinity." in complaint("tiny")


def test_a_variance_is_not_negative(folder: Path):
    def change(tensors: dict[str, torch.Tensor]) -> None:
        variance = next(name for name in tensors if name.endswith("running_var"))
        tensors[variance][0] = -1.0

    edit_tensors(folder, change)
    assert "holds a negative variance" in complaint("tiny")


@pytest.mark.parametrize("kind", [torch.float64, torch.float16, torch.bfloat16, torch.int64])
def test_tensors_of_another_type_are_not_converted(folder: Path, kind: torch.dtype):
    def change(tensors: dict[str, torch.Tensor]) -> None:
        tensors["classifier.weight"] = tensors["classifier.weight"].to(kind)

    edit_tensors(folder, change)
    said = (
        f"does not fit its card: classifier.weight is {str(kind).removeprefix('torch.')} and must be float32."
    )
    assert said in complaint("tiny")


@pytest.mark.parametrize(
    "data",
    [
        with_header({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}, length=2**63),
        with_header({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}, length=10**9),
        with_header({"a": {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 64]}}),
        with_header({"a": {"dtype": "F32", "shape": [0, 2**62], "data_offsets": [0, 0]}}),
        with_header({"a": {"dtype": "F32", "shape": [16], "data_offsets": [64, 0]}}),
        with_header({"a": {"dtype": "F99", "shape": [16], "data_offsets": [0, 64]}}),
        with_header({"a": {"dtype": "F8_E8M0", "shape": [64], "data_offsets": [0, 64]}}),
        with_header({"\n\x1b" * 100_000: {"dtype": "F32", "shape": [16], "data_offsets": [0, 64]}}),
        b"",
        bytes(7),
    ],
    ids=["header 2^63", "header 10^9", "shape 2^80", "empty", "backwards", "F99", "F8", "name", "0", "7"],
)
def test_declared_sizes_are_not_believed(folder: Path, data: bytes):
    hashed(folder, data)
    message = complaint("tiny")
    assert "tiny.safetensors does not fit its card: " in message
    assert len(message) < 1000 and message.isprintable()


def test_truncated_tensors_with_the_right_hash(folder: Path):
    data = (folder / "tiny.safetensors").read_bytes()
    for length in (8, len(data) // 2, len(data) - 1):
        hashed(folder, data[:length])
        assert "does not fit its card" in complaint("tiny")


IMPOSSIBLE = {
    "threshold": (1e30, math.nan, math.inf, -1, None),
    "window_seconds": (0, -1, math.nan, math.inf, 1e9),
    "frames": (0, -1, 10**9, 1.5),
    "persons": (0, -1, 10**6),
    "classes": ([], ["a", "a"], ["a", ""], ["a", "b\nc"], ["a", "\x1b[31mb"], ["a", " b"],
        ["a" * 10**5], ["a"] * 10**5),
    "name": ("", "../tiny", "a/b", "a\\b", ".", "..", "a\nb", "a" * 10**5),
    "licence": ("\x1b[2J", "a" * 10**6),
    "metrics": ({"top1": math.nan}, {"results": [{"top1": math.inf}]}),
    "sha256": ("", "0" * 63, "../x"),
    "preprocessing": (
        {"min_confidence": math.nan}, {"streams": []}, {"streams": ["joint"] * 10**5},
        {"streams": ["joint", "joint"]},
        {"ignored_joints": [-1]}, {"ignored_joints": [10**6]},
    ),
    "network": tuple(
        {"name": name, **choice}
        for name, choice in (
            *((name, {"width": width}) for name in TITLES for width in (0, -1, 1e5, math.nan, math.inf)),
            *((name, {"dropout": dropout}) for name in TITLES for dropout in (-0.1, 1, math.nan)),
            ("lsta", {"scales": 10**6}), ("lsta", {"scales": 0}), ("lsta", {"fragments": 10**6}),
            ("lsta", {"attention_kernel": 10**6}), ("lsta", {"attention_kernel": 4}),
            ("lsta", {"attention_dilations": 10**6}), ("dualhead", {"g3d_scales": 10**6}),
            ("dualhead", {"fusion": math.nan}), ("stf", {"kernel": 10**6}), ("stf", {"grains": 0}),
            ("sem", {"heads": 10**6}), ("sem", {"temporal_kernels": [3] * 10**5}),
            ("sem", {"temporal_kernels": [10**6 + 1] * 4}), ("sem", {"temporal_dilations": [10**6] * 4}),
            ("spa", {"kernel": 100}), ("spa", {"space": 10**9}), ("spa", {"temporal_dilations": []}),
        )
    ),
}  # fmt: skip


@pytest.mark.parametrize("field", IMPOSSIBLE)
def test_values_that_no_card_can_have(folder: Path, field: str):
    whole = json.loads((folder / "tiny.json").read_text())
    for value in IMPOSSIBLE[field]:
        (folder / "tiny.json").write_text(json.dumps({**whole, field: value}))
        message = complaint("tiny")
        assert f"tiny.json is damaged: {field}" in message or "its hash is not" in message, value
        assert len(message) < 1000 and message.isprintable()


def test_a_joint_that_the_layout_lacks_is_not_ignored(folder: Path):
    edit_card(folder, preprocessing={"streams": ["bone", "joint"], "ignored_joints": [24]})
    assert "there is no joint 24 to ignore in kinetics-18, which has 18" in complaint("tiny")


@pytest.mark.parametrize("depth", [300, 10**5])
def test_a_card_that_is_nested_without_end(folder: Path, depth: int):
    text = (folder / "tiny.json").read_text().replace('"validation": 0.5', f'"x": {"[" * depth}{"]" * depth}')
    (folder / "tiny.json").write_text(text)
    assert "tiny.json is damaged" in complaint("tiny")


def test_one_bad_card_takes_no_other_weights_away(folder: Path):
    os.mkfifo(folder / "pipe.json")
    (folder / "folder.json").mkdir()
    (folder / "zero.json").symlink_to("/dev/zero")
    (folder / "nowhere.json").symlink_to("nowhere")
    with (folder / "huge.json").open("wb") as file:
        file.truncate(2**40)
    (folder / "nested.json").write_text("[" * 10**5)
    (folder / "latin.json").write_bytes(b'{"name": "\xe9"}')
    for name in list(folder.glob("*.json")):
        name.with_suffix(".safetensors").touch()
    (folder / "odd\nname.json").write_bytes((folder / "tiny.json").read_bytes())
    (folder / "odd\nname.safetensors").touch()
    assert list(weights.available()) == ["tiny"]
    for name in ("pipe", "folder", "zero", "nowhere", "huge", "nested", "latin"):
        assert complaint(folder / f"{name}.json").endswith("Available weights: tiny.")


def test_tensors_that_are_no_plain_file(folder: Path):
    path = folder / "tiny.safetensors"
    for make in (lambda: os.mkfifo(path), path.mkdir, lambda: path.symlink_to("/dev/zero")):
        path.unlink()
        make()
        assert "tiny.safetensors is missing" in complaint("tiny")
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
            path.touch()
    path.unlink()
    with path.open("wb") as file:
        file.truncate(2**40)
    assert "cannot be read: It has 1,099,511,627,776 bytes" in complaint("tiny")


@pytest.mark.parametrize("name", ["a" * 10**5, "a\nb", "\udcff", "a\x00b", "/dev/zero", "a.json/", "~", "*"])
def test_odd_names_are_told_in_a_short_line(folder: Path, name: str):
    for each in (name, f"{name}.safetensors"):
        message = complaint(each)
        assert message.startswith("There are no weights '") and message.isprintable() and len(message) < 500


def test_what_could_not_be_loaded_is_not_written(folder: Path):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    network = weights.build_network(card())
    with torch.no_grad():
        network.classifier.bias[0] = math.nan
    with pytest.raises(WeightsError, match="are not written: classifier.bias holds NaN or infinity"):
        weights.save(network, card(), folder)
    with pytest.raises(WeightsError, match="cannot be written: metrics: must hold no NaN"):
        weights.add_metrics("tiny", {"results": {"top1": math.nan}})
    with pytest.raises(WeightsError, match="no weights with such a card: threshold"):
        draft(**card().model_dump(exclude={"sha256", "threshold"}), threshold=2)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, OSError("No space left on device")], ids=repr)
@pytest.mark.parametrize("owner,step", [(os, "replace"), (Path, "chmod"), (Path, "write_bytes")])
def test_interrupted_saving_leaves_no_half_written_file(
    folder: Path, monkeypatch, interruption, owner, step: str
):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def interrupted(*_):
        raise interruption

    with monkeypatch.context() as patch:
        patch.setattr(owner, step, interrupted)
        with pytest.raises((KeyboardInterrupt, OSError)):
            weights.save(weights.build_network(card()), card(metrics={}), folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    weights.load("tiny")


def test_shipped_weights_can_all_be_loaded():
    cards = weights.available()
    if not cards:
        pytest.skip("no weights are shipped yet")
    tensors = {path.stem for path in weights.weights_folder().glob("*.safetensors")}
    assert set(cards) == {stem for stem in tensors if not stem.endswith(".bank")}
    for name, shipped in cards.items():
        assert shipped.name == name
        network, _ = weights.load(name)
        assert sum(p.numel() for p in network.parameters()) > 1e5
        assert shipped.licence and shipped.data and shipped.metrics and shipped.training


def test_own_weights_have_names_too_and_never_hide_shipped_ones(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    own = folder / "own"
    monkeypatch.setattr(weights, "own_weights_folder", lambda: own)
    network, card = weights.load(next(iter(weights.available())))
    mine, twin = card.model_copy(update={"name": "mine"}), card.model_copy(update={"threshold": 0.123})
    for each in (mine, twin):
        weights.save(network, each, own)
    assert list(weights.available()) == [card.name, "mine"]
    assert weights.available()[card.name].threshold == card.threshold
    assert weights.read_card("mine")[0] == own / "mine.json"
    assert weights.read_card(card.name)[0] == folder / f"{card.name}.json"
