"""The Video tab: a file in; the annotated video, a timeline, a table and downloads out."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
from gradio.utils import get_upload_folder

from app.core.catalogue import Catalogue
from app.core.failures import explain
from app.core.subjects import Subject
from app.drawing.picture import readable
from app.drawing.plots import Bar, timeline_figure
from app.video.results import PersonResult
from app.web.analyses import Analyses
from app.web.analysis import Outcome
from app.web.attention_view import attention_view
from app.web.cutting import cutting_view, own_choices
from app.web.job_box import job_html
from app.web.open_pages import OpenPages
from app.web.orders import order_of
from app.web.school import School
from app.web.weights_menus import first_choice, share_sliders, threshold_of, weights_menus

FILE_TYPES = [".mp4", ".mov", ".avi", ".webm", ".gif", ".mkv", ".m4v"]
COLUMNS = ["Person", "Start", "End", "Action", "Score", "Times"]
SHOW_EVERY = 0.25
"""Seconds between two looks at a job's progress."""

INVITATION = "Choose a video, or use the example, and press Analyse."
BROKEN = "The program failed while it looked at this video. Try another file."
NO_EXAMPLE = "The example could not be drawn. Choose a video instead."
HINT = "An mp4, mov, avi, webm or gif file. Up to two people are followed."


def table_rows(bars: list[Bar]) -> list[list[str | int]]:
    """The table's rows, in time order."""
    return [
        [
            bar.person + 1,
            f"{bar.start:.1f} s",
            f"{bar.end:.1f} s",
            readable(bar.label),
            f"{bar.score:.0%}",
            "" if bar.count is None else bar.count,
        ]
        for bar in sorted(bars, key=lambda bar: (bar.start, bar.person))
    ]


def bars_of(outcome: Outcome) -> list[Bar]:
    """The actions of a result; stretches without a known one leave a gap."""
    return [
        Bar(
            person.id,
            segment.start,
            segment.end,
            segment.label,
            segment.score,
            None if row is None else row.count,
        )
        for person in outcome.result.persons
        for segment, row in person.counted
    ]


def summary(outcome: Outcome) -> str:
    """What was found, in a sentence or two."""
    result = outcome.result
    if not result.persons:
        said = result.message or result.subject.missing_in_video
    else:
        found = "; ".join(_whole(person, result.subject) for person in result.persons)
        said = f"The clip as a whole: {found}."
    return f"{said} {result.problem}" if result.problem else said


def _whole(person: PersonResult, subject: Subject) -> str:
    who = subject.number(person.id)
    if not person.summary:
        return f"{who} was seen too briefly"
    best = person.summary[0]
    guess = f"{readable(best.label)} ({best.score:.0%})"
    return f"{who} does no action I know, most likely {guess}" if person.unsure else f"{who}: {guess}"


def video_tab(page: gr.Blocks, tab: gr.Tab, catalogue: Catalogue, pages: OpenPages, school: School) -> None:
    """Builds the tab inside the current block.

    Args:
        page: the whole page; its closing cancels what its tab still runs.
        tab: around the block; when it is opened, the own actions are looked up anew.
        catalogue: where weights come from.
        pages: those that are open; what the others have left is cancelled and deleted.
        school: where own actions come from.
    """
    analyses = Analyses(catalogue, Path(get_upload_folder()), pages.__contains__, school=school)
    analyses.watch()
    suggested = functools.partial(threshold_of, catalogue)
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=300):
            # A plain file box: gr.Video would refuse or convert what a browser cannot show (avi, gif).
            source = gr.File(label="Video", file_types=FILE_TYPES, height=170, elem_id="video-file")
            gr.HTML(f'<p class="p2a-about">{HINT}</p>', apply_default_css=False)
            example = gr.Button("Use the example", size="sm", elem_id="video-example")
            weights, partners = weights_menus(catalogue, "video")
            shares = share_sliders(catalogue, "video", weights, partners)
            own = gr.Dropdown(
                own_choices(school),
                value="",
                label="Own actions",
                info="A collection that was taught here or in the Live tab; another choice analyses again.",
                elem_id="video-own",
                filterable=False,
            )
            threshold = gr.Slider(
                0,
                1,
                value=suggested(*first_choice(catalogue)),
                step=0.01,
                label="Threshold",
                elem_id="video-threshold",
            )
            attention = gr.Checkbox(
                False,
                label="What the network looks at",
                info="Shows which joints and moments decide; of fused networks, for the first.",
                elem_id="video-look",
            )
            with gr.Row():
                analyse = gr.Button("Analyse", variant="primary", elem_id="video-analyse")
                cancel = gr.Button("Cancel", variant="stop", interactive=False, elem_id="video-cancel")
        with gr.Column(scale=3, min_width=300):
            status = gr.HTML(job_html(INVITATION), elem_id="video-status", apply_default_css=False)
            video = gr.Video(
                label="Annotated video",
                interactive=False,
                visible=False,
                elem_id="video-out",
                buttons=["download"],
            )
    with gr.Column(visible=False) as details:
        plot = gr.Plot(label="Timeline", elem_id="video-timeline")
        view = attention_view(analyses)
        table = gr.Dataframe(
            headers=COLUMNS,
            interactive=False,
            label="Actions",
            max_height=360,
            elem_id="video-table",
            buttons=["copy"],
        )
        with gr.Row():
            as_json = gr.DownloadButton("Download JSON", elem_id="video-json")
            as_csv = gr.DownloadButton("Download CSV", elem_id="video-csv")
        cutting = cutting_view(analyses, school, own)

    outputs = [status, video, details, plot, table, as_json, as_csv]
    outputs += [*cutting.outputs, *view.outputs, analyse, cancel, own]
    nothing = (
        gr.update(visible=False, value=None), gr.update(visible=False), *[gr.skip()] * 7, *view.hidden()
    )  # fmt: skip
    unchanged = tuple([gr.skip()] * (len(outputs) - 4))
    idle = (gr.update(interactive=True), gr.update(interactive=False), gr.update(interactive=True))
    busy = (gr.update(interactive=False), gr.update(interactive=True), gr.update(interactive=False))

    def run(
        request: gr.Request, file: object, name: object, others: object, least: object, look: object,
        collection: object, *counts: object,
    ) -> Iterator[tuple]:  # fmt: skip
        try:
            order = order_of(catalogue, _path(file), name, others, least, look, collection, counts)
            job = analyses.start(request.session_hash, order)
        except Exception as error:  # whatever it is, the page says it
            yield (job_html(explain(error, BROKEN), kind="error"), *unchanged, *idle)
            return
        yield (job_html("Starting …"), *nothing, *busy)
        shown = None
        while not job.wait(SHOW_EVERY):
            if job.cancelled:
                news = (None, "Cancelling …")
            else:
                news = (None, _waiting(job.ahead)) if job.ahead else job.progress
            if news != shown:
                shown = news
                yield (job_html(news[1], news[0]), *unchanged, *busy)
        if job.result is not None:
            yield (*_results(job.result), *idle)
        elif job.cancelled:
            yield (job_html("Cancelled."), *nothing, *idle)
        else:
            yield (job_html(explain(job.error, BROKEN), kind="error"), *nothing, *idle)

    def run_again(request: gr.Request, *values: object) -> Iterator[tuple]:
        if analyses.has_ended(request.session_hash):
            yield from run(request, *values)
        else:
            yield (gr.skip(), *unchanged, *[gr.skip()] * 3)

    def _results(outcome: Outcome) -> tuple:
        bars = bars_of(outcome)
        kind = "error" if outcome.result.problem or not outcome.result.persons else "done"
        return (
            job_html(summary(outcome), kind=kind),
            gr.update(value=str(outcome.video), visible=True),
            gr.update(visible=True),
            timeline_figure(bars, outcome.result.duration, outcome.result.subject),
            table_rows(bars),
            str(outcome.json),
            str(outcome.csv),
            *cutting.shown(outcome),
            *view.shown(outcome),
        )

    def stop(request: gr.Request) -> None:
        analyses.cancel(request.session_hash)  # "run" notices and tells

    def choose(file: object, request: gr.Request) -> None:
        analyses.choose(request.session_hash, _path(file))

    def use_example() -> tuple:
        try:
            return str(analyses.example()), gr.skip()
        except Exception as error:  # whatever it is, the page says it
            return gr.skip(), job_html(explain(error, NO_EXAMPLE), kind="error")

    def look_up(collection: object) -> tuple[dict, dict]:
        names = school.home.names()
        chosen = collection if collection in names else ""
        return gr.update(choices=own_choices(school), value=chosen), gr.update(choices=list(names))

    def close(request: gr.Request) -> None:
        analyses.close(request.session_hash)

    quiet = {"show_progress": "hidden", "api_visibility": "private"}
    # Any number of tabs may wait in "run": the analyses' own queue tells them their place in it.
    chosen = [source, weights, partners, threshold, attention, own, *shares]
    # Unprocessed: Gradio would leave an empty temporary file behind each time; "order_of" checks the values.
    analyse.click(run, chosen, outputs, concurrency_limit=None, preprocess=False, **quiet)
    own.input(run_again, chosen, outputs, concurrency_limit=None, preprocess=False, **quiet)
    tab.select(look_up, own, [own, cutting.collection], queue=False, preprocess=False, **quiet)
    cancel.click(stop, None, None, queue=False, **quiet)
    example.click(use_example, None, [source, status], **quiet)
    source.change(choose, source, None, queue=False, preprocess=False, **quiet)
    weights.change(suggested, weights, threshold, queue=False, preprocess=False, **quiet)
    partners.change(suggested, [weights, partners], threshold, queue=False, preprocess=False, **quiet)
    page.unload(close)


def _path(file: object) -> str | None:
    """Where the file of a file box lies, as its page says."""
    path = file.get("path") if isinstance(file, dict) else None
    return path if isinstance(path, str) else None


def _waiting(ahead: int) -> str:
    others = "1 analysis" if ahead == 1 else f"{ahead} analyses"
    return f"Waiting: {others} must end before this one starts."
