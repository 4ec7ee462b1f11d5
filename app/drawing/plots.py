"""Plotly figures: the timeline of a video's actions, and a confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from app.core.subjects import PEOPLE, Subject
from app.drawing.picture import person_colour, readable

GREY = "#7b8794"
"""For axes and words: readable on light and on dark pages."""


@dataclass(frozen=True)
class Bar:
    """One action of one person: seconds, a class name, its mean score, and how often it was done where that
    is counted."""

    person: int
    start: float
    end: float
    label: str
    score: float
    count: int | None = None

    @property
    def text(self) -> str:
        """What the action is called, with its count: "squat ×5"."""
        return readable(self.label) + (f" ×{self.count}" if self.count else "")


def timeline_figure(bars: Sequence[Bar], duration: float, subject: Subject = PEOPLE) -> go.Figure:
    """One row a person, one bar an action; idle ones are pale.

    Args:
        bars: actions of all persons.
        duration: seconds of the video; the time axis ends there.
        subject: what the persons are called.
    """
    figure = go.Figure()
    people = sorted({bar.person for bar in bars})
    for person in people:
        own = [bar for bar in bars if bar.person == person]
        red, green, blue = person_colour(person)
        pale = [bar.label.startswith("idle") for bar in own]
        figure.add_bar(
            orientation="h",
            y=[subject.number(person).capitalize()] * len(own),
            base=[bar.start for bar in own],
            x=[bar.end - bar.start for bar in own],
            text=[bar.text for bar in own],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"size": 13, "color": [GREY if each else "white" for each in pale]},
            constraintext="none",
            customdata=[[bar.text, bar.start, bar.end, bar.score] for bar in own],
            hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]:.1f} s to %{customdata[2]:.1f} s"
            "<br>score %{customdata[3]:.0%}<extra></extra>",
            marker={
                "color": [f"rgba({red},{green},{blue},{0.22 if each else 1})" for each in pale],
                "line": {"width": 1.5, "color": "rgba(255,255,255,0.65)"},
                "cornerradius": 6,
            },
            width=0.66,
            showlegend=False,
        )
    axis = {"color": GREY, "gridcolor": "rgba(123,135,148,0.2)", "zeroline": False, "fixedrange": True}
    figure.update_layout(
        barmode="overlay",
        bargap=0,
        height=104 + 58 * max(1, len(people)),
        margin={"l": 8, "r": 16, "t": 34, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "system-ui, sans-serif", "color": GREY},
        uniformtext={"minsize": 9, "mode": "hide"},
        dragmode=False,
        xaxis={**axis, "range": [0, max(duration, 0.1)], "ticksuffix": " s", "automargin": True},
        yaxis={
            **axis,
            "autorange": "reversed",
            "automargin": True,
            "showgrid": False,
            "visible": bool(people),
        },
    )
    return figure


def confusion_figure(confusion: np.ndarray, classes: Sequence[str], title: str) -> go.Figure:
    """Share of each true class (row) that was taken for each class (column).

    Args:
        confusion: (K, K) clips.
        classes: K names.
        title: over the figure.
    """
    share = confusion / np.maximum(confusion.sum(1, keepdims=True), 1)
    names = [readable(name) for name in classes]
    figure = go.Figure(
        go.Heatmap(
            z=share, x=names, y=names, zmin=0, zmax=1, colorscale="Viridis", customdata=confusion,
            colorbar={"title": "share of row", "tickformat": ".0%"},
            hovertemplate="%{y} taken for %{x}<br>%{customdata} clips, %{z:.0%}<extra></extra>",
        )
    )  # fmt: skip
    side = max(500, 18 * len(names) + 200)
    figure.update_layout(title=title, width=side + 100, height=side)
    figure.update_xaxes(title="recognised", tickangle=-60, dtick=1)
    figure.update_yaxes(title="true", autorange="reversed", dtick=1)
    return figure
