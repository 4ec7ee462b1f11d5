"""How strong each measure is that makes random windows for training; the defaults are the shipped ones."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from recognizer.fields import Degrees, Fraction, WindowSeconds


def _ascending(limits: tuple[float, float]) -> tuple[float, float]:
    if limits[0] > limits[1]:
        raise ValueError("the first of two limits must not be above the second")
    return limits


FREQUENT_ELEVATION = 4.0
"""Degrees; the most frequent one of cameras."""

Strength = Annotated[float, Field(ge=0, le=3, allow_inf_nan=False)]
Seconds = Annotated[tuple[WindowSeconds, WindowSeconds], AfterValidator(_ascending)]
Elevation = tuple[
    Annotated[float, Field(ge=-90, le=FREQUENT_ELEVATION, allow_inf_nan=False)],
    Annotated[float, Field(gt=FREQUENT_ELEVATION, le=90, allow_inf_nan=False)],
]
Metres = Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]
Distance = Annotated[tuple[Metres, Metres], AfterValidator(_ascending)]


class Augmentation(BaseModel):
    """Strength of each measure; probabilities are per window, lengths in torso lengths, angles in degrees."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    speed: Strength = 0.4  # log-uniform: times e^-0.4 .. e^0.4; gym exercises are slow
    slow_camera: Fraction = 0.3  # share seen at only 8 to 20 frames a second
    short: Fraction = 0.2  # share of which only a piece is seen, as of somebody who has just come in
    short_seconds: Seconds = (0.7, 2.0)
    onset: Fraction = 0.0  # share of pieces before which somebody stood still, as when an action begins
    mirror: Fraction = 0.5
    frontal_views: Fraction = 0.35  # share of 3-D clips seen from nearly the front
    azimuth: Degrees = 70.0
    any_azimuth: Fraction = 0.08  # share seen from anywhere, also from behind
    elevation: Elevation = (-15.0, 35.0)
    roll: Degrees = 6.0
    distance: Distance = (1.8, 6.0)  # metres
    real_body: Fraction = 0.45  # share of lab gestures put on the body of a real camera clip
    made_up_wave: Fraction = 0.5  # share of the waves on such bodies that are generated (made_up.py)
    made_up_clap: Fraction = 0.0  # the same of the claps
    other_arm: Fraction = 0.35  # share of waves with both arms and of curls with one
    stretch: Strength = 0.12  # width against height
    zoom_drift: Strength = 0.15
    height_drift: Strength = 0.3
    noise: Strength = 0.02
    slow_noise: Strength = 0.03
    drop_legs: Fraction = 0.15
    desk: Fraction = 0.35  # share of what the arms tell that a webcam on a desk sees (desk.py)
    close_up: Fraction = 0.12  # of the other actions: only the upper body, hands perhaps below the edge
    hide_seen: Fraction = 0.2  # do not tell which joints were seen
    drop_arm: Fraction = 0.05
    drop_joint: Fraction = 0.02
