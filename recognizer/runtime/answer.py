"""What a network answers to a batch, whoever computes it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Answer:
    """What ``Network.forward_in_full`` gives, as NumPy's arrays.

    Attributes:
        logits: (N, classes) float32.
        embeddings: (N, D) float32.
        attention: a dataclass of ``recognizer.networks.attended``.
    """

    logits: np.ndarray
    embeddings: np.ndarray
    attention: Any


Engine = Callable[[np.ndarray], Answer]
"""A network that is ready: takes a batch (N, C, T, V, M) float32, for any N from 1 on, in any thread."""


def named(attention: Any) -> dict[str, Any]:
    """The arrays or tensors of a network's attention by name: "relations.0" is the first of several."""
    return dict(_named(attention))


def _named(attention: Any) -> Iterator[tuple[str, Any]]:
    for field in dataclasses.fields(attention):
        value = getattr(attention, field.name)
        if isinstance(value, tuple):
            yield from ((f"{field.name}.{number}", each) for number, each in enumerate(value))
        elif value is not None:
            yield field.name, value


def rebuilt(kind: type, arrays: Mapping[str, Any]) -> Any:
    """Attention of a kind from what ``named`` gave; what is not there stays at its default."""
    values: dict[str, Any] = {}
    for name, array in arrays.items():
        field, several, _ = name.partition(".")
        values[field] = (*values.get(field, ()), array) if several else array
    return kind(**values)
