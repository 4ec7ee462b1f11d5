"""The recognisers that there are: known by their cards at once, loaded when first asked for, shared."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from recognizer.weights import DEFAULT, WeightsCard, WeightsError, available, difference

if TYPE_CHECKING:  # importing it takes seconds (torch), and the page must not wait for that
    from recognizer.predictor import Recognizer
    from recognizer.sparse import Backend


NO_WEIGHTS = "There are no weights to recognise actions with: install pose2action again."


def _load(name: str | Path, sparse_backend: Backend = "auto") -> Recognizer:
    from recognizer.fusion import load_recognizer

    return load_recognizer(name, sparse_backend)


class Catalogue:
    """Weights by name. Each is loaded once; sessions share it (a recogniser has no state between calls).

    Args:
        cards: what there is, by name.
        load: gives the recogniser of a name; may raise ``WeightsError``.
        default: what a page starts with: a name, or several joined by "+"; the first one if it is not given.
    """

    def __init__(
        self,
        cards: Mapping[str, WeightsCard],
        load: Callable[[str], Recognizer] = _load,
        default: str | None = None,
    ) -> None:
        self.cards = dict(cards)
        self.default = default if default is not None else next(iter(self.cards), None)
        self._load = load
        self._loaded: dict[str, Future[Recognizer]] = {}
        self._lock = threading.Lock()

    @classmethod
    def shipped(cls, chosen: str | Path | None = None, sparse_backend: Backend = "auto") -> Catalogue:
        """Every set of weights of the weights folder, and one more if ``chosen`` is a file or a fusion.

        Args:
            chosen: the default: a name of the folder, a path to weights, or a fusion such as "a+b".
            sparse_backend: who computes sparse convolutions.

        Raises:
            WeightsError: ``chosen`` is neither, or its file is damaged.
            SparseError: ``chosen`` needs MinkowskiEngine, which cannot be imported.
        """
        cards = available()
        load = functools.partial(_load, sparse_backend=sparse_backend)
        if chosen is None:
            return cls(cards, load, DEFAULT if cards.keys() >= set(DEFAULT.split("+")) else None)
        if cards.keys() >= set(str(chosen).split("+")):
            catalogue = cls(cards, load, str(chosen))
            if "+" in str(chosen):
                catalogue.load(None)  # tells what cannot be fused
            return catalogue
        recognizer = load(chosen)
        catalogue = cls({recognizer.card.name: recognizer.card, **cards}, load, recognizer.card.name)
        catalogue._loaded[recognizer.card.name] = loaded = Future()
        loaded.set_result(recognizer)
        return catalogue

    @classmethod
    def of(cls, recognizers: Mapping[str, Recognizer]) -> Catalogue:
        """Recognisers that are in memory already."""
        cards = {name: recognizer.card for name, recognizer in recognizers.items()}
        return cls(cards, load=dict(recognizers).__getitem__)

    def members(self, name: str | None) -> list[str]:
        """The names of which one is made: several for a fusion, none for None."""
        return [] if name is None else [name] if name in self.cards else name.split("+")

    def partners(self, name: str | None) -> list[str]:
        """Names of the other weights that can be fused with one."""
        card = self.cards.get(name)
        if card is None or "+" in name:
            return []
        others = ((other, theirs) for other, theirs in self.cards.items() if other != name)
        return [other for other, theirs in others if "+" not in other and difference(card, theirs) is None]

    def load(self, name: str | None) -> Recognizer:
        """The recogniser of a name, None being the default; of several joined by "+", their fusion.

        May be called from several threads: one waits for weights that another is loading, and for nothing
        else.

        Raises:
            WeightsError: one sentence: no weights at all, an unknown name, one that a fusion names twice,
                weights that do not go together, or a damaged file.
        """
        if not self.cards:
            raise WeightsError(NO_WEIGHTS)
        name = self.default if name is None else name
        members = self.members(name)
        for member in members:  # all of them before the first is loaded
            if member not in self.cards:
                raise WeightsError(
                    f"There are no weights named {_short(member)!r}; there are: {', '.join(self.cards)}."
                )
        twice = next((member for member in members if members.count(member) > 1), None)
        if twice is not None:
            raise WeightsError(f"{_short(name)!r} names {twice} more than once: name each set once.")
        if len(members) == 1:
            return self._one(name)
        from recognizer.fusion import Fusion

        return Fusion([(self._one(member), 1.0) for member in members])

    def _one(self, name: str) -> Recognizer:
        with self._lock:
            loaded = self._loaded.get(name)
            first = loaded is None
            if first:
                loaded = self._loaded[name] = Future()
        if first:
            try:
                loaded.set_result(self._load(name))
            except BaseException as error:  # whoever waits must not wait for ever
                with self._lock:
                    del self._loaded[name]
                loaded.set_exception(error)
        return loaded.result()


def _short(name: str) -> str:
    """A name that somebody has sent, short enough for a sentence."""
    return name if len(name) <= 60 else name[:60] + "…"
