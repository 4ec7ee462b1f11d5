"""The clips that weights can be judged on: those of the labels that they know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from recognizer.card import WeightsCard
from recognizer.data.corpus import Example
from recognizer.training.shared.errors import ConfigError
from recognizer.vocabulary import VOCABULARIES, Vocabulary


def vocabulary_of(card: WeightsCard, dataset: str | None = None) -> Vocabulary:
    """The vocabulary that has most labels in common with weights.

    Args:
        card: of the weights. They may be older than the vocabulary, and know fewer labels.
        dataset: of which clips are wanted.

    Raises:
        ConfigError: the weights know hardly a label of any vocabulary, or that has no such data set.
    """
    known = set(card.classes)

    def in_common(vocabulary: Vocabulary) -> float:
        labels = set(vocabulary.labels)
        return len(labels & known) / len(labels | known)

    vocabulary = max(VOCABULARIES.values(), key=in_common)
    if in_common(vocabulary) < 0.5:
        raise ConfigError(
            f"The classes of {card.name} are those of no known vocabulary, so there is nothing to test on."
        )
    if dataset not in (None, *vocabulary.sources):
        names = ", ".join(vocabulary.sources)
        raise ConfigError(f"{vocabulary.name} has no data set {dataset!r}: choose one of {names}.")
    return vocabulary


def as_known_to(
    examples: Iterable[Example], vocabulary: Vocabulary, classes: tuple[str, ...]
) -> Iterator[Example]:
    """Examples with the class indices of weights; left out are those of labels that they do not know.

    Args:
        examples: of ``vocabulary``.
        vocabulary: whose labels the targets count.
        classes: of the weights.
    """
    for example in examples:
        names = [vocabulary.labels[target] for target in example.targets]
        targets = tuple(classes.index(name) for name in names if name in classes)
        if targets or example.unknown:
            yield replace(example, targets=targets)
