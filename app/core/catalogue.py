"""The recognisers that there are: known by their cards at once, loaded when first asked for, shared."""

from __future__ import annotations

import functools
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from recognizer.card import WeightsCard, WeightsError, difference
from recognizer.choice import Choice, parse_choice
from recognizer.fields import shown
from recognizer.weights import DEFAULT, available

if TYPE_CHECKING:  # the page does not wait for what recognises
    from recognizer.predictor import SparseBackend, WindowRecognizer


MOST_KEPT = 3
"""Weights that stay loaded when nobody uses them any more: those that were asked for last."""
NO_WEIGHTS = "There are no weights to recognise actions with: install pose2action again."


def _load(
    name: str | Path, sparse_backend: SparseBackend = "auto", at_once: bool = False
) -> WindowRecognizer:
    from recognizer.fusion import load_recognizer

    return load_recognizer(name, sparse_backend, at_once)


class Catalogue:
    """Weights by name. Sessions share what is loaded (a recogniser has no state between calls); it goes when
    none of them uses it any more and others were asked for since.

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
        self._loaded: WeakValueDictionary[str, WindowRecognizer] = WeakValueDictionary()
        self._recent: deque[WindowRecognizer] = deque(maxlen=MOST_KEPT)
        self._loading: dict[str, Future[WindowRecognizer]] = {}
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
        return cls(
            {name: recognizer.card, **cards},
            lambda asked: recognizer if asked == name else load(asked),
            name,
            {name: choice.names},
        )

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
            if loaded is not None:
                self._note(loaded)
                return loaded
            loading = self._loading.get(name)
            first = loading is None
            if first:
                loading = self._loading[name] = Future()
        if first:
            try:
                loaded = self._load(name)
            except BaseException as error:  # whoever waits must not wait for ever
                with self._lock:
                    del self._loading[name]
                loading.set_exception(error)
            else:
                with self._lock:
                    del self._loading[name]
                    self._loaded[name] = loaded
                    self._note(loaded)
                loading.set_result(loaded)
        return loading.result()

    def _note(self, used: WindowRecognizer) -> None:
        """Keeps what was asked for last."""
        others = [each for each in self._recent if each is not used]
        self._recent.clear()
        self._recent.extend([*others, used])
