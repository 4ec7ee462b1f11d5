"""More rows for a linear classifier, which leave the rows that are there as they are.

Whoever has shown actions has no data set of the built-in ones, but the bank of the weights: what the network
makes of many other windows, in directions alone (``recognizer.own.bank``). So each of them is looked at with
several lengths, those of the own recordings' embeddings, and the new rows learn to give them nothing. With
the other rows untouched, a built-in action can only lose to an own one, never to another built-in one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_PENALTIES = (0.3, 0.1, 0.03, 0.01, 0.003)
"""Of squared weights, the strongest first."""
_ACTION = 3.0
"""What an own action weighs, whatever its recordings are."""
_OTHERS = 8.0
"""What all else weighs, in own actions; it must not be taken for any."""
_LENGTHS = (10, 50, 90)
"""Percentiles of the lengths of own embeddings, with which the bank's are looked at."""
_NOTICEABLE = 0.002
_HELD = 5
"""Every fifth window of the bank teaches nothing and judges."""
_ITERATIONS = 200


@dataclass(frozen=True)
class Taught:
    """Windows of own recordings.

    Attributes:
        embeddings: (N, D), as long as the network makes them.
        outputs: (N,) int, of the classifier that is to be.
        recordings: (N,) int; a recording's windows have the same.
    """

    embeddings: np.ndarray
    outputs: np.ndarray
    recordings: np.ndarray

    def by_recording(self, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Means (R, O) of each recording's rows of (N, O) scores, and the recordings' outputs (R,)."""
        numbers, first = np.unique(self.recordings, return_index=True)
        means = np.stack([scores[self.recordings == number].mean(0) for number in numbers])
        return means, self.outputs[first]


@dataclass(frozen=True)
class Head:
    """A linear classifier: weights (O, D) and biases (O,)."""

    weights: np.ndarray
    biases: np.ndarray

    def logits(self, embeddings: np.ndarray) -> np.ndarray:
        """(N, O) of (N, D)."""
        return embeddings @ self.weights.T + self.biases

    def probabilities(self, embeddings: np.ndarray) -> np.ndarray:
        """(N, O) of (N, D)."""
        return _softmax(self.logits(embeddings))


@dataclass(frozen=True)
class Outcome:
    """A classifier that has learnt, and how it does.

    Attributes:
        head: the classifier.
        penalty: that was chosen.
        named: share of the held recordings of which the right output is the likeliest, and sure enough.
        kept: share of the bank's held windows, with each length, of which the likeliest output is as before.
    """

    head: Head
    penalty: float
    named: float
    kept: float


def extended(head: Head, outputs: Sequence[int | None]) -> Head:
    """A classifier in another order, with rows of zeros for what is new.

    Args:
        head: the one that there is.
        outputs: of each row its old one, or None.
    """
    weights = np.zeros((len(outputs), head.weights.shape[1]), head.weights.dtype)
    biases = np.zeros(len(outputs), head.biases.dtype)
    for row, old in enumerate(outputs):
        if old is not None:
            weights[row], biases[row] = head.weights[old], head.biases[old]
    return Head(weights, biases)


def learn_rows(
    head: Head,
    rows: Sequence[int],
    taught: Taught,
    held: Taught,
    bank: np.ndarray,
    threshold: float = 0.0,
) -> Outcome:
    """Teaches some rows of a classifier.

    Args:
        head: its other rows stay; these begin where they are.
        rows: that learn.
        taught: windows to learn from.
        held: windows of other recordings, which choose the penalty.
        bank: (B, D) embeddings of length 1 of what is none of the rows that are new.
        threshold: probability under which nothing is named.

    Returns:
        The one that gives the held recordings' outputs, and those that the held windows of the bank had
        before, the highest probability; of those that are as good, the one that changes least.
    """
    lengths = np.percentile(np.linalg.norm(taught.embeddings, axis=1), _LENGTHS)
    is_held = np.arange(len(bank)) % _HELD == 0
    others, judges = (np.concatenate([bank[part] * each for each in lengths]) for part in (~is_held, is_held))
    wanted = likeliest_before(head, rows, judges)
    outcomes, scores = [], []
    for penalty in _PENALTIES:
        learnt = _fitted(head, rows, taught, others, float(lengths.mean()), penalty)
        means, truth = held.by_recording(learnt.probabilities(held.embeddings))
        right = means[np.arange(len(truth)), truth]
        left = np.delete(learnt.probabilities(judges), _fresh(head, rows), 1).sum(1)
        scores.append(float(right.mean() + left.mean()) / 2)
        named = float(((means.argmax(1) == truth) & (right >= threshold)).mean())
        kept = float((learnt.logits(judges).argmax(1) == wanted).mean())
        outcomes.append(Outcome(learnt, penalty, named, kept))
    good = np.flatnonzero(np.array(scores) >= max(scores) - _NOTICEABLE)
    return outcomes[int(good[0])]


def likeliest_before(head: Head, rows: Sequence[int], embeddings: np.ndarray) -> np.ndarray:
    """(N,) outputs, without the rows that know nothing yet."""
    logits = head.logits(embeddings)
    logits[:, _fresh(head, rows)] = -np.inf
    return logits.argmax(1)


def _fresh(head: Head, rows: Sequence[int]) -> list[int]:
    return [row for row in rows if not head.weights[row].any()]


def _fitted(
    head: Head, rows: Sequence[int], taught: Taught, others: np.ndarray, length: float, penalty: float
) -> Head:
    from scipy.optimize import minimize

    wanted = likeliest_before(head, rows, others)
    windows = Counter(taught.outputs.tolist())
    shares = np.r_[
        [_ACTION / windows[each] for each in taught.outputs.tolist()],
        np.full(len(others), _OTHERS * _ACTION * len(rows) / len(others)),
    ]
    embeddings = np.concatenate([taught.embeddings, others]).astype(np.float64)
    truth = np.eye(len(head.biases))[np.r_[taught.outputs, wanted]][:, list(rows)]
    before = head.logits(embeddings)
    x = np.concatenate([embeddings / length, np.ones((len(embeddings), 1))], 1)
    fixed = np.delete(before, list(rows), 1)
    top = fixed.max(1, keepdims=True)
    rest = top + np.log(np.exp(fixed - top).sum(1, keepdims=True))  # of all rows that stay, as one
    before = before[:, list(rows)]
    is_rest = 1.0 - truth.sum(1)

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        change = flat.reshape(x.shape[1], len(rows))
        logits = np.concatenate([before + x @ change, rest], 1)
        found = _softmax(logits)
        right = (found[:, :-1] * truth).sum(1) + found[:, -1] * is_rest
        gradient = x.T @ ((found[:, :-1] - truth) * shares[:, None])
        gradient[:-1] += penalty * change[:-1]
        cost = 0.5 * penalty * float((change[:-1] ** 2).sum())
        return cost - float(shares @ np.log(np.maximum(right, 1e-12))), gradient.ravel()

    start = np.zeros(x.shape[1] * len(rows))
    best = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _ITERATIONS})
    change = best.x.reshape(x.shape[1], len(rows))
    weights, biases = head.weights.copy(), head.biases.copy()
    weights[list(rows)] += (change[:-1] / length).T.astype(weights.dtype)
    biases[list(rows)] += change[-1].astype(biases.dtype)
    return Head(weights, biases)


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)
