"""The recognisers that there are: known by their cards at once, loaded when first asked for, shared."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from recognizer.card import WeightsCard, WeightsError, difference
from recognizer.choice import Choice, parse_choice
from recognizer.fields import shown
from recognizer.weights import DEFAULT, available

if TYPE_CHECKING:  # the page does not wait for what recognises
    from recognizer.predictor import SparseBackend, WindowRecognizer


NO_WEIGHTS = "There are no weights to recognise actions with: install pose2action again."


def _load(
    name: str | Path, sparse_backend: SparseBackend = "auto", at_once: bool = False
) -> WindowRecognizer:
    from recognizer.fusion import load_recognizer

    return load_recognizer(name, sparse_backend, at_once)


class Catalogue:
    """Weights by name. Each is loaded once; sessions share it (a recogniser has no state between calls).

    Args:
        cards: what there is, by name.
        load: gives the recogniser of a name; may raise ``WeightsError``.
        default: what a page starts with, as ``parse_choice`` takes it; the first one if not given.
        members: what a name stands for where that is not weights of the weights folder: paths, say.
    """

    def __init__(
        self,
        cards: Mapping[str, WeightsCard],
        load: Callable[[str], WindowRecognizer] = _load,
        default: str | None = None,
        members: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.cards, self._members = dict(cards), dict(members or {})
        self.default = default if default is not None else next(iter(self.cards), None)
        self._load = load
        self._loaded: dict[str, Future[WindowRecognizer]] = {}
        self._lock = threading.Lock()

    @classmethod
    def shipped(
        cls,
        chosen: str | Path | None = None,
        sparse_backend: SparseBackend = "auto",
        at_once: bool = False,
    ) -> Catalogue:
        """Every set of weights of the weights folder, and one more if ``chosen`` is none that menus can show:
        a file, or a fusion in which not all count the same.

        Args:
            chosen: the default: a name of the folder, a path to weights, or a fusion (``parse_choice``).
            sparse_backend: who computes sparse convolutions.
            at_once: nobody waits for a fast graph that has to be made first.

        Raises:
            WeightsError: ``chosen`` is neither, or its file is damaged.
            SparseError: ``chosen`` needs MinkowskiEngine, which cannot be imported.
        """
        cards = available()
        load = functools.partial(_load, sparse_backend=sparse_backend, at_once=at_once)
        if chosen is None:
            return cls(cards, load, DEFAULT if cards.keys() >= set(parse_choice(DEFAULT).names) else None)
        choice = parse_choice(chosen, cards)
        if choice.even and cards.keys() >= set(choice.names):
            catalogue = cls(cards, load, str(choice))
            if choice.fused:
                catalogue.load(None)  # tells what cannot be fused
            return catalogue
        recognizer = load(chosen)
        name = recognizer.card.name
        catalogue = cls({name: recognizer.card, **cards}, load, name, {name: choice.names})
        catalogue._loaded[name] = loaded = Future()
        loaded.set_result(recognizer)
        return catalogue

    @classmethod
    def of(cls, recognizers: Mapping[str, WindowRecognizer]) -> Catalogue:
        """Recognisers that are in memory already."""
        cards = {name: recognizer.card for name, recognizer in recognizers.items()}
        return cls(cards, load=dict(recognizers).__getitem__)

    def choice(self, text: str | None = None) -> Choice:
        """What somebody has written, or the default, as weights that are here.

        Raises:
            WeightsError: one sentence: no weights at all, an unknown name, or no choice.
        """
        text = self.default if text is None else text
        if text is None:
            raise WeightsError(NO_WEIGHTS)
        choice = parse_choice(text, self.cards)
        unknown = next((name for name in choice.names if name not in self.cards), None)
        if unknown is not None:
            raise WeightsError(
                f"There are no weights named {shown(unknown, 60)!r}; there are: {', '.join(self.cards)}."
            )
        return choice

    def members(self, text: str | None = None) -> tuple[str, ...]:
        """Names of the weights of a choice, or paths to them, as ``weights.load`` takes them.

        Raises:
            WeightsError: see ``choice``.
        """
        return tuple(each for name in self.choice(text).names for each in self._members.get(name, (name,)))

    def partners(self, name: str | None) -> list[str]:
        """Names of the other weights that can be fused with one."""
        card = self.cards.get(name)
        if card is None or parse_choice(name).fused:
            return []
        others = ((other, theirs) for other, theirs in self.cards.items() if other != name)
        return [
            other
            for other, theirs in others
            if not parse_choice(other).fused and difference(card, theirs) is None
        ]

    def load(self, text: str | None) -> WindowRecognizer:
        """The recogniser of a choice in words, None being the default: of several weights, their fusion.

        May be called from several threads: one waits for weights that another is loading, and for nothing
        else.

        Raises:
            WeightsError: one sentence: see ``choice``, weights that do not go together, or a damaged file.
        """
        choice = self.choice(text)  # before the first is loaded
        if not choice.fused:
            return self._one(choice.names[0])
        from recognizer.fusion import Fusion

        return Fusion(
            [(self._one(name), share) for name, share in zip(choice.names, choice.shares, strict=True)]
        )

    def _one(self, name: str) -> WindowRecognizer:
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
