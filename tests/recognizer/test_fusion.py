"""Late fusion: shares by hand, names, and members that do not go together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from pose.layouts import KINETICS_18
from pose.skeleton import SkeletonSequence
from recognizer import weights
from recognizer.card import WeightsError
from recognizer.fusion import Fusion, load_recognizer
from recognizer.predictor import Recognizer, WindowRecognizer
from recognizer.preprocess import Preprocessing


def member(name: str, seed: int, stream: str = "joint", **changes) -> Recognizer:
    card = Recognizer.untrained().card.model_copy(
        update={"name": name, "preprocessing": Preprocessing(streams=(stream,)), **changes}
    )
    torch.manual_seed(seed)
    return Recognizer.of(weights.build_network(card), card)


@pytest.fixture(scope="module")
def windows() -> list[SkeletonSequence]:
    rng = np.random.default_rng(0)
    return [
        SkeletonSequence(
            rng.uniform(100, 400, (1, 32, 18, 2)),
            np.ones((1, 32, 18)),
            np.linspace(end - 3, end, 32),
            KINETICS_18,
        )
        for end in (3.0, 4.0, 5.0)
    ]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A weights folder with a joint and a bone stream."""
    monkeypatch.setattr(weights, "weights_folder", lambda: tmp_path)
    for each in (member("joints", 1), member("bones", 2, "bone")):
        weights.save(each.engine.network, each.card, tmp_path)
    return tmp_path


def test_live_the_newest_part_counts_two_fifths_in_every_member(windows):
    joint, bone = member("joints", 1), member("bones", 2, "bone")
    fused = Fusion([(joint, 3.0), (bone, 1.0)])
    (live,) = fused.predict_live(windows[:1], windows[1:2])
    first, second = fused.predict(windows[:2])
    np.testing.assert_allclose(
        live.probabilities, 0.6 * first.probabilities + 0.4 * second.probabilities, atol=1e-6
    )


def test_scores_are_averaged_by_share(windows):
    joint, bone = member("joints", 1), member("bones", 2, "bone", threshold=0.7)
    fused = Fusion([(joint, 3.0), (bone, 1.0)])
    for one, a, b in zip(fused.predict(windows), joint.predict(windows), bone.predict(windows), strict=True):
        np.testing.assert_allclose(
            one.probabilities, 0.75 * a.probabilities + 0.25 * b.probabilities, atol=1e-6
        )
        assert (one.start, one.end, one.classes) == (a.start, a.end, a.classes)
        assert one.attention is None
    assert fused.card.name == "joints*0.75+bones*0.25"
    assert fused.threshold == pytest.approx(0.75 * 0.5 + 0.25 * 0.7)
    assert (fused.layout, fused.frames, fused.window_seconds) == (KINETICS_18, 32, 3.0)


def test_attention_is_the_first_members(windows):
    joint, bone = member("joints", 1), member("bones", 2, "bone")
    fused = Fusion([(bone, 1), (joint, 1)]).predict(windows, attention=True)
    for one, own in zip(fused, bone.predict(windows, attention=True), strict=True):
        np.testing.assert_array_equal(one.attention.joints, own.attention.joints)


def test_the_members_embeddings_lie_side_by_side(windows):
    joint, bone = member("joints", 1), member("bones", 2, "bone")
    embedded = Fusion([(bone, 3), (joint, 1)]).embed(windows)
    np.testing.assert_array_equal(embedded, np.concatenate([bone.embed(windows), joint.embed(windows)], 1))
    np.testing.assert_allclose(np.linalg.norm(embedded, axis=1), np.sqrt(2), atol=1e-6)


def test_a_fusion_is_no_single_network_and_does_not_pretend_to_be_one():
    fused = Fusion([(member("a", 1), 1), (member("b", 2), 1)])
    assert isinstance(fused, WindowRecognizer) and not isinstance(fused, Recognizer)
    assert not any(hasattr(fused, name) for name in ("device", "load", "untrained"))


def test_no_windows_no_answers():
    assert Fusion([(member("a", 1), 1), (member("b", 2), 1)]).predict([]) == []


@pytest.mark.parametrize("name, share", [("joints+bones", 0.5), ("joints*0.6 + bones*0.2", 0.75)])
def test_fusion_by_name(folder: Path, windows, name: str, share: float):
    fused = load_recognizer(name).predict(windows)
    joint, bone = (load_recognizer(each).predict(windows) for each in ("joints", "bones"))
    for one, a, b in zip(fused, joint, bone, strict=True):
        np.testing.assert_allclose(
            one.probabilities, share * a.probabilities + (1 - share) * b.probabilities, atol=1e-6
        )


def test_a_plus_in_a_file_name_is_no_fusion(folder: Path):
    (folder / "mine+yours").mkdir()
    path = weights.save(member("one", 1).engine.network, member("one", 1).card, folder / "mine+yours")
    assert not isinstance(load_recognizer(path), Fusion)


@pytest.mark.parametrize(
    "name, part",
    [
        ("joints+nobody", "There are no weights 'nobody'"),
        ("joints+", "Weights have a name: write a, a+b or"),
        ("joints*much+bones", "'much' in 'joints*much+bones' is no share: write a*0.6+b*0.4."),
        ("joints*0+bones", "The share of joints must be a positive number, not 0."),
        ("joints*nan+bones", "The share of joints must be a positive number, not nan."),
        ("joints*1e400+bones", "The share of joints must be a positive number, not inf."),
        ("joints*1e300+bones*1e300", "The share of joints must be a positive number, not 1e+300."),
        ("joints*" + "x" * 10**5 + "+bones", " is no share: write a*0.6+b*0.4."),
        ("joints*\x1b!+bones", "'\\x1b!' in 'joints*\\x1b!+bones' is no share"),
        ("+".join(["joints"] * 3000), "3000 sets of weights are too many to be fused: name 16 at most."),
        ("a" * 10**5 + "+bones", "There are no weights 'aaa"),
        ("joints*-1+bones", "The share of joints must be a positive number, not -1."),
    ],
)
def test_mistakes_are_told_in_one_sentence(folder: Path, name: str, part: str):
    with pytest.raises(WeightsError) as error:
        load_recognizer(name)
    assert part in str(error.value) and str(error.value).isprintable() and len(str(error.value)) < 500


@pytest.mark.parametrize(
    "change, what",
    [
        ({"layout": "ntu-25"}, "layout"),
        ({"classes": ("clap", "wave")}, "classes"),
        ({"window_seconds": 2.0}, "window seconds"),
        ({"frames": 16}, "frames"),
    ],
)
def test_members_must_see_and_know_the_same(change: dict, what: str):
    with pytest.raises(WeightsError, match=f"^a and b cannot be fused: they differ in {what}\\.$"):
        Fusion([(member("a", 1), 1), (member("b", 2, **change), 1)])
