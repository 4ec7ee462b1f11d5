"""A choice of weights: one set, or several and how much each of them counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path

from recognizer.card import WeightsError
from recognizer.fields import shown
from recognizer.weights import is_file

MOST_MEMBERS = 16
"""Of a fusion; each takes memory and time as one set of weights does."""
_LARGEST_SHARE = 1e100  # a sum of them is finite


@dataclass(frozen=True)
class Choice:
    """One set of weights, or several whose scores are averaged.

    ``str`` gives the shortest text that ``parse_choice`` makes the same choice of.

    Attributes:
        names: of shipped weights, or paths; each once.
        shares: how much each counts, positive, together 1.
    """

    names: tuple[str, ...]
    shares: tuple[float, ...]

    @classmethod
    def of(cls, names: Sequence[str], shares: Sequence[float] | None = None) -> Choice:
        """A choice of weights that all count the same, or as ``shares`` say, which need not add up to 1.

        Raises:
            WeightsError: no names, too many, one twice, or a share that is no positive number.
        """
        shares = [1.0] * len(names) if shares is None else shares
        if not names or not all(names):
            raise WeightsError("Weights have a name: write a, a+b or a*0.6+b*0.4.")
        if len(names) > MOST_MEMBERS:
            raise WeightsError(
                f"{len(names)} sets of weights are too many to be fused: name {MOST_MEMBERS} at most."
            )
        name, times = Counter(names).most_common(1)[0]
        if times > 1:
            raise WeightsError(f"{_short(name)} is named more than once: name each set of weights once.")
        for name, share in zip(names, shares, strict=True):
            if not 0 < share <= _LARGEST_SHARE:
                raise WeightsError(f"The share of {_short(name)} must be a positive number, not {share:g}.")
        total = sum(shares)
        return cls(tuple(names), tuple(share / total for share in shares))

    @property
    def fused(self) -> bool:
        """Whether it is several."""
        return len(self.names) > 1

    @property
    def even(self) -> bool:
        """Whether all count the same."""
        return len(set(self.shares)) == 1

    def __str__(self) -> str:
        if self.even:
            return "+".join(self.names)
        return "+".join(f"{name}*{share:.6g}" for name, share in zip(self.names, self.shares, strict=True))


def parse_choice(text: str | Path, known: Container[str] = ()) -> Choice:
    """What somebody has written: ``a``, ``a+b``, or with shares ``a*0.6+b*0.4``.

    >>> parse_choice("joints*3+bones")
    Choice(names=('joints', 'bones'), shares=(0.75, 0.25))

    Args:
        text: names or paths. One that is known, or a file that is there, is one set, whatever signs it holds.
        known: names that there are.

    Raises:
        WeightsError: with one sentence: see ``Choice.of``, or a share that is no number.
    """
    text = str(text)
    if text in known or "+" not in text or is_file(Path(text)):
        return Choice((text,), (1.0,))
    parts = text.split("+")
    if len(parts) > MOST_MEMBERS:
        return Choice.of(parts)  # tells so
    names, shares = [], []
    for part in parts:
        name, star, written = part.strip().partition("*")
        try:
            shares.append(float(written) if star else 1.0)
        except ValueError:
            raise WeightsError(
                f"'{shown(written.strip())}' in '{shown(text)}' is no share: write a*0.6+b*0.4."
            ) from None
        names.append(name.strip())
    return Choice.of(names, shares)


def _short(name: str) -> str:
    """A name that somebody has sent, short enough for a sentence and without control characters."""
    return shown(name, 60)
