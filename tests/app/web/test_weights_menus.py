"""The choice of weights, and of several to fuse."""

from __future__ import annotations

import gradio as gr
import numpy as np
import pytest

from app.core import catalogue as module
from app.core.catalogue import Catalogue
from app.web.weights_menus import (
    EVEN,
    about_weights,
    first_choice,
    human_name,
    share_sliders,
    threshold_of,
    weights_menus,
)
from pose.layouts import KINETICS_18
from pose.skeleton import SkeletonSequence
from recognizer.card import WeightsError
from recognizer.choice import Choice
from recognizer.weights import DEFAULT
from tests.doubles import SteadyRecognizer

CATALOGUE = Catalogue.of(
    {
        "waver": SteadyRecognizer("waver", {"wave": 0.7, "arm_curl": 0.3}, threshold=0.42),
        "curler": SteadyRecognizer("curler", {"wave": 0.1, "arm_curl": 0.9}, threshold=0.6),
        "clapper": SteadyRecognizer("clapper", {"clap": 0.5, "wave": 0.5}),
        "deep": SteadyRecognizer("deep", {"wave": 0.7, "arm_curl": 0.3}, layout="ntu-25"),
    }
)


def test_the_page_tells_what_the_weights_know():
    said = about_weights(CATALOGUE, "waver")
    assert "<li>arm curl</li>" in said
    assert "LSTA-Net" in said and "2 actions" in said
    assert threshold_of(CATALOGUE, "waver") == 0.42


def test_weights_go_by_a_human_name():
    shipped = Catalogue.shipped().cards
    assert human_name(shipped["kinetics-18-lsta-daily"]) == "LSTA-Net, daily, 2-D"
    assert human_name(shipped["ntu-25-sem-daily-3d"]) == "SEM-Net, daily, 3-D"
    names = [human_name(card) for card in shipped.values()]
    assert len(set(names)) == len(names)
    assert human_name(CATALOGUE.load("waver*0.7+curler*0.3").card) == "waver*0.7+curler*0.3"
    with gr.Blocks():
        weights, partners = weights_menus(CATALOGUE, "live")
    assert ("LSTA-Net, deep, 3-D", "deep") in weights.choices and weights.value == "waver"
    assert partners.choices == [("LSTA-Net, curler, 2-D", "curler")]


def test_without_any_weights_it_says_so():
    assert "no weights" in about_weights(Catalogue({}), None)
    assert Catalogue({}).partners(None) == []


def test_what_a_card_says_is_shown_as_text():
    recognizer = SteadyRecognizer("x", {"<b>wave</b>": 0.5, "clap": 0.5})
    recognizer.card = recognizer.card.model_copy(update={"data": "<script>"})
    said = about_weights(Catalogue.of({"x": recognizer}), "x")
    assert "<script>" not in said
    assert "&lt;b&gt;wave" in said


def test_loaded_weights_are_shared():
    calls = []

    def load(name: str) -> SteadyRecognizer:
        calls.append(name)
        return SteadyRecognizer(name, {"wave": 1.0})

    catalogue = Catalogue(CATALOGUE.cards, load)
    assert catalogue.load(None) is catalogue.load("waver")
    catalogue.load("waver+curler")
    assert calls == ["waver", "curler"]
    with pytest.raises(WeightsError, match="'other'.*waver"):
        catalogue.load("other")


def test_only_networks_that_see_and_say_the_same_can_be_fused():
    assert CATALOGUE.partners("waver") == ["curler"]
    assert CATALOGUE.partners("clapper") == CATALOGUE.partners("deep") == []


def test_the_scores_of_fused_networks_are_averaged():
    name = str(Choice.of(["waver", "curler"]))
    window = SkeletonSequence(
        np.zeros((1, 32, 18, 2)), np.ones((1, 32, 18)), np.linspace(0, 3, 32), KINETICS_18
    )
    (prediction,) = CATALOGUE.load(name).predict([window])
    assert prediction.probabilities.tolist() == pytest.approx([0.4, 0.6])
    assert threshold_of(CATALOGUE, "waver", ["curler"]) == 0.51


@pytest.mark.parametrize("name", ["waver+clapper", "waver+nobody"])
def test_a_fusion_that_cannot_be_is_a_sentence(name):
    with pytest.raises(WeightsError, match=r"(classes|nobody).*\.$"):
        CATALOGUE.load(name)


def test_a_page_may_start_with_a_fusion():
    catalogue = Catalogue(CATALOGUE.cards, default="waver+curler")
    assert first_choice(catalogue) == ("waver", ["curler"])
    assert "LSTA-Net and LSTA-Net on" in about_weights(catalogue, *first_choice(catalogue))
    assert first_choice(CATALOGUE) == ("waver", [])
    assert first_choice(Catalogue({})) == (None, [])


def test_there_is_a_slider_for_each_that_can_be_fused_and_none_where_nothing_can():
    with gr.Blocks():
        sliders = share_sliders(CATALOGUE, "live", *weights_menus(CATALOGUE, "live"))
        assert [each.visible for each in sliders] == [True, False]
        fused = Catalogue(CATALOGUE.cards, default="waver+curler")
        sliders = share_sliders(fused, "video", *weights_menus(fused, "video"))
        assert [(each.label, each.value, each.visible) for each in sliders] == [
            ("LSTA-Net, waver, 2-D", EVEN, True), ("LSTA-Net, curler, 2-D", EVEN, True)
        ]  # fmt: skip
        alone = Catalogue({"waver": CATALOGUE.cards["waver"]})
        assert share_sliders(alone, "alone", *weights_menus(alone, "alone")) == []


def test_the_shipped_default_fits_together():
    catalogue = Catalogue.shipped()
    recognizer = catalogue.load(None)
    assert recognizer.card.name == catalogue.default == DEFAULT
    assert set(catalogue.choice().names) < set(catalogue.cards)


def test_without_the_default_the_first_weights_are_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "available", lambda: CATALOGUE.cards)
    assert Catalogue.shipped().default == "waver"
    assert Catalogue.shipped("curler").default == "curler"


def test_a_page_may_start_with_shares():
    asked = "kinetics-18-lsta-daily*3+kinetics-18-stf-daily"
    catalogue = Catalogue.shipped(asked)
    shares = "kinetics-18-lsta-daily*0.75+kinetics-18-stf-daily*0.25"
    assert first_choice(catalogue) == (shares, [])
    assert catalogue.load(None).card.name == shares
    assert "LSTA-Net on" in about_weights(catalogue, shares)


def test_what_cannot_be_fused_is_told_before_the_page_opens():
    with pytest.raises(WeightsError, match="cannot be fused: they differ in layout"):
        Catalogue.shipped("kinetics-18-lsta-daily+ntu-25-lsta-daily-3d")
