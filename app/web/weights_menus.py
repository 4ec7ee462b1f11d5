"""The menus that choose weights, or several to fuse, and what the page says about them."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

import gradio as gr

from app.core.catalogue import NO_WEIGHTS, Catalogue
from app.drawing.picture import readable
from pose.layouts import LAYOUTS
from recognizer.card import WeightsCard
from recognizer.choice import MOST_MEMBERS, parse_choice
from recognizer.networks import TITLES

EVEN = 50
"""What each share starts as, of 1 to 100; they need not add up to anything."""


def about_weights(catalogue: Catalogue, name: str | None, partners: list[str] | None = None) -> str:
    """HTML: what the chosen weights are and which actions they know."""
    cards = [catalogue.cards[each] for each in (name, *(partners or ())) if each in catalogue.cards]
    if not cards:
        return f'<p class="p2a-about">{NO_WEIGHTS}</p>'
    card = cards[0]
    actions = "".join(f"<li>{escape(readable(label))}</li>" for label in sorted(card.classes))
    said = (
        f"{' and '.join(TITLES[each.network.name] for each in cards)} on the {card.layout} skeleton; "
        f"{len(card.classes)} actions, looks at the last {card.window_seconds:g} seconds. "
        f"Trained on: {card.data.rstrip('.')}. Licence: {card.licence}"
    )
    return f'<div class="p2a-about"><p>{escape(said)}</p><ul class="p2a-chips">{actions}</ul></div>'


def human_name(card: WeightsCard) -> str:
    """What people call weights: "LSTA-Net, daily, 2-D" instead of kinetics-18-lsta-daily."""
    if parse_choice(card.name).fused:
        return card.name
    trained_on = card.name.removeprefix(f"{card.layout}-{card.network.name}-").removesuffix("-3d")
    dimensions = LAYOUTS[card.layout].coordinates
    return f"{TITLES[card.network.name]}, {readable(trained_on.replace('-', ' '))}, {dimensions}-D"


def _choices(catalogue: Catalogue, names: Iterable[str]) -> list[tuple[str, str]]:
    """What a menu of weights shows, and what it means."""
    return [(human_name(catalogue.cards[name]), name) for name in names]


def threshold_of(catalogue: Catalogue, name: str | None, partners: list[str] | None = None) -> float:
    """The threshold that the weights' card recommends; of several, the mean."""
    cards = [catalogue.cards[each] for each in (name, *(partners or ())) if each in catalogue.cards]
    return round(sum(card.threshold for card in cards) / len(cards), 2) if cards else 0.5


def first_choice(catalogue: Catalogue) -> tuple[str | None, list[str]]:
    """The weights that a page starts with, and those to fuse them with."""
    if catalogue.default is None:
        return None, []
    first, *partners = catalogue.choice().names
    return first, partners


def weights_menus(catalogue: Catalogue, prefix: str) -> tuple[gr.Dropdown, gr.Dropdown]:
    """The weights, and those to fuse them with; the second is hidden where there are none that fit.

    Args:
        catalogue: where weights come from.
        prefix: of the elements' ids, "-weights" and "-partners".
    """
    first, chosen = first_choice(catalogue)
    weights = gr.Dropdown(
        _choices(catalogue, catalogue.cards),
        value=first,
        label="Weights",
        info="Which network looks, and which actions it knows.",
        elem_id=f"{prefix}-weights",
        filterable=False,
        min_width=300,
    )
    partners = gr.Dropdown(
        _choices(catalogue, catalogue.partners(first)),
        value=chosen,
        multiselect=True,
        label="Fused with",
        info="Other networks whose scores are averaged with its own.",
        elem_id=f"{prefix}-partners",
        visible=bool(catalogue.partners(first)),
        filterable=False,
        min_width=300,
    )

    def fitting(name: str | None) -> dict:
        names = catalogue.partners(name)
        return gr.update(choices=_choices(catalogue, names), value=[], visible=bool(names))

    weights.change(
        fitting, weights, partners, show_progress="hidden", queue=False, api_visibility="private",
        preprocess=False,
    )  # fmt: skip
    return weights, partners


def share_sliders(
    catalogue: Catalogue, prefix: str, weights: gr.Dropdown, partners: gr.Dropdown
) -> list[gr.Slider]:
    """How much each set of weights of a fusion counts, out of sight while there is only one.

    Another choice starts even: what was set was meant for the former one.

    Args:
        catalogue: where weights come from.
        prefix: of the elements' ids, "-shares" and "-share-0" to the last.
        weights: the menu of the first.
        partners: the menu of those that it is fused with.

    Returns:
        Sliders for the first, its first partner and so on; those behind the last partner mean nothing. None
        where nothing can be fused.
    """
    most = min(MOST_MEMBERS, 1 + max((len(catalogue.partners(name)) for name in catalogue.cards), default=0))
    if most == 1:
        return []
    names = _titles(catalogue, *first_choice(catalogue))
    with gr.Accordion(
        "How much each network counts", open=False, visible=len(names) > 1, elem_id=f"{prefix}-shares"
    ) as box:
        with gr.Row():
            sliders = [
                gr.Slider(
                    1,
                    100,
                    value=EVEN,
                    step=1,
                    label=names[number] if number < len(names) else "",
                    visible=number < len(names),
                    elem_id=f"{prefix}-share-{number}",
                    min_width=260,
                    buttons=[],
                )
                for number in range(most)
            ]

    def begin(name: str | None, others: list[str]) -> list[dict]:
        members = _titles(catalogue, name, others)[:most]
        there = [gr.update(label=each, value=EVEN, visible=True) for each in members]
        hidden = [gr.update(visible=False)] * (most - len(there))
        return [gr.update(visible=len(members) > 1), *there, *hidden]

    quiet = {
        "show_progress": "hidden", "queue": False, "api_visibility": "private", "preprocess": False,
    }  # fmt: skip
    weights.change(lambda name: begin(name, []), weights, [box, *sliders], **quiet)
    partners.change(begin, [weights, partners], [box, *sliders], **quiet)
    return sliders


def _titles(catalogue: Catalogue, name: str | None, partners: list[str] | None) -> list[str]:
    """What people call the networks of a fusion, or the only one."""
    names = [] if name is None else [name, *(partners or ())]
    cards = [catalogue.cards.get(each) for each in names if isinstance(each, str)]
    return [human_name(card) for card in cards if card is not None]
