"""Weights on disk: a safetensors file and, beside it, a card that tells what it is.

``<layout>-<network>-<vocabulary>.safetensors`` holds the tensors, ``<same name>.json`` the card, and
``<same name>.onnx``, where it is there, the network as ``recognizer.runtime`` runs it. PyTorch is imported
only where tensors are read or written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from platformdirs import user_data_path
from pydantic import ValidationError

from pose.files import replacing
from pose.layouts import LAYOUTS
from recognizer.card import WeightsCard, WeightsError, encoded
from recognizer.fields import fault, shown
from recognizer.plain_files import read_plain
from recognizer.preprocess import channels

if TYPE_CHECKING:
    from torch import nn

    from recognizer.networks.protocol import Network

DEFAULT = "kinetics-18-lsta-daily"
"""What recognises where nothing is chosen: weights, or a fusion as ``parse_choice`` takes it."""

_MOST_CARD = 2**20
_MOST_TENSORS = 2**30
"""Bytes; the largest of the papers' networks have 20 million."""


def weights_folder() -> Path:
    """Folder of the shipped weights."""
    import weights

    return Path(next(iter(weights.__path__)))


def own_weights_folder() -> Path:
    """Folder of a user's own weights, which names find too; nothing is made here."""
    return user_data_path("pose2action", appauthor=False) / "weights"


def available(folder: Path | None = None) -> dict[str, WeightsCard]:
    """Cards of all weights in a folder by name; by default those that are shipped and the user's own.

    Left out is what cannot be used: a damaged card, one of an unknown layout, one without its tensors; and an
    own one with the name of one that is shipped.
    """
    if folder is None:
        shipped = available(weights_folder())
        return {**shipped, **available(own_weights_folder()), **shipped}
    cards = {}
    for path in sorted(folder.glob("*.json")):
        try:
            card = WeightsCard.model_validate_json(read_plain(path, _MOST_CARD))
        except (OSError, ValidationError):
            continue
        usable = card.layout in LAYOUTS and path.with_suffix(".safetensors").is_file()
        if usable and path.stem.isprintable():
            cards[path.stem] = card
    return cards


def build_network(card: WeightsCard) -> Network:
    """The network that a card describes, with random weights; ValueError as from ``networks.build.build``."""
    from recognizer.networks.build import build

    layout = LAYOUTS[card.layout]
    in_channels = channels(layout, card.preprocessing)
    return build(card.network, layout, len(card.classes) + card.open_set, in_channels, card.persons)


def save(network: nn.Module, card: WeightsCard, folder: Path) -> Path:
    """Writes tensors and card; both appear when both are whole. The card's hash is filled in here.

    Returns:
        The safetensors file.

    Raises:
        WeightsError: they could never be loaded: a tensor or a figure is not finite. Nothing is written.
        OSError: the disk is full, say. What was there before stays.
    """
    import safetensors.torch

    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    if fault_of_tensors := _fault({name: tensor.numpy() for name, tensor in tensors.items()}):
        raise WeightsError(f"The weights {card.name} cannot be used and are not written: {fault_of_tensors}.")
    data = safetensors.torch.save(tensors)
    written = encoded(card.model_copy(update={"sha256": hashlib.sha256(data).hexdigest()}))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{card.name}.safetensors"
    with replacing(path) as of_tensors, replacing(path.with_suffix(".json")) as of_card:
        of_tensors.write_bytes(data)
        of_card.write_bytes(written)
    return path


def add_metrics(name: str | Path, metrics: dict[str, Any], threshold: float | None = None) -> Path:
    """Writes figures into the card of weights; others that it holds stay.

    Args:
        name: of the weights, as for ``load``.
        metrics: the figures.
        threshold: the one that they speak for, if it is not the card's.

    Returns:
        The card.

    Raises:
        WeightsError: see ``load``, or a figure is not finite.
        OSError: the disk is full, say. The card stays as it was.
    """
    path, card = read_card(name)
    chosen = card.threshold if threshold is None else threshold
    update = {"metrics": {**card.metrics, **metrics}, "threshold": chosen}
    written = encoded(card.model_copy(update=update))
    with replacing(path) as temporary:
        temporary.write_bytes(written)
    return path


def load(name: str | Path) -> tuple[Network, WeightsCard]:
    """A network in evaluation mode with its trained weights.

    Args:
        name: of shipped or own weights, or a path to a .safetensors file (or its card) anywhere.

    Raises:
        WeightsError: nothing of that name, a damaged file, a card that does not fit the tensors, or tensors
            with NaN or infinity.
    """
    import safetensors
    import safetensors.torch

    tensor_path, card, data = _read(name)
    try:
        tensors = safetensors.torch.load(data)
        network = build_network(card)
        wanted = {each: tensor.dtype for each, tensor in network.state_dict().items()}
        network.load_state_dict(tensors)
    except (ValueError, RuntimeError, KeyError, safetensors.SafetensorError) as error:
        reason = shown(str(error).strip().splitlines()[-1].strip(), 300).rstrip(".")
        raise WeightsError(f"{tensor_path} does not fit its card: {reason}. {_offer()}") from None
    for each, tensor in tensors.items():
        if tensor.dtype != wanted[each]:  # PyTorch would convert it, to infinity perhaps
            kinds = f"{each} is {tensor.dtype} and must be {wanted[each]}".replace("torch.", "")
            raise WeightsError(f"{tensor_path} does not fit its card: {kinds}. {_offer()}")
    _check_numbers(tensor_path, {each: tensor.numpy() for each, tensor in tensors.items()})
    return network.eval(), card


def load_arrays(name: str | Path) -> tuple[dict[str, np.ndarray], WeightsCard]:
    """The tensors of weights without their network, and without PyTorch.

    Args:
        name: as for ``load``.

    Raises:
        WeightsError: as ``load``, except that nobody has seen whether the card fits the tensors' shapes.
    """
    import safetensors
    import safetensors.numpy

    tensor_path, card, data = _read(name)
    try:
        arrays = safetensors.numpy.load(data)
    except (ValueError, KeyError, safetensors.SafetensorError) as error:
        raise WeightsError(f"{tensor_path} is damaged: {shown(str(error), 300)}. {_offer()}") from None
    _check_numbers(tensor_path, arrays)
    return arrays, card


def check(name: str | Path) -> tuple[Path, WeightsCard]:
    """The safetensors file of weights and their card, once it is sure that they belong together.

    Raises:
        WeightsError: nothing of that name, a damaged card, or tensors that are not those of the card.
    """
    tensor_path, card, _ = _read(name)
    return tensor_path, card


def _read(name: str | Path) -> tuple[Path, WeightsCard, bytes]:
    card_path, card = read_card(name)
    tensor_path = card_path.with_suffix(".safetensors")
    try:
        data = read_plain(tensor_path, _MOST_TENSORS)
    except OSError as error:
        raise WeightsError(f"{tensor_path} cannot be read: {error.strerror}. {_offer()}") from None
    if hashlib.sha256(data).hexdigest() != card.sha256:
        raise WeightsError(f"{tensor_path} is damaged: its hash is not the one in its card. {_offer()}")
    try:
        channels(LAYOUTS[card.layout], card.preprocessing)
    except ValueError as error:
        raise WeightsError(f"{tensor_path} does not fit its card: {error}. {_offer()}") from None
    return tensor_path, card, data


def read_card(name: str | Path) -> tuple[Path, WeightsCard]:
    """The card of weights and its file, by name or path as for ``load``.

    Raises:
        WeightsError: nothing of that name, or a damaged card.
    """
    path = Path(name)
    if path.suffix in (".safetensors", ".json"):
        card_path = path.with_suffix(".json")
    else:
        card_path = weights_folder() / f"{name}.json"
        own = own_weights_folder() / card_path.name
        if not is_file(card_path) and is_file(own):
            card_path = own
    tensor_path = card_path.with_suffix(".safetensors")
    missing = next((path for path in (card_path, tensor_path) if not is_file(path)), None)
    if missing is not None:
        reason = f"{shown(missing.name)} is missing"
        raise WeightsError(f"There are no weights '{shown(str(name))}' ({reason}). {_offer()}")
    try:
        card = WeightsCard.model_validate_json(read_plain(card_path, _MOST_CARD))
    except OSError as error:
        raise WeightsError(f"The card {card_path} cannot be read: {error.strerror}. {_offer()}") from None
    except ValidationError as error:
        reason = fault(error, tagged="network")
        raise WeightsError(f"The card {card_path} is damaged: {reason}. {_offer()}") from None
    if card.layout not in LAYOUTS:
        raise WeightsError(
            f"{card_path.name} names the layout {card.layout!r}, and there are only {', '.join(LAYOUTS)}. "
            f"{_offer()}"
        )
    return card_path, card


def is_file(path: Path) -> bool:
    """Whether there is such a file; a name that no file can have is no error."""
    try:
        return path.is_file()
    except OSError:  # the name is too long, say
        return False


def _check_numbers(tensor_path: Path, tensors: Mapping[str, np.ndarray]) -> None:
    if damage := _fault(tensors):
        raise WeightsError(f"{tensor_path} is damaged: {damage}. {_offer()}")


def _fault(tensors: Mapping[str, np.ndarray]) -> str | None:
    """What is wrong with the numbers themselves, as a part of a sentence."""
    for name, tensor in tensors.items():
        if not np.isfinite(tensor).all():
            return f"{name} holds NaN or infinity"
        if name.endswith("running_var") and (tensor < 0).any():
            return f"{name} holds a negative variance"
    return None


def _offer() -> str:
    names = ", ".join(available())
    return f"Available weights: {names}." if names else f"No usable weights are in {weights_folder()}."
