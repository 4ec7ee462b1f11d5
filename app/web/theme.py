"""The page's colours and fonts."""

from __future__ import annotations

import gradio as gr


def page_theme() -> gr.Theme:
    """Teal on slate, light and dark."""
    # Fonts of the system only: the page asks no other computer for anything.
    theme = gr.themes.Base(
        primary_hue="teal",
        secondary_hue="teal",
        neutral_hue="slate",
        radius_size="lg",
        font=["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"],
        font_mono=["ui-monospace", "Consolas", "monospace"],
    )
    return theme.set(
        body_background_fill="#f5f7fa",
        body_background_fill_dark="#0b1018",
        body_text_color="#17202e",
        body_text_color_dark="#e9eef6",
        body_text_color_subdued="#5b6779",
        body_text_color_subdued_dark="#9aa7ba",
        block_background_fill="white",
        block_background_fill_dark="#151c28",
        block_border_width="1px",
        block_border_color="#e2e7ee",
        block_border_color_dark="#263041",
        border_color_primary="#e2e7ee",
        border_color_primary_dark="#263041",
        block_label_background_fill="transparent",
        block_label_background_fill_dark="transparent",
        block_label_border_width="0px",
        block_label_text_color="*body_text_color",
        block_label_text_color_dark="*body_text_color",
        block_title_text_color="*body_text_color",
        block_title_text_color_dark="*body_text_color",
        block_title_text_weight="600",
        block_label_text_weight="600",
        block_radius="16px",
        input_background_fill="#f5f7fa",
        input_background_fill_dark="#0e1520",
        input_border_color="#d5dce6",
        input_border_color_dark="#2c384b",
        input_border_width="1px",
        slider_color="#0d9488",
        slider_color_dark="#2dd4bf",
        button_primary_background_fill="#0f766e",
        button_primary_background_fill_hover="#115e59",
        button_primary_background_fill_dark="#2dd4bf",
        button_primary_background_fill_hover_dark="#5eead4",
        button_primary_text_color="white",
        button_primary_text_color_dark="#042f2e",
        button_secondary_background_fill="white",
        button_secondary_background_fill_hover="#eef2f6",
        button_secondary_background_fill_dark="#1d2736",
        button_secondary_background_fill_hover_dark="#273348",
        button_secondary_border_color="#d5dce6",
        button_secondary_border_color_dark="#2c384b",
        button_cancel_background_fill="white",
        button_cancel_background_fill_hover="#fff1f2",
        button_cancel_background_fill_dark="#1d2736",
        button_cancel_background_fill_hover_dark="#3b1824",
        button_cancel_text_color="#be123c",
        button_cancel_text_color_hover="#be123c",
        button_cancel_text_color_dark="#fda4af",
        button_cancel_text_color_hover_dark="#fda4af",
        button_cancel_border_color="#fecdd3",
        button_cancel_border_color_dark="#5b2333",
        color_accent="#0f766e",
    )
