"""A network that begins with trained weights."""

from __future__ import annotations

from recognizer.card import WeightsCard
from recognizer.networks.protocol import Network
from recognizer.training.shared.errors import ConfigError
from recognizer.vocabulary import UNKNOWN


def begin_with(network: Network, labels: tuple[str, ...], trained: Network, card: WeightsCard) -> None:
    """Takes over the tensors of trained weights, where they fit.

    Of a tensor with a row a class, such as the last layer's, the rows of the labels that both know are taken.

    Args:
        network: its outputs are ``labels`` and the unknown.
        labels: in the order of its outputs.
        trained: of the same architecture.
        card: of ``trained``.

    Raises:
        ConfigError: another network, or another width of it.
    """
    outputs = (*card.classes, UNKNOWN) if card.open_set else card.classes
    rows = [(new, outputs.index(label)) for new, label in enumerate((*labels, UNKNOWN)) if label in outputs]
    own, theirs = network.state_dict(), trained.state_dict()
    for name, tensor in own.items():
        other = theirs.get(name)
        if other is not None and other.shape == tensor.shape:
            tensor.copy_(other)
        elif (
            other is not None
            and other.shape[1:] == tensor.shape[1:]
            and (len(tensor), len(other)) == (len(labels) + 1, len(outputs))
        ):
            new, old = zip(*rows, strict=True)
            tensor[list(new)] = other[list(old)]
        else:
            raise ConfigError(
                f"The network cannot begin with {card.name}: its {name} is of another shape there. Configure "
                "the same network, or leave start_from out."
            )
