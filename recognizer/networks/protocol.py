"""What every network can do."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Network(nn.Module, ABC):
    """What training, recognition and few-shot learning ask of a network.

    x is always a batch of N samples (N, C, T, V, M).
    """

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, classes)."""

    @abstractmethod
    def forward_in_full(self, x: Tensor) -> tuple[Tensor, Tensor, object]:
        """Logits (N, classes), as from ``forward``; the embedding (N, D), the features from which linear
        classifiers make the logits, which dropout leaves alone; and what the network looked at, of a kind
        that ``attention_maps`` takes."""

    @abstractmethod
    def supervised(self, x: Tensor) -> tuple[tuple[Tensor, ...], Tensor]:
        """Logits (N, classes) of every head, over whose losses training takes the mean, and those that
        recognise."""
