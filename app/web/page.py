"""The page: Gradio's blocks on top of the server, and what stands in front of both."""

from __future__ import annotations

import json
import os
from html import escape
from pathlib import Path

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when Gradio is imported

import gradio as gr
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from gradio.routes import BUILD_PATH_LIB
from gradio.utils import get_upload_folder

from app.core.catalogue import Catalogue
from app.core.protocols import MakeEstimator, make_live_mediapipe
from app.core.subjects import HANDS, PEOPLE
from app.door.endpoints import API, Endpoints
from app.door.guests import Door, Guests
from app.door.uploads import DEFAULT_LIMIT, MEGABYTE, Uploads, give_file
from app.drawing.limbs import css, limbs_for_page
from app.drawing.picture import PERSON_COLOURS
from app.web.calls import check_calls
from app.web.events import ROUTE as EVENTS
from app.web.events import Events
from app.web.gradio_import import no_application_yet
from app.web.open_pages import Connections, OpenPages
from app.web.page_files import LASTING, PageFiles
from app.web.school import School
from app.web.server import STATIC, STATIC_ROUTE, SessionLimit, create_server
from app.web.theme import page_theme
from app.web.video_tab import video_tab
from app.web.weights_menus import about_weights, first_choice, share_sliders, threshold_of, weights_menus

HOUR = 3600
MOST_CALLS = 64
"""Calls of the page's functions that may wait at the same time."""
MOST_TABS = 256
"""Tabs that Gradio remembers the state of."""

_ICON = (STATIC / "icon.svg").read_text()

_HEAD = "".join(
    (
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<link rel="stylesheet" href="{STATIC_ROUTE}/live.css">',
        f'<link rel="stylesheet" href="{STATIC_ROUTE}/heat.css">',
        f'<link rel="stylesheet" href="{STATIC_ROUTE}/teach.css">',
        f'<script type="module" src="{STATIC_ROUTE}/page.js"></script>',
        f'<script type="module" src="{STATIC_ROUTE}/heat.js"></script>',
        f'<script type="module" src="{STATIC_ROUTE}/live.js"></script>',
        f'<script type="module" src="{STATIC_ROUTE}/timeline.js"></script>',
    )
)

_SHARED = " Everybody who has this address with its token can use this page."


def _title(shared: bool) -> str:
    return f"""
<header class="p2a-head">{_ICON}<div><h1>pose<b>2</b>action</h1>
<p>Human actions from a webcam or a video, named as they happen.{_SHARED if shared else ""}</p></div>
<button type="button" class="p2a-theme" aria-label="Switch between light and dark"></button></header>
"""


def _tell_live(name: str, arguments: str = "value", value: str = "value") -> str:
    """JavaScript that hands the value of controls to the live element as the setting ``name``."""
    event = f"new CustomEvent('pose2action:settings', {{detail: {{{name}: {value}}}}})"
    return f"({arguments}) => {{ window.dispatchEvent({event}) }}"


def _tell_fusion(shares: bool) -> str:
    """JavaScript that tells the live element of the menus' values, and where asked for of the shares'."""
    event = "new CustomEvent('pose2action:fusion', {detail: {names: [name, ...partners], shares}})"
    arguments = "name, partners, ...shares" if shares else "name, partners, shares = []"
    return f"({arguments}) => {{ window.dispatchEvent({event}) }}"


def _live_tab(catalogue: Catalogue) -> None:
    first = first_choice(catalogue)
    attributes = {
        "weights": catalogue.default,
        "threshold": threshold_of(catalogue, *first),
        "attention": False,
        "colours": [css(colour) for colour in PERSON_COLOURS],
        "drawing": {subject.name: limbs_for_page(subject.landmarks) for subject in (PEOPLE, HANDS)},
    }
    written = " ".join(f'data-{name}="{escape(json.dumps(value))}"' for name, value in attributes.items())
    gr.HTML(f"<pose-live {written}></pose-live>", elem_id="live", apply_default_css=False)
    with gr.Row(equal_height=True, elem_id="live-controls"):
        weights, partners = weights_menus(catalogue, "live")
        threshold = gr.Slider(
            0,
            1,
            value=threshold_of(catalogue, *first),
            step=0.01,
            label="Threshold",
            info="Below this score the answer is “no action I know”.",
            elem_id="live-threshold",
            min_width=300,
        )
        attention = gr.Checkbox(
            False,
            label="What the network looks at",
            info="Shows which joints and moments decide; of fused networks, for the first.",
            elem_id="live-attention",
            min_width=240,
        )
    shares = share_sliders(catalogue, "live", weights, partners)
    with gr.Accordion("Actions that these weights know", open=False):
        about = gr.HTML(about_weights(catalogue, *first), elem_id="live-about", apply_default_css=False)
    # The browser itself tells the live session, at once; Python only updates what the page says.
    weights.change(None, weights, None, js=_tell_live("weights"))
    partners.change(None, [weights, partners], None, js=_tell_fusion(shares=False))
    for share in shares:
        # By hand alone: where another choice has set them, it has told of itself.
        share.input(None, [weights, partners, *shares], None, js=_tell_fusion(shares=True))
    threshold.change(None, threshold, None, js=_tell_live("threshold"))
    attention.change(None, attention, None, js=_tell_live("attention"))
    quiet = {
        "show_progress": "hidden", "queue": False, "api_visibility": "private", "preprocess": False,
    }  # fmt: skip
    weights.change(
        lambda name: (threshold_of(catalogue, name), about_weights(catalogue, name)),
        weights, [threshold, about], **quiet,
    )  # fmt: skip
    partners.change(
        lambda *names: (threshold_of(catalogue, *names), about_weights(catalogue, *names)),
        [weights, partners], [threshold, about], **quiet,
    )  # fmt: skip


def build_page(
    catalogue: Catalogue, pages: OpenPages, school: School | None = None, shared: bool = False
) -> gr.Blocks:
    """Both tabs. Uploads and results are deleted when they are a day old.

    Args:
        catalogue: where weights come from.
        pages: those that are open.
        school: where own actions come from; None takes the user's.
        shared: whether other machines can reach the page; it says so then.
    """
    with gr.Blocks(title="pose2action", analytics_enabled=False, delete_cache=(HOUR, 24 * HOUR)) as page:
        gr.HTML(_title(shared), apply_default_css=False)
        with gr.Tabs():
            with gr.Tab("Live", id="live"):
                _live_tab(catalogue)
            with gr.Tab("Video", id="video") as tab:
                video_tab(page, tab, catalogue, pages, School() if school is None else school)
    page.queue(max_size=MOST_CALLS, api_open=False)
    page.state_session_capacity = MOST_TABS
    # Gradio checks which files of the machine a page may name only after "launch", which is not called here.
    page.has_launched = True
    return page


def create_app(
    recognizers: Catalogue | None = None,
    make_estimator: MakeEstimator = make_live_mediapipe,
    limit: SessionLimit | None = None,
    guests: Guests | None = None,
    max_upload: int = DEFAULT_LIMIT,
    events: bool = False,
) -> FastAPI:
    """The whole application: the page at "/", live sessions at "/live", and the door in front of both.

    Args:
        recognizers: the weights that the page offers; None takes the shipped ones.
        make_estimator: gives pose estimators to each live session.
        limit: of live sessions.
        guests: who is let in; None lets in whoever names this machine localhost.
        max_upload: megabytes of an uploaded video.
        events: whether programs may listen at "/events".
    """
    catalogue = Catalogue.shipped() if recognizers is None else recognizers
    guests = Guests() if guests is None else guests
    pages = OpenPages()
    school = School()
    with no_application_yet():
        page = build_page(catalogue, pages, school, shared=guests.token is not None)
    app = create_server(catalogue, make_estimator, limit, school=school, events=Events() if events else None)
    app.api_route(f"{API}/file={{path:path}}", methods=["GET", "HEAD"])(give_file(_files))
    app.mount("/assets", PageFiles(Path(BUILD_PATH_LIB), LASTING), name="gradio-files")
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        theme=page_theme(),
        head=_HEAD,
        favicon_path=str(STATIC / "icon.svg"),
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        show_error=True,
        max_file_size=max_upload * MEGABYTE,
    )
    # The last one is asked first.
    app.add_middleware(Connections, pages=pages, tidy=lambda: _forget_closed(page_app(app), pages))
    app.add_middleware(Uploads, folder=_files, limit=max_upload * MEGABYTE)
    sockets = ("/live", EVENTS) if events else ("/live",)
    app.add_middleware(Endpoints, check=check_calls(page), sockets=sockets)
    if guests.origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=guests.origins, allow_methods=["GET", "POST"], allow_headers=["*"]
        )
    app.add_middleware(Door, guests=guests)
    return app


def page_app(app: FastAPI) -> gr.routes.App:
    """Gradio's application inside the whole one."""
    return next(route.app for route in app.routes if isinstance(getattr(route, "app", None), gr.routes.App))


def _forget_closed(gradio: gr.routes.App, pages: OpenPages) -> None:
    """Drops what Gradio keeps of each page, a copy of all components that takes 120 KB, once it is closed.

    Not only of the one that has just been: what still runs for a closed page makes its copy anew.
    """
    states = gradio.state_holder
    with states.lock:
        for session in [each for each in states.session_data if each not in pages]:
            del states.session_data[session]
            states.time_last_used.pop(session, None)


def _files() -> Path:
    """Where uploads and results are."""
    return Path(get_upload_folder())
