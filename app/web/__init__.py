"""The page and the server behind it: the only room that knows Gradio."""

from app.web import gradio_import  # noqa: F401  before any module of this package imports Gradio
