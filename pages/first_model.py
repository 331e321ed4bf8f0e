"""Shown while there is no model: the quick one is trained by itself, before everyone's eyes."""

import streamlit as st

from mnist_core.charts import training_curves
from mnist_core.events import BatchEnd, Done, EpochEnd, Message
from mnist_core.jobs import TrainingJob
from mnist_core.training import TrainingConfig


def show() -> None:
    """Train the quick model and go on to the pages when it is there."""
    st.title("Training the first model")
    st.write(
        "There is no model yet, so a small one learns from 55,000 handwritten digits now. "
        "This takes about half a minute, once."
    )
    with st.container(key="training_status"):
        _watch()


@st.cache_resource(show_spinner=False)
def _job() -> TrainingJob:
    # One for all visitors, however many come while it runs. Two servers over one folder of models
    # may both train; the second to finish replaces the first's model with the same weights.
    return TrainingJob(TrainingConfig(architecture="mlp", overwrite=True))


@st.fragment(run_every=0.5)
def _watch() -> None:
    job = _job()
    if not job.running:
        error = job.error
        if error is None:
            _job.clear()
            st.rerun()
        st.error(f"The training ended without a model.\n\n```\n{error}\n```")
        if st.button("Try again", icon=":material/refresh:"):
            _job.clear()
            st.rerun()
        return
    text, share = "Starting", 0.0
    training: list[tuple[float, float, float]] = []
    held_out: list[tuple[float, float, float]] = []
    for event in job.events:
        match event:
            case Message():
                text = event.text
            case BatchEnd():
                epochs = event.epoch - 1 + event.batch / event.batches
                share = epochs / event.epochs
                text = (
                    f"Epoch {event.epoch} of at most {event.epochs}: accuracy "
                    f"{event.accuracy:.1%}, loss {event.loss:.3f}"
                )
                training.append((epochs, event.loss, event.accuracy))
            case EpochEnd():
                held_out.append((event.epoch, event.val_loss, event.val_accuracy))
            case Done():
                text, share = "Saved", 1.0
    st.progress(share, text)
    st.plotly_chart(
        training_curves(training, held_out),
        key="training_curves",
        alt="Accuracy and loss during the training, so far.",
    )
