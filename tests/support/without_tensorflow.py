"""The pages as on a server without TensorFlow; run in a fresh process."""

from __future__ import annotations

import contextlib
import io
import sys
from types import SimpleNamespace
from typing import Any

from mnist_core.networks.packages import TRAINING_PACKAGES


def hide() -> None:
    """Hide the packages of training from this process: Python then finds no such module."""
    sys.modules.update(dict.fromkeys((*TRAINING_PACKAGES, "h5py")))  # type: ignore[arg-type]


def walk() -> dict[str, Any]:
    """Open all pages and tabs; what they show."""
    hide()
    import streamlit as st
    import streamlit_webrtc
    from streamlit.testing.v1 import AppTest
    from support.apps import ROOT, run_page, run_script, texts

    type(st.context).ip_address = None
    # AppTest has no video connections.
    still = SimpleNamespace(state=SimpleNamespace(playing=False, signalling=False))
    streamlit_webrtc.webrtc_streamer = lambda **options: still
    seen: dict[str, Any] = {}
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert not app.exception
    seen["app"] = texts(app, "error")
    for page in ("draw", "webcam"):
        app = run_page(page)
        seen[page] = texts(app, "error")
    train = run_script("from pages.train import tab; tab.show()")
    seen["train"] = texts(train, "error")
    seen["train info"] = texts(train, "info")
    seen["start"] = train.button(key="train_start").disabled
    from pages.evaluate.tab import VIEWS

    for view in VIEWS:
        app = run_script("from pages.evaluate import tab; tab.show()", evaluation_view=view)
        seen[view] = texts(app, "error")
    return seen


def commands(*lines: str) -> list[tuple[int, str]]:
    """Run commands; their exit codes and what they wrote on standard error."""
    hide()
    from mnist_core.__main__ import main

    results = []
    for line in lines:
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors):
            results.append((main(line.split()), errors.getvalue()))
    return results
