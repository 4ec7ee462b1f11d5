"""The page: Gradio's blocks on top of the server, and the function that starts it all."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from html import escape
from pathlib import Path

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when Gradio is imported

import gradio as gr
import uvicorn
from fastapi import FastAPI

from app import __version__
from app.catalogue import Catalogue
from app.drawing import PERSON_COLOURS
from app.parts import MakeEstimator, make_mediapipe
from app.server import STATIC, STATIC_ROUTE, ServerError, SessionLimit, create_server
from app.subjects import subject_of
from app.threads import recognise_on_one_core
from app.ui_theme import page_theme
from app.ui_video import video_tab
from app.ui_weights import about_weights, first_choice, threshold_of, weights_menus
from recognizer.sparse import Backend
from recognizer.weights import WeightsError

log = logging.getLogger(__name__)

HOUR = 3600

_ICON = (STATIC / "icon.svg").read_text()

_HEAD = "".join(
    (
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<link rel="stylesheet" href="{STATIC_ROUTE}/live.css">',
        f'<link rel="stylesheet" href="{STATIC_ROUTE}/heat.css">',
        f'<script type="module" src="{STATIC_ROUTE}/page.js"></script>',
        f'<script type="module" src="{STATIC_ROUTE}/heat.js"></script>',
        f'<script type="module" src="{STATIC_ROUTE}/live.js"></script>',
    )
)

_TITLE = f"""
<header class="p2a-head">{_ICON}<div><h1>pose<b>2</b>action</h1>
<p>Human actions from a webcam or a video, named as they happen.</p></div>
<button type="button" class="p2a-theme" aria-label="Switch between light and dark"></button></header>
"""


def _tell_live(name: str, arguments: str = "value", value: str = "value") -> str:
    """JavaScript that hands the value of controls to the live element as the setting ``name``."""
    event = f"new CustomEvent('pose2action:settings', {{detail: {{{name}: {value}}}}})"
    return f"({arguments}) => {{ window.dispatchEvent({event}) }}"


def _live_tab(catalogue: Catalogue) -> None:
    first = first_choice(catalogue)
    attributes = {
        "weights": catalogue.default,
        "threshold": threshold_of(catalogue, *first),
        "attention": False,
        "colours": [f"rgb{colour}" for colour in PERSON_COLOURS],
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
    with gr.Accordion("Actions that these weights know", open=False):
        about = gr.HTML(about_weights(catalogue, *first), elem_id="live-about", apply_default_css=False)
    # The browser itself tells the live session, at once; Python only updates what the page says.
    weights.change(None, weights, None, js=_tell_live("weights"))
    fused = _tell_live("weights", "name, partners", "[name, ...partners].join('+')")
    partners.change(None, [weights, partners], None, js=fused)
    threshold.change(None, threshold, None, js=_tell_live("threshold"))
    attention.change(None, attention, None, js=_tell_live("attention"))
    quiet = {"show_progress": "hidden", "queue": False, "api_visibility": "private"}
    weights.change(
        lambda name: (threshold_of(catalogue, name), about_weights(catalogue, name)),
        weights, [threshold, about], **quiet,
    )  # fmt: skip
    partners.change(
        lambda *names: (threshold_of(catalogue, *names), about_weights(catalogue, *names)),
        [weights, partners], [threshold, about], **quiet,
    )  # fmt: skip


def build_page(catalogue: Catalogue) -> gr.Blocks:
    """Both tabs. Uploads and results are deleted when they are a day old."""
    with gr.Blocks(title="pose2action", analytics_enabled=False, delete_cache=(HOUR, 24 * HOUR)) as page:
        gr.HTML(_TITLE, apply_default_css=False)
        with gr.Tabs():
            with gr.Tab("Live", id="live"):
                _live_tab(catalogue)
            with gr.Tab("Video", id="video"):
                video_tab(page, catalogue)
    return page


def create_app(
    recognizers: Catalogue | None = None,
    make_estimator: MakeEstimator = make_mediapipe,
    limit: SessionLimit | None = None,
) -> FastAPI:
    """The whole application: the page at "/", live sessions at "/live".

    Args:
        recognizers: the weights that the page offers; None takes the shipped ones.
        make_estimator: gives pose estimators to each live session.
        limit: of live sessions.
    """
    catalogue = Catalogue.shipped() if recognizers is None else recognizers
    return gr.mount_gradio_app(
        create_server(catalogue, make_estimator, limit),
        build_page(catalogue),
        path="/",
        theme=page_theme(),
        head=_HEAD,
        favicon_path=str(STATIC / "icon.svg"),
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        show_error=True,
    )


class _Server(uvicorn.Server):
    """Tells when the page can be opened."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()


def _listen(host: str, port: int) -> socket.socket:
    """A bound socket.

    Raises:
        ServerError: the port is taken or not allowed.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        bound = socket.socket(family, socket.SOCK_STREAM)
        if os.name == "posix":  # elsewhere it would let two programs share the port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen(128)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ServerError(
            f"Port {port} of {host} cannot be used ({reason}): close the program that uses it, perhaps "
            f"another demo, or choose another port with --port {port + 1}."
        ) from None
    return bound


def _warm_up(catalogue: Catalogue) -> None:
    """Loads what the first session needs (seconds), so that its labels come soon."""
    try:
        recognizer = catalogue.load(None)
        make_mediapipe(subject_of(recognizer.layout).landmarks).close()
    except WeightsError:
        pass  # the page says so when they are asked for
    except Exception:
        log.exception("the recogniser could not be loaded in advance")


def launch(
    host: str = "127.0.0.1",
    port: int = 7860,
    weights: str | Path | None = None,
    open_browser: bool = False,
    sparse_backend: Backend = "auto",
) -> None:
    """Serves the page until Ctrl-C. For the main thread.

    Args:
        host, port: where to listen.
        weights: the weights to start with: a name or a file; None takes the default.
        open_browser: open the page in the user's browser.
        sparse_backend: who computes SPA-Net's convolutions.

    Raises:
        ServerError: the port cannot be used.
        WeightsError, SparseError: ``weights`` cannot be used.
    """
    bound = _listen(host, port)
    recognise_on_one_core()
    catalogue = Catalogue.shipped(weights, sparse_backend)
    address = f"http://{'localhost' if host in ('0.0.0.0', '::') else host}:{bound.getsockname()[1]}"

    warming = threading.Thread(target=_warm_up, args=(catalogue,), name="warm-up", daemon=True)

    def ready() -> None:
        print(f"pose2action {__version__} is ready: open {address} in a browser. Ctrl-C ends it.", flush=True)
        warming.start()
        if open_browser:
            import webbrowser

            webbrowser.open(address)

    with bound, tempfile.TemporaryDirectory(prefix="pose2action-", ignore_cleanup_errors=True) as folder:
        os.environ["GRADIO_TEMP_DIR"] = folder  # uploads and results go when the program ends
        config = uvicorn.Config(
            create_app(catalogue), log_level="warning", ws_max_size=4 * 2**20, timeout_graceful_shutdown=1
        )
        # Uvicorn ends in order and then raises the signal again: the temporary folder must still go.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        try:
            with suppress(KeyboardInterrupt):
                _Server(config, ready).run(sockets=[bound])
        finally:
            if warming.is_alive():  # Python cannot end in order while PyTorch is at work
                warming.join(timeout=20)
