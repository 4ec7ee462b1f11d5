"""The page and the server behind it: the only room that knows Gradio."""
