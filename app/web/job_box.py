"""The box in which the Video tab says how something stands."""

from __future__ import annotations

from html import escape


def job_html(sentence: str, fraction: float | None = None, kind: str = "news") -> str:
    """The box that tells how an analysis stands; with a bar where a fraction is known."""
    bar = ""
    if fraction is not None:
        percent = round(100 * min(max(fraction, 0.0), 1.0))
        bar = (
            '<div class="p2a-job-track" role="progressbar" aria-label="Progress" aria-valuemin="0" '
            f'aria-valuemax="100" aria-valuenow="{percent}">'
            f'<div class="p2a-job-fill" style="width:{percent}%"></div></div>'
        )
    role = "alert" if kind == "error" else "status"
    return f'<div class="p2a-job p2a-{kind}" role="{role}"><p>{escape(sentence)}</p>{bar}</div>'
