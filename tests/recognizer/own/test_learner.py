"""The classifier over embeddings: where right and wrong are known, since the embeddings are made up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recognizer.own.bank import UNKNOWN, Bank
from recognizer.own.learner import Lesson, OwnModel, UsualMotion, learn, probabilities_with_own

SIZE, LABELS, MOTION = 24, 10, 6
NOTHING = "nothing"


def _unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


class World:
    """Actions that lie about centres: the first ``LABELS`` are the bank's."""

    def __init__(self, spread: float = 0.25, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.centres = _unit(self.rng.normal(size=(LABELS + 8, SIZE)))
        self.spread = spread / np.sqrt(SIZE)

    def rows(self, action: int, count: int) -> np.ndarray:
        """(count, SIZE) embeddings of an action."""
        return _unit(self.centres[action] + self.rng.normal(0, self.spread * 4, (count, SIZE)))

    def bank(self) -> Bank:
        rows = [self.rows(label, 12) for label in range(LABELS)]
        anything = _unit(self.rng.normal(size=(100, SIZE)))
        labels = np.r_[np.repeat(np.arange(LABELS), 12), np.full(100, UNKNOWN)]
        return Bank(np.concatenate([*rows, anything]), _still(len(labels)), labels, "")

    def lessons(self, own: int, recordings: int, first: int = LABELS) -> list[Lesson]:
        return [
            Lesson(f"own{number}", str(each), self.rows(first + number, 9), _still(9))
            for number in range(own)
            for each in range(recordings)
        ]


def _still(count: int) -> np.ndarray:
    """(count, MOTION) of people who do not move: the embeddings alone tell."""
    return np.zeros((count, MOTION), np.float32)


def _known(model: OwnModel, embeddings: np.ndarray) -> np.ndarray:
    return model.probabilities(embeddings, _still(len(embeddings)))


@pytest.fixture
def world() -> World:
    return World()


def _learnt(world: World, own: int = 5, recordings: int = 3) -> OwnModel:
    return learn(world.lessons(own, recordings), world.bank(), NOTHING)


@pytest.mark.parametrize(("own", "recordings"), [(1, 3), (5, 3), (5, 5), (8, 1)])
def test_what_was_taught_is_known_again(world: World, own: int, recordings: int):
    model = _learnt(world, own, recordings)
    right = [
        (_known(model, world.rows(LABELS + number, 50)).argmax(1) == number).mean() for number in range(own)
    ]
    assert np.mean(right) > 0.9


def test_what_was_not_taught_is_left_to_the_others(world: World):
    model = _learnt(world)
    for label in range(LABELS):
        assert _known(model, world.rows(label, 50)).sum(1).mean() < 0.25
    assert _known(model, _unit(world.rng.normal(size=(200, SIZE)))).sum(1).mean() < 0.25


def test_a_probability_means_how_often_it_is_right(world: World):
    """Among windows given about p, about p of them are of that action; half of all are of none."""
    model = _learnt(World(spread=0.5), 4)
    hard = World(spread=0.5)
    own = np.concatenate([_known(model, hard.rows(LABELS + n, 100)) for n in range(4)])
    other = np.concatenate([_known(model, hard.rows(n, 40)) for n in range(LABELS)])
    truth = np.r_[np.repeat(np.arange(4), 100), np.full(len(other), -1)]
    found = np.concatenate([own, other])
    best, sure = found.argmax(1), found.max(1)
    likely = sure > 0.5
    assert likely.sum() > 100
    assert abs((best == truth)[likely].mean() - sure[likely].mean()) < 0.15


def test_one_more_action_takes_nothing_from_the_first(world: World):
    lessons, bank = world.lessons(5, 3), world.bank()
    one = learn([lesson for lesson in lessons if lesson.action == "own0"], bank, NOTHING)
    five = learn(lessons, bank, NOTHING)
    rows = world.rows(LABELS, 100)
    assert _known(one, rows)[:, 0].mean() > 0.6
    assert _known(five, rows)[:, 0].mean() > 0.6


def test_an_action_with_many_recordings_does_not_swallow_one_with_few(world: World):
    lessons = [*world.lessons(1, 40), *world.lessons(1, 2, LABELS + 1)]
    lessons = [
        Lesson("many" if i < 40 else "few", each.name, each.embeddings, each.motion)
        for i, each in enumerate(lessons)
    ]
    model = learn(lessons, world.bank(), NOTHING)
    assert model.actions == ("few", "many")
    assert _known(model, world.rows(LABELS + 1, 100)).argmax(1).mean() < 0.1


def test_nothing_recordings_are_refused(world: World):
    lessons, bank = world.lessons(1, 3), world.bank()
    near = _unit(world.centres[LABELS] + 0.8 * world.centres[LABELS + 5] + np.zeros((1, SIZE)))[0]
    world.centres[LABELS + 6] = near  # what somebody does between two of them
    rows = world.rows(LABELS + 6, 100)
    before = _known(learn(lessons, bank, NOTHING), rows).sum(1).mean()
    taught = [*lessons, *(Lesson(NOTHING, str(i), world.rows(LABELS + 6, 9), _still(9)) for i in range(3))]
    after = learn(taught, bank, NOTHING)
    assert after.actions == ("own0",)
    assert _known(after, rows).sum(1).mean() < before / 2
    assert _known(after, world.rows(LABELS, 100)).sum(1).mean() > 0.5


def test_an_action_like_a_built_in_one_is_still_learnt(world: World):
    world.centres[LABELS] = world.centres[2]
    model = learn(world.lessons(1, 3), world.bank(), NOTHING)
    assert _known(model, world.rows(2, 100))[:, 0].mean() > 0.5


def test_the_length_of_embeddings_does_not_matter(world: World):
    model, rows = _learnt(world), world.rows(LABELS, 20)
    np.testing.assert_allclose(_known(model, rows), _known(model, 7 * rows), atol=1e-5)


def test_motion_tells_what_embeddings_do_not(world: World):
    """The left hand and the right, in one place of the embeddings. Joints that are not seen say nothing."""
    left, right = (np.repeat(_axis(number)[None], 9, 0) for number in (0, 1))
    unseen = np.full_like(left, np.nan)
    rng, bank = world.rng, world.bank()
    bank = replace(bank, motion=rng.normal(0, 0.3, bank.motion.shape).astype(np.float32))
    lessons = [
        Lesson(name, str(number), world.rows(LABELS, 9), motion + rng.normal(0, 0.1, motion.shape))
        for name, motion in (("left", left), ("right", right))
        for number in range(3)
    ]
    model = learn(lessons, bank, NOTHING)
    for own, motion in enumerate((left, right)):
        assert (model.probabilities(world.rows(LABELS, 9), motion)[:, own] > 0.5).all()
    found = model.probabilities(world.rows(LABELS, 9), unseen)
    assert np.isfinite(found).all() and abs(found[:, 0] - found[:, 1]).mean() < 0.3


def test_the_usual_motion_by_hand():
    usual = UsualMotion.of(np.array([[1.0, np.nan], [3.0, np.nan], [np.nan, np.nan]]))
    np.testing.assert_allclose(usual.mean, (2, 0))
    np.testing.assert_allclose(usual.spread, (1.02, 0.02))


def _axis(number: int) -> np.ndarray:
    return 0.6 * np.eye(MOTION, dtype=np.float32)[number]


def test_nobody_can_learn_from_nothing_alone(world: World):
    with pytest.raises(ValueError, match="no action"):
        learn([Lesson(NOTHING, "1", world.rows(0, 5), _still(5))], world.bank(), NOTHING)


def test_built_in_actions_share_what_own_ones_leave():
    built_in = np.array([[0.5, 0.3], [0.2, 0.2]], np.float32)
    own = np.array([[0.5, 0.25], [0.0, 0.0]], np.float32)
    found = probabilities_with_own(built_in, own, [2, 3])
    np.testing.assert_allclose(found, [[0.125, 0.075, 0.5, 0.25], [0.2, 0.2, 0, 0]], atol=1e-6)


def test_an_own_action_of_a_built_in_name_adds_to_it():
    built_in = np.array([[0.5, 0.3]], np.float32)
    found = probabilities_with_own(built_in, np.array([[0.4, 0.1]], np.float32), [1, 2])
    np.testing.assert_allclose(found, [[0.25, 0.55, 0.1]], atol=1e-6)
