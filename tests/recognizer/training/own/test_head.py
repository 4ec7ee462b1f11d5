"""New rows of a classifier: made-up embeddings, where what is right is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recognizer.training.own.head import Head, Taught, extended, learn_rows, likeliest_before

SIZE, BUILT_IN, OWN = 24, 8, 3
LENGTH = 5.0


class World:
    """Actions that lie about centres, the first ``BUILT_IN`` known to a classifier, and then two own ones."""

    def __init__(self, spread: float = 0.5, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.centres = _unit(self.rng.normal(size=(BUILT_IN + OWN, SIZE)))
        self.spread = spread / np.sqrt(SIZE)
        self.head = Head(3 * self.centres[:BUILT_IN], np.linspace(-0.2, 0.2, BUILT_IN))

    def rows(self, action: int, count: int) -> np.ndarray:
        return _unit(self.centres[action] + self.rng.normal(0, self.spread, (count, SIZE)))

    def bank(self) -> np.ndarray:
        return np.concatenate([self.rows(action, 12) for action in range(BUILT_IN)])

    def taught(self, recordings: int, outputs: dict[int, int]) -> Taught:
        """So many recordings of nine windows of each action, by its output."""
        rows, wanted, numbers = [], [], []
        for action, output in outputs.items():
            for _ in range(recordings):
                rows.append(LENGTH * self.rng.uniform(0.8, 1.2) * self.rows(action, 9))
                wanted += [output] * 9
                numbers += [len(rows)] * 9
        return Taught(np.concatenate(rows), np.array(wanted), np.array(numbers))


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


OWN_OUTPUTS = {BUILT_IN: BUILT_IN, BUILT_IN + 1: BUILT_IN + 1}
ROWS = list(OWN_OUTPUTS.values())


@pytest.fixture
def world() -> World:
    return World()


def fresh(world: World) -> Head:
    return extended(world.head, [*range(BUILT_IN), None, None])


def test_what_was_taught_is_known_and_nothing_is_forgotten(world: World):
    before = fresh(world)
    made = learn_rows(before, ROWS, world.taught(16, OWN_OUTPUTS), world.taught(4, OWN_OUTPUTS), world.bank())
    assert made.named >= 0.9 and made.kept >= 0.98
    for action in range(BUILT_IN):
        new = LENGTH * world.rows(action, 200)
        kept = made.head.logits(new).argmax(1) == likeliest_before(before, ROWS, new)
        assert kept.mean() >= 0.95
    for action in ROWS:
        assert (made.head.logits(LENGTH * world.rows(action, 200)).argmax(1) == action).mean() >= 0.9


def test_the_rows_that_are_there_stay(world: World):
    made = learn_rows(
        fresh(world), ROWS, world.taught(8, OWN_OUTPUTS), world.taught(2, OWN_OUTPUTS), world.bank()
    )
    np.testing.assert_array_equal(made.head.weights[:BUILT_IN], world.head.weights)
    np.testing.assert_array_equal(made.head.biases[:BUILT_IN], world.head.biases)
    assert made.head.weights[BUILT_IN:].any(1).all()


def test_rows_are_put_where_they_belong():
    head = Head(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([5.0, 6.0]))
    new = extended(head, [0, None, 1])
    np.testing.assert_array_equal(new.weights, [[1, 2], [0, 0], [3, 4]])
    np.testing.assert_array_equal(new.biases, [5, 0, 6])


def test_an_action_of_a_built_in_name_is_learnt_beside_what_it_was(world: World):
    """Somebody's own way of doing action 2: both ways have its label, and no other action suffers."""
    before = extended(world.head, list(range(BUILT_IN)))
    own = {BUILT_IN: 2}
    made = learn_rows(before, [2], world.taught(16, own), world.taught(4, own), world.bank())
    assert made.named >= 0.9 and made.kept >= 0.98
    assert (made.head.logits(LENGTH * world.rows(2, 200)).argmax(1) == 2).mean() >= 0.9


def test_what_is_shown_as_nothing_is_given_to_no_own_action(world: World):
    """An action that lies near an own one goes to the last output, that of the unknown."""
    near = world.centres[BUILT_IN] + 0.8 * world.centres[BUILT_IN + 2]
    world.centres[BUILT_IN + 2] = near / np.linalg.norm(near)
    own, last = BUILT_IN - 1, BUILT_IN
    head = extended(world.head, [*range(BUILT_IN - 1), None, BUILT_IN - 1])
    found = []
    for outputs in ({BUILT_IN: own}, {BUILT_IN: own, BUILT_IN + 2: last}):
        made = learn_rows(head, [own], world.taught(16, outputs), world.taught(4, outputs), world.bank())
        probabilities = made.head.probabilities(LENGTH * world.rows(BUILT_IN + 2, 200))
        found.append(float(probabilities[:, own].mean()))
        assert (made.head.logits(LENGTH * world.rows(BUILT_IN, 200)).argmax(1) == own).mean() > 0.8
    assert found[1] < 0.5 * found[0]


def test_what_cannot_be_told_apart_is_told_in_the_figures(world: World):
    """Two names for the same: about half of the held recordings are named rightly."""
    world.centres[BUILT_IN + 1] = world.centres[BUILT_IN]
    held = world.taught(40, OWN_OUTPUTS)
    made = learn_rows(fresh(world), ROWS, world.taught(16, OWN_OUTPUTS), held, world.bank())
    assert 0.3 < made.named < 0.7
    sure = learn_rows(fresh(world), ROWS, world.taught(16, OWN_OUTPUTS), held, world.bank(), threshold=0.9)
    assert sure.named < 0.2, "what is not sure enough is not named"


def test_means_are_those_of_recordings():
    taught = Taught(np.zeros((3, 2)), np.array([1, 1, 0]), np.array([4, 4, 7]))
    means, outputs = taught.by_recording(np.array([[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]]))
    np.testing.assert_allclose(means, [[0.25, 0.75], [1, 0]])
    assert outputs.tolist() == [1, 0]


def test_rows_that_know_nothing_yet_are_no_label_of_before(world: World):
    """Where all that is known is unlikely, a row of zeros would be the likeliest."""
    before = fresh(world)
    unsure = Head(before.weights, np.where(before.weights.any(1), -40.0, 0.0))
    wanted = likeliest_before(unsure, ROWS, LENGTH * world.bank())
    assert wanted.max() < BUILT_IN
    made = learn_rows(unsure, ROWS, world.taught(16, OWN_OUTPUTS), world.taught(4, OWN_OUTPUTS), world.bank())
    assert made.kept >= 0.95 and made.named >= 0.9


@pytest.mark.parametrize("unit", [0.01, 100.0])
def test_the_unit_of_embeddings_does_not_matter(unit: float):
    """Longer embeddings, and weights that are as much smaller, are the same classifier."""
    found = []
    for factor in (1.0, unit):
        world = World(spread=1.5)
        taught, held = world.taught(16, OWN_OUTPUTS), world.taught(8, OWN_OUTPUTS)
        before = extended(
            Head(world.head.weights / factor, world.head.biases), [*range(BUILT_IN), None, None]
        )
        taught, held = (replace(each, embeddings=factor * each.embeddings) for each in (taught, held))
        made = learn_rows(before, ROWS, taught, held, world.bank())
        found.append(made.head.probabilities(factor * LENGTH * world.rows(BUILT_IN, 50)))
    np.testing.assert_allclose(found[0], found[1], atol=0.02)
