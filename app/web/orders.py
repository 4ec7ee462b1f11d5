"""What the Video tab may be asked to analyse: every value that a page sends, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import NoneType

from app.core.catalogue import Catalogue
from app.door.uploads import file_in
from pose.errors import UserError
from recognizer.card import WeightsError
from recognizer.choice import Choice

RESULTS = "video-"
"""What the names of folders with results start with, beside the uploads'."""

GONE = "This video is not here any more: choose it again."


class OrderError(UserError, ValueError):
    """An analysis that cannot be started. The message is one sentence for the user."""


@dataclass(frozen=True)
class Order:
    """An analysis that somebody wants.

    Attributes:
        source: the video, as the page names it; ``source_in`` finds it.
        weights: what ``Catalogue.load`` is asked for.
        threshold: probability under which no action is named.
        attention: whether to keep what the network looks at.
        own: name of a collection whose actions are recognised beside those of the weights, or None.
    """

    source: str
    weights: str | None
    threshold: float
    attention: bool = False
    own: str | None = None


def order_of(
    catalogue: Catalogue,
    source: object,
    name: object,
    partners: object,
    threshold: object,
    attention: object,
    own: object = None,
    shares: Sequence[object] = (),
) -> Order:
    """An order from the values of a page.

    Args:
        catalogue: the weights that there are.
        source: path of the video.
        name: of the weights, or several in words (``choice.parse_choice``); None where there are none.
        partners: names of those to fuse them with, a list or None.
        threshold: 0 to 1.
        attention: true or false.
        own: name of a collection; "" or None for none.
        shares: how much the weights and then their partners count, positive numbers; those behind the last
            partner mean nothing. Without any, all count the same.

    Raises:
        OrderError: one of them is nothing that the page offers.
    """
    if not isinstance(source, str):
        raise OrderError("Choose a video first, or use the example.")
    if not is_number(threshold) or not 0 <= threshold <= 1:
        raise OrderError("The threshold must be a number from 0 to 1.")
    if not isinstance(attention, bool):
        raise OrderError("Whether to show what the network looks at must be yes or no: reload the page.")
    if not isinstance(own, (str, NoneType)):
        raise OrderError("This collection of own actions is not here: choose another.")
    weights = _weights(catalogue, name, partners, shares)
    return Order(source, weights, float(threshold), attention, own or None)


def is_number(value: object) -> bool:
    """Whether a value is a number that can be meant, of seconds or a share: not NaN, nor infinite."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e9


def source_in(folder: Path, path: str, example: Path | None) -> Path | None:
    """The uploaded file, or the example, that a page names; None if it is neither, or gone.

    Args:
        folder: of uploads; all links are followed.
        path: as the page has sent it.
        example: the clip that the program draws, in a folder of results of its own.
    """
    found = file_in(folder, path)
    if found is None or found == example:
        return found
    below = found.relative_to(folder.resolve()).parts
    # Gradio stores an upload in a folder named after its contents.
    return found if len(below) == 2 and not below[0].startswith(RESULTS) else None


def _weights(catalogue: Catalogue, name: object, partners: object, shares: Sequence[object]) -> str | None:
    if name is None and not partners:
        return None  # the catalogue's own choice, or its sentence that there are none
    if not isinstance(name, str) or (not partners and not _is_here(catalogue, name)):
        raise OrderError("These weights are not here: choose others.")
    if not partners:
        return name
    fitting = catalogue.partners(name)
    if (
        not isinstance(partners, list)
        or len(partners) > len(fitting)
        or any(not isinstance(each, str) or each not in fitting for each in partners)
        or len(set(partners)) < len(partners)
    ):
        raise OrderError(f"Not all of these weights can be fused with {name}: choose others, each once.")
    names = [name, *partners]
    counts = shares[: len(names)] or [1.0] * len(names)
    if len(counts) < len(names) or not all(is_number(count) for count in counts):
        raise OrderError("How much each network counts must be positive numbers: reload the page.")
    try:
        return str(Choice.of(names, counts))
    except WeightsError as error:
        raise OrderError(str(error)) from error


def _is_here(catalogue: Catalogue, text: str) -> bool:
    try:
        catalogue.choice(text)
    except WeightsError:
        return False
    return True
