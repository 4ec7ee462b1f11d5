"""From embeddings of a few recordings to probabilities of own actions, by a regularised linear classifier.

The network stays as it is. Its embeddings, of length 1, are told apart by multinomial logistic regression: a
class for each own action, and one for everything else, whose examples are the bank's and the recordings of
*nothing*. So one decision weighs own actions against each other and against all that is none of them, and
built-in actions share what it leaves (``probabilities_with_own``).

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

_PENALTY = 0.003  # of squared weights, against an action's weight of ``_ACTION``
_ACTION = 3.0
_OTHERS = 2.0  # what all else weighs against all own actions together
_ITERATIONS = 100


@dataclass(frozen=True)
class Lesson:
    """What one recording teaches.

    Attributes:
        action: its name; ``collection.NOTHING`` teaches what is none.
        name: of the recording.
        embeddings: (W, D) of its windows and their variants.
        taken_for: of each of its windows, the built-in label that it would have; "" for none.
    """

    action: str
    name: str
    embeddings: np.ndarray
    taken_for: tuple[str, ...] = ()


@dataclass(frozen=True)
class OwnModel:
    """Knows own actions by their embeddings.

    Attributes:
        actions: K names.
        weights: (D + 1, K + 1); the last row is added, the last column is for all else.
    """

    actions: tuple[str, ...]
    weights: np.ndarray

    def probabilities(self, embeddings: np.ndarray) -> np.ndarray:
        """(N, K) of (N, D) embeddings; what a row lacks to 1 is that it is none of the actions."""
        return _softmax(_unit(embeddings) @ self.weights[:-1] + self.weights[-1])[:, :-1]


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
    rows = [bank.embeddings, *(lesson.embeddings for lesson in lessons)]
    targets = [np.full(len(bank), none)]
    shares = [np.full(len(bank), _OTHERS * _ACTION * none / len(bank))]
    for lesson in lessons:
        count = len(lesson.embeddings)
        targets.append(np.full(count, none if lesson.action == nothing else actions.index(lesson.action)))
        shares.append(np.full(count, _ACTION / windows[lesson.action]))
    weights = _logistic(
        _unit(np.concatenate(rows)), np.concatenate(targets), np.concatenate(shares), none + 1
    )
    return OwnModel(actions, weights)


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
