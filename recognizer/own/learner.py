"""From what a few recordings look like to probabilities of own actions, by a regularised linear classifier.

The network stays as it is. Its embeddings, of length 1, and beside them the motion of the joints
(``own.motion``), in spreads of the bank's, are told apart by multinomial logistic regression: a class for
each own action, and one for everything else, whose examples are the bank's and the recordings of *nothing*.
So one decision weighs own actions against each other and against all that is none of them, and built-in
actions share what it leaves (``probabilities_with_own``).

``benchmarks/own.py`` measures it. Beside it were tried, on motions that the weights had never seen: cosine to
class means with a threshold from the bank (at the same recall four times as many other clips taken for own
ones), the five nearest windows (no better than class means), whitening by the bank's covariance within
classes (no better), and no variants (three points fewer).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recognizer.own.bank import Bank

_PENALTY = 0.01  # of squared weights, against an action's weight of ``_ACTION``
_ACTION = 3.0
_OTHERS = 0.7  # what all else weighs against all own actions together
_MOTION = 1.6  # length of a usual motion, against an embedding's of 1
_FAR = 4.0  # spreads beyond which motion counts no more
_LEAST_SPREAD = 0.02  # torso lengths; of a number that is the same in the whole bank
_ITERATIONS = 100


@dataclass(frozen=True)
class Lesson:
    """What one recording teaches.

    Attributes:
        action: its name; ``collection.NOTHING`` teaches what is none.
        name: of the recording.
        embeddings: (W, D) of its windows and their variants.
        motion: (W, M) of the same, see ``own.motion``.
        taken_for: of each of its windows, the built-in label that it would have; "" for none.
    """

    action: str
    name: str
    embeddings: np.ndarray
    motion: np.ndarray
    taken_for: tuple[str, ...] = ()


@dataclass(frozen=True)
class UsualMotion:
    """Mean (M,) and spread (M,) of the motion of many actions."""

    mean: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, motion: np.ndarray) -> UsualMotion:
        """Of (N, M), each number over the windows in which it is known."""
        known = ~np.isnan(motion)
        count = np.maximum(known.sum(0), 1)
        mean = np.where(known, motion, 0.0).sum(0) / count
        spread = np.sqrt(np.where(known, (motion - mean) ** 2, 0.0).sum(0) / count)
        return cls(mean, spread + _LEAST_SPREAD)


@dataclass(frozen=True)
class OwnModel:
    """Knows own actions by their embeddings and their motion.

    Attributes:
        actions: K names.
        weights: (D + M + 1, K + 1); the last row is added, the last column is for all else.
        usual: what motion is measured from and by.
    """

    actions: tuple[str, ...]
    weights: np.ndarray
    usual: UsualMotion

    def probabilities(self, embeddings: np.ndarray, motion: np.ndarray) -> np.ndarray:
        """(N, K) of (N, D) embeddings and (N, M) motion; what a row lacks to 1 is that it is none of them."""
        rows = _rows(embeddings, motion, self.usual)
        return _softmax(rows @ self.weights[:-1] + self.weights[-1])[:, :-1]


def learn(lessons: Sequence[Lesson], bank: Bank, nothing: str) -> OwnModel:
    """A model of the lessons' actions.

    Args:
        lessons: of one action or more.
        bank: of the same weights.
        nothing: the action that is none.

    Raises:
        ValueError: no action is taught.
    """
    actions = tuple(sorted({lesson.action for lesson in lessons} - {nothing}))
    if not actions:
        raise ValueError("there is no action to learn")
    none = len(actions)
    windows = Counter(lesson.action for lesson in lessons for _ in lesson.embeddings)
    usual = UsualMotion.of(bank.motion)
    embeddings = np.concatenate([bank.embeddings, *(lesson.embeddings for lesson in lessons)])
    rows = _rows(embeddings, np.concatenate([bank.motion, *(lesson.motion for lesson in lessons)]), usual)
    targets = [np.full(len(bank), none)]
    shares = [np.full(len(bank), _OTHERS * _ACTION * none / len(bank))]
    for lesson in lessons:
        count = len(lesson.embeddings)
        targets.append(np.full(count, none if lesson.action == nothing else actions.index(lesson.action)))
        shares.append(np.full(count, _ACTION / windows[lesson.action]))
    weights = _logistic(rows, np.concatenate(targets), np.concatenate(shares), none + 1)
    return OwnModel(actions, weights, usual)


def probabilities_with_own(built_in: np.ndarray, own: np.ndarray, places: Sequence[int]) -> np.ndarray:
    """One decision over built-in and own actions: the built-in ones share what the own ones leave.

    Args:
        built_in: (N, B) probabilities.
        own: (N, K) probabilities.
        places: of each own action in the result; one below B adds to that built-in action of the same name.

    Returns:
        (N, 1 + the largest place, B at least) float32, whose rows add up to 1 at most.
    """
    left = 1.0 - own.sum(1, keepdims=True)
    result = np.zeros((len(own), max(built_in.shape[1], *(place + 1 for place in places))), np.float32)
    result[:, : built_in.shape[1]] = built_in * left
    for column, place in enumerate(places):
        result[:, place] += own[:, column]
    return result


def _rows(embeddings: np.ndarray, motion: np.ndarray, usual: UsualMotion) -> np.ndarray:
    """(N, D + M); of what was not seen the motion is the usual one."""
    strange = np.nan_to_num((motion - usual.mean) / usual.spread).clip(-_FAR, _FAR)
    return np.concatenate([_unit(embeddings), _MOTION / np.sqrt(motion.shape[1]) * strange], 1)


def _unit(embeddings: np.ndarray) -> np.ndarray:
    return embeddings / np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), 1e-9)


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def _logistic(rows: np.ndarray, targets: np.ndarray, shares: np.ndarray, classes: int) -> np.ndarray:
    """(D + 1, classes) of rows (N, D) float, their classes (N,) and how much each counts (N,)."""
    from scipy.optimize import minimize  # takes a third of a second, and only teaching needs it

    rows = np.concatenate([rows, np.ones((len(rows), 1))], 1).astype(np.float64)
    wanted = np.eye(classes)[targets]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights = flat.reshape(-1, classes)
        found = _softmax(rows @ weights)
        likely = np.log(np.maximum(found[np.arange(len(targets)), targets], 1e-12))
        gradient = rows.T @ ((found - wanted) * shares[:, None])
        gradient[:-1] += _PENALTY * weights[:-1]
        penalty = 0.5 * _PENALTY * float((weights[:-1] ** 2).sum())
        return penalty - float(shares @ likely), gradient.ravel()

    start = np.zeros(rows.shape[1] * classes)
    best = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _ITERATIONS})
    return best.x.reshape(-1, classes).astype(np.float32)
