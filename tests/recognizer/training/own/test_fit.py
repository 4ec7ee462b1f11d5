"""Weights that learn own actions: people who move by a formula, and the weights that ship."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pose.layouts import KINETICS_18
from recognizer import weights
from recognizer.own.bank import UNKNOWN, load_bank
from recognizer.own.collection import NOTHING, Collection, Collections
from recognizer.own.teaching import OwnError, with_own
from recognizer.own.variants import windows_of
from recognizer.predictor import Recognizer
from recognizer.training.own import fit
from recognizer.training.own.fit import FEWEST, IN_BANK, OwnWeights, train_own
from recognizer.weights import DEFAULT
from tests.recognizer.own.motions import recording

MOTIONS = ("circle", "crouch", "raise")


def collection_of(root: Path, **counts: int) -> Collection:
    """Recordings of other bodies and tempos each."""
    collection = Collections(root / "collections").make("gym")
    for motion, count in counts.items():
        for seed in range(count):
            action = NOTHING if motion == "rest" else motion
            collection.add(action, recording(motion, 1.5 + seed % 4 * 0.4, seed))
    return collection


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> OwnWeights:
    root = tmp_path_factory.mktemp("own")
    counts = dict.fromkeys(MOTIONS, FEWEST) | {"rest": 5}
    return train_own(collection_of(root, **counts), DEFAULT, root / "weights")


def test_recordings_of_other_bodies_are_named(made: OwnWeights):
    recognizer = Recognizer.of(*weights.load(made.path))
    right = []
    for motion in MOTIONS:
        for seed in range(1000, 1010):
            sequence = recording(motion, 1.5 + seed % 4 * 0.4, seed).sequence(KINETICS_18)
            windows = windows_of(sequence, recognizer.window_seconds, recognizer.frames)
            mean = np.mean([each.probabilities for each in recognizer.predict(windows)], 0)
            best = recognizer.classes[int(mean.argmax())]
            right.append(best == motion and mean.max() >= recognizer.threshold)
    assert np.mean(right) >= 0.9
    assert made.outcome.named >= 0.9 and made.recordings == (3 * 16 + 4, 3 * 4 + 1)


def test_built_in_actions_keep_their_labels(made: OwnWeights):
    """Windows of the bank, as long as the network makes those of somebody who stands."""
    old, card = weights.load(DEFAULT)
    new, own = weights.load(made.path)
    assert own.classes == (*card.classes, *MOTIONS) and own.open_set
    bank = load_bank(DEFAULT)
    assert bank is not None
    outputs = [*range(len(card.classes)), len(own.classes)]
    before, after = ((each.classifier.weight.detach().numpy(), each.classifier.bias.detach().numpy())
                     for each in (old, new))  # fmt: skip
    np.testing.assert_array_equal(after[0][outputs], before[0])
    lengths = [np.linalg.norm(each) for each in _embeddings(old, card)]
    for length in (min(lengths), max(lengths)):
        label = (length * bank.embeddings @ before[0].T + before[1]).argmax(1)
        now = (length * bank.embeddings @ after[0].T + after[1]).argmax(1)
        assert (np.array(outputs)[label] == now).mean() >= 0.98
    assert made.outcome.kept >= 0.98


def _embeddings(network, card) -> np.ndarray:
    windows = [windows_of(recording("rest", 2.0, seed).sequence(KINETICS_18), 3.0, card.frames)[-1]
               for seed in range(5)]  # fmt: skip
    return fit._embeddings(network, card, windows)


def test_the_network_itself_stays(made: OwnWeights):
    old, new = (weights.load(name)[0].state_dict() for name in (DEFAULT, made.path))
    assert old.keys() == new.keys()
    assert all((old[name] == new[name]).all() for name in old if not name.startswith("classifier"))


def test_the_card_says_where_they_are_from(made: OwnWeights):
    _, card = weights.load(DEFAULT)
    assert made.card.name == "kinetics-18-lsta-own-gym"
    assert made.card.training["start_from"] == {"name": DEFAULT, "sha256": card.sha256}
    assert "own recordings: circle 20, crouch 20, nothing 5, raise 20" in made.card.data
    assert made.card.metrics["held_recordings_named"] == pytest.approx(made.outcome.named, abs=1e-4)
    assert made.card.threshold == card.threshold


def test_others_can_be_taught_beside_them(made: OwnWeights, tmp_path: Path):
    bank, before = load_bank(made.path), load_bank(DEFAULT)
    assert bank is not None and before is not None
    assert len(bank) == len(before) + 3 * IN_BANK and bank.windows != before.windows
    np.testing.assert_allclose(np.linalg.norm(bank.embeddings, axis=1), 1, atol=1e-2)
    places = [made.card.classes.index(motion) for motion in MOTIONS]
    assert [(bank.labels == each).sum() for each in places] == [IN_BANK] * 3
    assert (bank.labels == UNKNOWN).sum() == (before.labels == UNKNOWN).sum()
    more = Collections(tmp_path).make("more")
    for seed in range(3):
        more.add("stand", recording("rest", 2.0, seed))
    recognizer = with_own(Recognizer.of(*weights.load(made.path)), [str(made.path)], more)
    assert recognizer.classes[-4:] == (*MOTIONS, "stand")


def test_no_recording_teaches_and_judges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Every fifth of each action judges, and none of its windows is learnt."""
    seen = []

    def stop(head, rows, taught, held, bank, threshold):
        seen.append((set(taught.recordings.tolist()), set(held.recordings.tolist()), held))
        raise KeyboardInterrupt

    monkeypatch.setattr(fit, "learn_rows", stop)
    with pytest.raises(KeyboardInterrupt):
        train_own(collection_of(tmp_path, circle=20, crouch=24), DEFAULT, tmp_path / "weights")
    ((teach, judge, held),) = seen
    assert not teach & judge and teach | judge == set(range(44)) and len(judge) == 8
    assert np.unique(held.outputs, return_counts=True)[1].min() > 0 and len(np.unique(held.outputs)) == 2
    assert not (tmp_path / "weights").exists()


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ({"circle": 20, "crouch": 19}, r"missing 1 more of 'crouch'\. `pose2action run --own` knows them"),
        ({"circle": 3, "raise": 1}, r"missing 17 more of 'circle', 19 more of 'raise'"),
        ({"rest": 30}, "has no action yet"),
    ],
)
def test_too_few_are_told(tmp_path: Path, counts: dict[str, int], sentence: str):
    with pytest.raises(OwnError, match=sentence):
        train_own(collection_of(tmp_path, **counts), DEFAULT, tmp_path / "weights")


def test_recordings_that_are_damaged_do_not_count(tmp_path: Path):
    collection = collection_of(tmp_path, circle=20)
    (collection.folder / "circle" / f"{collection.recordings('circle')[3]}.npz").write_bytes(b"no npz")
    with pytest.raises(OwnError, match="missing 1 more of 'circle'"):
        train_own(collection, DEFAULT, tmp_path / "weights")


def test_weights_that_cannot_learn_are_told(tmp_path: Path):
    collection = collection_of(tmp_path, circle=1)
    with pytest.raises(OwnError, match="more than one classifier"):
        train_own(collection, "kinetics-18-dualhead-daily", tmp_path / "weights")
    network, card = weights.load(DEFAULT)
    alone = weights.save(network, card, tmp_path / "without a bank")
    with pytest.raises(OwnError, match="no embeddings of other actions"):
        train_own(collection, str(alone), tmp_path / "weights")
