"""The controls of the Video tab that teach: a part of the analysed video shows an action of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.core.failures import explain
from app.video.cutting import cut
from app.video.landmarks import LandmarksError
from app.web.analyses import Analyses
from app.web.analysis import Outcome
from app.web.job_box import job_html
from app.web.orders import is_number
from app.web.school import School
from app.web.teaching import FAILED
from pose.errors import UserError
from recognizer.own.collection import NOTHING
from recognizer.own.names import checked_name

BUILT_IN = "Built-in ones only"
FIRST = "mine"
"""The collection that is taught where none is named, as in the Live tab."""
ABOUT = (
    "A part of this video can teach an action of your own: click the timeline where it is, or write its "
    "start and end, and name the action. Three to five parts, of one person each, make it sure."
)
NO_RESULT = "Analyse a video first: then a part of it can be taught."
GONE = "What was seen in this video is not kept any more: press Analyse again, then teach."
NOT_KEPT = (
    "What was seen in this video could not be kept, as it is too long or the disk is full: upload only the "
    "part with the action, or use `pose2action teach`."
)


class CutError(UserError, ValueError):
    """Nothing can be cut out of a video. The message is one sentence for the user."""


def teach(
    outcome: Outcome | None, school: School, start: object, end: object, action: object, collection: object
) -> tuple[str, str]:
    """Keeps what one person does in a part of a video as a recording.

    Args:
        outcome: of the video's analysis.
        school: where own actions are.
        start, end: seconds.
        action, collection: names, as somebody has written them.

    Returns:
        The collection's name, and a sentence on what was done.

    Raises:
        CutError, CollectionError, RecordingError: one sentence, and nothing was kept.
        OSError: the disk is full, say. Nothing was kept.
    """
    if outcome is None:
        raise CutError(NO_RESULT)
    if not isinstance(action, str) or not action.strip():
        raise CutError("Name the action first.")
    if not is_number(start) or not is_number(end):
        raise CutError("Write the part's start and end in seconds.")
    action = checked_name(action)
    named = collection.strip() if isinstance(collection, str) else ""
    if outcome.landmarks is None:
        raise CutError(NOT_KEPT)
    try:
        recording = cut(outcome.landmarks, outcome.result.subject, start, end)
    except LandmarksError:
        raise CutError(GONE) from None
    made = school.home.make(named or FIRST)
    made.add(action, recording)
    school.changed(made.name)
    said = f"Kept {recording.duration:.1f} s of {action} in {made.name}."
    count = len(made.recordings(action))
    if count < 3 and action != NOTHING:
        said += f" It has {count} of three to five recordings that make it sure."
    return made.name, f"{said} The next analysis knows it."


def own_choices(school: School) -> list[tuple[str, str]]:
    """What the menu of own actions shows, and what it means."""
    return [(BUILT_IN, ""), *((name, name) for name in school.home.names())]


@dataclass(frozen=True)
class CuttingView:
    """The controls: which part, and what it is."""

    start: gr.Number
    end: gr.Number
    collection: gr.Dropdown
    said: gr.HTML

    @property
    def outputs(self) -> list[Any]:
        """The components, in the order of ``shown``."""
        return [self.start, self.end, self.said]

    @staticmethod
    def shown(outcome: Outcome) -> tuple:
        """Updates for a new result: all of its video."""
        return 0, round(outcome.result.duration, 1), ""


def cutting_view(analyses: Analyses, school: School, own: gr.Dropdown) -> CuttingView:
    """Builds the controls inside the current block.

    Args:
        analyses: where each tab's result is looked up.
        school: where own actions are.
        own: the menu of own actions, in which what was taught is chosen.
    """
    with gr.Accordion("Teach a part of this video", open=False, elem_id="video-part"):
        gr.HTML(f'<p class="p2a-about">{ABOUT}</p>', apply_default_css=False)
        with gr.Row():
            start = gr.Number(0, label="Start (seconds)", minimum=0, step=0.1, elem_id="video-part-start")
            end = gr.Number(0, label="End (seconds)", minimum=0, step=0.1, elem_id="video-part-end")
            action = gr.Textbox(
                label="Action", placeholder="my move", max_length=60, max_lines=1, elem_id="video-part-action"
            )
            collection = gr.Dropdown(
                list(school.home.names()),
                value=FIRST,
                label="Collection",
                allow_custom_value=True,
                elem_id="video-part-collection",
            )
        button = gr.Button("Teach this part", elem_id="video-part-teach")
        said = gr.HTML(elem_id="video-part-said", apply_default_css=False)

    def keep(request: gr.Request, *values: object) -> tuple:
        try:
            name, sentence = teach(analyses.outcome(request.session_hash), school, *values)
        except OSError as error:
            sentence = f"Nothing was kept: {error.strerror or error}. Make room and try again."
        except Exception as error:  # whatever it is, the page says it
            sentence = explain(error, FAILED)
        else:
            choices = own_choices(school)
            names = gr.update(choices=list(school.home.names()))
            return job_html(sentence, kind="done"), gr.update(choices=choices, value=name), names
        return job_html(sentence, kind="error"), gr.skip(), gr.skip()

    given, told = [start, end, action, collection], [said, own, collection]
    quiet = {"show_progress": "hidden", "api_visibility": "private", "preprocess": False}
    button.click(keep, given, told, **quiet)
    action.submit(keep, given, told, **quiet)
    return CuttingView(start, end, collection, said)
