"""The part of the Video tab that shows what the network looked at, moment by moment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from app.core.attention import WindowAttention
from app.core.subjects import subject_of
from app.drawing.heat import panel, ticks_of_clip
from app.web.analyses import Analyses
from app.web.analysis import Outcome

STEP = 0.05
"""Seconds between two places of the slider."""

GONE = '<p class="p2a-about">Press Analyse again to see what the network looked at.</p>'


def panel_html(looked: WindowAttention) -> str:
    """The figures of one window for the page's <pose-heat> element, not mirrored, as the video is not."""
    written = json.dumps(panel(looked, mirror=False, ticks=ticks_of_clip(looked.start, looked.end)))
    who = subject_of(looked.layout).number(looked.person)
    span = f"{max(looked.start, 0.0):.1f} s to {looked.end:.1f} s"
    return (
        f'<p class="p2a-about">{who.capitalize()}, window from {span}; the pose as at its end.</p>'
        f'<pose-heat data-panel="{escape(written)}"></pose-heat>'
    )


@dataclass(frozen=True)
class AttentionView:
    """The controls: who, when, and the figures."""

    box: gr.Column
    person: gr.Radio
    moment: gr.Slider
    figures: gr.HTML

    @property
    def outputs(self) -> list[Any]:
        """The components, in the order of ``shown`` and ``hidden``."""
        return [self.box, self.person, self.moment, self.figures]

    @staticmethod
    def hidden() -> tuple:
        """Updates that leave nothing to see."""
        return gr.update(visible=False), gr.skip(), gr.skip(), ""

    @staticmethod
    def shown(outcome: Outcome) -> tuple:
        """Updates that show the middle of the first person's stay; nothing where no attention is known."""
        log = outcome.attention
        spans = {} if log is None else log.spans()
        people = [person.id for person in outcome.result.persons if person.id in spans]
        if not people:
            return AttentionView.hidden()
        first = people[0]
        time = sum(spans[first]) / 2
        looked = log.at(first, time)
        if looked is None:  # the tab was closed just now
            return AttentionView.hidden()
        name = outcome.result.subject.number
        choices = [(name(person).capitalize(), person) for person in people]
        return (
            gr.update(visible=True),
            gr.update(choices=choices, value=first, visible=len(people) > 1),
            _slider(spans[first], time),
            panel_html(looked),
        )


def attention_view(analyses: Analyses) -> AttentionView:
    """Builds the controls inside the current block.

    Args:
        analyses: where each tab's windows are looked up.
    """
    with gr.Column(visible=False, elem_id="video-attention") as box:
        person = gr.Radio([], label="What the network looked at", elem_id="video-attention-person")
        moment = gr.Slider(
            0, 1, step=STEP, label="Moment (seconds)", elem_id="video-moment", buttons=[], min_width=300
        )
        figures = gr.HTML(elem_id="video-heat", apply_default_css=False)

    def look(who: int | None, time: float | None, request: gr.Request) -> str:
        if who is None or time is None:
            return ""
        looked = analyses.looked(request.session_hash, who, time)
        return GONE if looked is None else panel_html(looked)

    def choose(who: int | None, request: gr.Request) -> dict[str, Any]:
        span = analyses.span(request.session_hash, who)
        return gr.skip() if span is None else _slider(span, sum(span) / 2)

    quiet = {"show_progress": "hidden", "api_visibility": "private", "queue": False, "preprocess": False}
    # While the slider is dragged only its newest place counts: older ones are never asked about.
    moment.change(look, [person, moment], figures, trigger_mode="always_last", **quiet)
    person.input(choose, person, moment, **quiet).then(look, [person, moment], figures, **quiet)
    return AttentionView(box, person, moment, figures)


def _slider(span: tuple[float, float], time: float) -> dict[str, Any]:
    first, last = span
    # A single window leaves nothing to choose.
    return gr.update(
        minimum=round(first, 2), maximum=round(max(last, first + STEP), 2), value=round(time, 2),
        visible=last - first > STEP,
    )  # fmt: skip
