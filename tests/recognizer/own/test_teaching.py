"""From recordings in a collection to a recogniser that knows them: made-up people, an untrained network."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import torch

from pose.layouts import KINETICS_18
from pose.skeleton import SkeletonSequence
from recognizer import weights
from recognizer.fusion import load_recognizer
from recognizer.own import bank as banks
from recognizer.own.bank import UNKNOWN, BankWindows, bank_from, joined, load_bank, save_bank
from recognizer.own.card import OwnAction
from recognizer.own.collection import NOTHING, Collection, Collections
from recognizer.own.recordings import Recording
from recognizer.own.teaching import VARIANTS, Lessons, OwnError, bank_of, lesson_of, with_own
from recognizer.own.variants import Variety, variants_of, windows_of
from recognizer.predictor import Recognizer, WindowRecognizer
from tests.recognizer.own.motions import poses, recording


@dataclass(frozen=True)
class School:
    """Weights with a bank in a folder, and a place for collections."""

    folder: Path
    recognizer: WindowRecognizer
    name: str
    home: Collections

    def windows(self, motion: str, seed: int):
        sequence = recording(motion, 2.0, seed).sequence(KINETICS_18)
        return windows_of(sequence, self.recognizer.window_seconds, self.recognizer.frames)

    def taught(self, **counts: int) -> Collection:
        collection = self.home.make("gym")
        for motion, count in counts.items():
            for seed in range(count):
                collection.add(motion, recording(motion, 2.0, 100 + seed))
        return collection


@pytest.fixture(scope="module")
def recognizer() -> WindowRecognizer:
    torch.manual_seed(0)
    return Recognizer.untrained(frames=16)


@pytest.fixture
def school(tmp_path: Path, recognizer: WindowRecognizer) -> School:
    path = weights.save(recognizer.engine.network, recognizer.card, tmp_path)
    school = School(tmp_path, recognizer, str(path), Collections(tmp_path / "collections"))
    rests = [window for seed in range(12) for window in school.windows("rest", seed)]
    chosen = BankWindows(tuple(rests), np.full(len(rests), UNKNOWN))
    save_bank(path, bank_from(recognizer.embed(rests), chosen), "made up")
    return school


def test_motions_are_known_again_of_another_body(school: School):
    own = with_own(school.recognizer, [school.name], school.taught(circle=3, crouch=3))
    assert own.classes == (*school.recognizer.classes, "circle", "crouch")
    right = [
        own.predict(school.windows(motion, seed))[-1].top(1)[0].label == motion
        for motion in ("circle", "crouch")
        for seed in range(5)
    ]
    assert np.mean(right) >= 0.9


def test_who_stands_still_is_taken_for_none(school: School):
    own = with_own(school.recognizer, [school.name], school.taught(circle=3, crouch=3))
    answers = own.predict([window for seed in range(50, 55) for window in school.windows("rest", seed)])
    assert max(answer.probabilities[-2:].sum() for answer in answers) < 0.4
    assert all(answer.probabilities.sum() <= 1 + 1e-5 for answer in answers)


def test_nothing_is_no_label(school: School):
    own = with_own(school.recognizer, [school.name], school.taught(circle=2, rest=1))
    assert "rest" in own.classes
    school.home.open("gym").rename("rest", NOTHING)
    again = with_own(school.recognizer, [school.name], school.home.open("gym"))
    assert set(again.classes) - set(school.recognizer.classes) == {"circle"}
    assert again.predict(school.windows("rest", 70))[0].probabilities[-1] < 0.3


def test_an_own_action_of_a_built_in_name_is_not_listed_twice(school: School):
    collection = school.taught(circle=3)
    collection.rename("circle", "wave")
    own = with_own(school.recognizer, [school.name], collection)
    assert own.classes == school.recognizer.classes
    built_in = school.recognizer.predict(school.windows("circle", 1))[0].probabilities
    together = own.predict(school.windows("circle", 1))[0].probabilities
    place = own.classes.index("wave")
    assert together[place] > built_in[place] + 0.2


def test_a_damaged_recording_is_left_out(school: School):
    collection = school.taught(circle=2)
    name = collection.recordings("circle")[0]
    (collection.folder / "circle" / f"{name}.npz").write_bytes(b"")
    assert with_own(school.recognizer, [school.name], collection).model.actions == ("circle",)


def test_weights_without_a_bank_say_so(school: School):
    bank = Path(school.name).with_suffix(".bank.safetensors")
    content = bank.read_bytes()
    for damage in (None, b"", content[:-4], content.replace(b'"weights":"', b'"weights":"0')):
        bank.unlink() if damage is None else bank.write_bytes(damage)
        with pytest.raises(OwnError, match="own bank"):
            bank_of([school.name])
    wrong = {"embeddings": np.full((4, 3), np.nan, np.float16), "labels": np.zeros(4, np.int16)}
    sha = weights.read_card(school.name)[1].sha256
    bank.write_bytes(safetensors.numpy.save(wrong, {"weights": sha, "windows": ""}))
    assert load_bank(school.name) is None
    bank.write_bytes(content)
    whole = bank_of([school.name])
    assert len(whole) > 0
    save_bank(school.name, replace(whole, motion=whole.motion[:, :-1]), "of an older version")
    assert load_bank(school.name) is None


def test_banks_of_other_windows_are_not_joined():
    rows, labels = np.ones((4, 3), np.float32), np.zeros(4, np.int64)
    one, two, other = (banks.Bank(rows * k, rows, labels, name) for k, name in ((1, "a"), (2, "a"), (3, "b")))
    assert joined([one, two]).embeddings.shape == (4, 6) and joined([one, two]).motion.shape == (4, 3)
    assert joined([one, other]) is None and joined([one, None]) is None and joined([None]) is None


def test_a_collection_without_recordings_says_so(school: School):
    with pytest.raises(OwnError, match="teach it an action first"):
        with_own(school.recognizer, [school.name], school.home.make("empty"))


def test_a_fusion_learns_as_well(school: School, tmp_path: Path):
    card = school.recognizer.card.model_copy(update={"name": "other"})
    torch.manual_seed(7)
    path = weights.save(weights.build_network(card), card, tmp_path)
    rests = [window for seed in range(12) for window in school.windows("rest", seed)]
    chosen = BankWindows(tuple(rests), np.full(len(rests), UNKNOWN))
    save_bank(path, bank_from(Recognizer.load(path).embed(rests), chosen), "made up")
    fusion = load_recognizer(f"{school.name}*0.7+{path}*0.3")
    own = with_own(fusion, [school.name, str(path)], school.taught(circle=3, crouch=3))
    assert own.predict(school.windows("circle", 3))[-1].top(1)[0].label == "circle"


@pytest.mark.parametrize("seconds", [0.5, 2.0, 6.0])
def test_variants_are_windows_and_always_the_same(seconds: float):
    sequence = recording("raise", seconds).sequence(KINETICS_18)
    first, again = (variants_of(sequence, 3.0, 32, 8, np.random.default_rng(4)) for _ in range(2))
    assert all(window.joints.shape == (1, 32, 18, 2) for window in first)
    assert all(np.array_equal(a.joints, b.joints) for a, b in zip(first, again, strict=True))
    assert len({window.joints.tobytes() for window in first}) == 8


def test_every_other_variant_is_mirrored_where_both_sides_count():
    right = KINETICS_18.index("right_wrist")
    left = KINETICS_18.index("left_wrist")
    sequence = recording("raise").sequence(KINETICS_18)
    still = Variety(0, 0, 0, 0, 0, 0, 0)

    def lifted(both: bool) -> list[int]:
        made = variants_of(sequence, 3.0, 32, 4, np.random.default_rng(0), both, still)
        moved = [np.ptp(window.joints[0, :, [left, right], 1], axis=1) for window in made]
        return [int(each.argmax()) for each in moved]

    assert lifted(False) == [1, 1, 1, 1] and lifted(True) == [1, 0, 1, 0]


def test_where_both_sides_count_the_other_hand_is_learnt_from_then_on(
    school: School, monkeypatch: pytest.MonkeyPatch
):
    collection, lessons = school.taught(**{"raise": 1}), Lessons()
    shown: list[SkeletonSequence] = []
    predict = school.recognizer.predict
    monkeypatch.setattr(
        school.recognizer, "predict", lambda windows: shown.extend(windows) or predict(windows)
    )

    def hands() -> Counter[str]:
        shown.clear()
        assert len(lessons.of(school.recognizer, collection)) == 1
        wrists = [KINETICS_18.index(f"{side}_wrist") for side in ("left", "right")]
        moved = [np.ptp(window.joints[0, :, wrists, 1], axis=1) for window in shown]
        return Counter("left" if left > right else "right" for left, right in moved)

    assert hands() == {"right": 1 + VARIANTS}, "two seconds are one window"
    assert hands() == {}, "it is known already"
    collection.describe("raise", OwnAction(both_sides=True))
    assert hands() == {"right": 1 + VARIANTS // 2, "left": VARIANTS // 2}


@pytest.mark.parametrize(("threshold", "named"), [(0.0, True), (1.0, False)])
def test_a_recording_is_taken_for_what_the_program_would_have_named(
    recognizer: WindowRecognizer, threshold: float, named: bool
):
    strict = Recognizer(recognizer.engine, recognizer.card.model_copy(update={"threshold": threshold}))
    lesson = lesson_of(strict, "raise", "1", recording().sequence(KINETICS_18))
    assert lesson.taken_for and all((label in strict.classes) == named for label in lesson.taken_for)


def test_variants_without_legs_know_no_knee():
    sequence = recording("raise").sequence(KINETICS_18)
    made = variants_of(sequence, 3.0, 32, 3, np.random.default_rng(0), variety=Variety(no_legs=1.0))
    knee, hip = KINETICS_18.index("left_knee"), KINETICS_18.index("left_hip")
    assert all(w.confidence[0, :, knee].max() == 0 < w.confidence[0, :, hip].max() for w in made)


def test_many_recordings_give_fewer_windows_each(school: School):
    sequence = recording().sequence(KINETICS_18)
    sizes = [
        len(lesson_of(school.recognizer, "raise", "1", sequence, recordings=n).embeddings)
        for n in (1, 5, 30, 200)
    ]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] >= 7 and sizes[-1] == 2


def test_a_recording_of_half_a_body_teaches(school: School):
    whole = poses("raise", 2.0)
    for _, each in whole:
        visibility = each.visibility.copy()
        visibility[23:] = 0.01
        object.__setattr__(each, "visibility", visibility)
    school.home.make("desk").add("raise", Recording.of(whole))
    assert with_own(school.recognizer, [school.name], school.home.open("desk")).model.actions == ("raise",)
