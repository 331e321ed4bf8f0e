"""What is to be trained: the settings, the network, a few of its images, and Start."""

import dataclasses

import numpy as np
import streamlit as st

from mnist_core import MnistError, TrainingConfig, list_models
from mnist_core.charts import network_drawing
from mnist_core.corrections.store import CorrectionStore
from mnist_core.data import FRAME_SIZE
from mnist_core.networks.architectures import ARCHITECTURES, Architecture, get_architecture
from mnist_core.networks.summary import layers_of
from mnist_core.registry.store import is_bundled
from mnist_core.runs import jobs
from mnist_core.runs.store import list_runs
from mnist_core.training.config import OPTIMIZERS, SCHEDULES
from mnist_core.training.preview import draw_samples
from pages.train import watch
from pages.widgets.charts import enlarged

_SAMPLES, _ROW = 40, 10
_NOBODY = "none: begin with chance"


def show() -> None:
    """The form, and beside it what it would train."""
    st.subheader("Train a model")
    left, right = st.columns([3, 2], gap="large")
    with left:
        architecture = get_architecture(
            st.segmented_control(
                "Network",
                list(ARCHITECTURES),
                default="mlp",
                required=True,
                key="train_architecture",
                help="A larger network reads better and takes longer to train.",
            )
        )
        st.caption(architecture.summary)
        settings = _settings(architecture)
        pressed = st.button(
            "Start", type="primary", icon=":material/play_arrow:", key="train_start"
        )
        try:
            config = TrainingConfig(architecture=architecture.name, **settings)
        except MnistError as error:
            st.error(str(error))
            config = None
        if pressed and config:
            start(config)
    with right:
        _network(architecture.name, settings["dropout"])
        if config:
            _samples(config)


def start(config: TrainingConfig) -> None:
    """Start the run, and show it at the top of the page."""
    try:
        if config.overwrite and is_bundled(str(config.name)):
            # The command line can; a click is too easily made.
            config = dataclasses.replace(config, overwrite=False)
        run = jobs.start(config)
    except MnistError as error:
        st.error(str(error))
        return
    watch.watch(run.id)
    st.rerun()


def free_name(model: str) -> str:
    """A name that neither a model nor a run that goes on has."""
    taken = {card.name for card in list_models()}
    for run in list_runs():
        taken.add(run.id.partition("-")[2].partition("-")[2])
    number = 1
    while f"my-{model}-{number}" in taken:
        number += 1
    return f"my-{model}-{number}"


def _settings(architecture: Architecture) -> dict[str, object]:
    """The settings, as people choose them; the defaults are what suits the network."""
    kind = architecture.name
    state = st.session_state
    # A name of the form's own is renewed once it is taken; one that was typed in stays.
    key, proposed = f"train_name_{kind}", f"train_proposed_{kind}"
    if state.get(key) in (None, "", state.get(proposed)):
        state[key] = state[proposed] = free_name(kind)
    name = st.text_input(
        "Name",
        key=key,
        max_chars=40,
        help="What the model will be called: lower-case letters, digits, '-', '_' and '.'.",
    )
    length = st.segmented_control(
        "Length",
        ["quick", "full"],
        default="quick",
        required=True,
        key=f"train_length_{kind}",
        format_func={
            "quick": f"Quick · {architecture.quick_epochs} epochs",
            "full": f"Full · {architecture.epochs} epochs",
        }.__getitem__,
        help="An epoch is one pass over the training images. Quick is enough to see how it goes.",
    )
    epochs = architecture.quick_epochs if length == "quick" else architecture.epochs
    values: dict[str, object] = {"name": name}
    with st.expander("More settings", icon=":material/tune:"):
        values |= _more(architecture, epochs, f"{kind}_{length}")
    values["overwrite"] = False
    if name in {card.name for card in list_models()} and not is_bundled(name):
        values["overwrite"] = st.checkbox(
            f"Replace the model “{name}”", key=f"train_overwrite_{name}", help="It is lost then."
        )
    return values


def _more(architecture: Architecture, epochs: int, key: str) -> dict[str, object]:
    one, two = st.columns(2)
    kind = architecture.name
    values: dict[str, object] = {}
    with one:
        values["epochs"] = st.number_input(
            "Epochs, at most", 1, 1000, epochs, key=f"train_epochs_{key}",
            help="Passes over the training images.",
        )  # fmt: skip
        values["batch_size"] = st.select_slider(
            "Batch size", [16, 32, 64, 128, 256, 512, 1024], architecture.batch_size,
            key=f"train_batch_{kind}",
            help="Images between two changes of the weights. Larger batches run faster, and learn "
            "less from each image.",
        )  # fmt: skip
        values["learning_rate"] = st.number_input(
            "Learning rate", 1e-6, 1.0, architecture.learning_rate, step=1e-4, format="%.6f",
            key=f"train_rate_{kind}",
            help="How far each step goes. Too high, and it never settles; too low, and it takes "
            "for ever.",
        )  # fmt: skip
        values["schedule"] = st.selectbox(
            "Schedule", list(SCHEDULES), list(SCHEDULES).index(architecture.schedule),
            format_func=SCHEDULES.__getitem__, key=f"train_schedule_{kind}",
            help="How the learning rate changes from the first epoch to the last.",
        )  # fmt: skip
        values["optimizer"] = st.selectbox(
            "Optimizer", list(OPTIMIZERS), list(OPTIMIZERS).index(architecture.optimizer),
            format_func=OPTIMIZERS.__getitem__, key=f"train_optimizer_{kind}",
            help="How the weights are changed to lower the loss.",
        )  # fmt: skip
        values["seed"] = st.number_input(
            "Seed", 0, 2**32 - 1, TrainingConfig.seed, key="train_seed",
            help="Of everything random: the same seed gives the same weights on one machine.",
        )  # fmt: skip
    with two:
        values["augmentation"] = st.slider(
            "Altered images", 0.0, 1.0, architecture.augmentation, 0.05,
            key=f"train_augmentation_{kind}",
            help="How strongly each image is turned, bent, thickened or blurred anew each time it "
            "is seen. It helps with digits that are not MNIST's.",
        )  # fmt: skip
        values["dropout"] = _own_dropout(kind)
        patience = st.number_input(
            "Patience (epochs)", 0, 1000, 0, key=f"train_patience_{kind}",
            help="Stop after so many epochs in a row without a lower loss on the held-out images, "
            "and keep the best epoch. 0: never.",
        )  # fmt: skip
        values["patience"] = patience or None
        values["target_accuracy"] = st.number_input(
            "Stop at training accuracy", 0.0, 1.0, architecture.target_accuracy or 1.0, 0.005,
            format="%.3f", key=f"train_target_{kind}",
            help="Stop after the epoch that reaches it. 1: practically never.",
        )  # fmt: skip
        values["validation_fraction"] = st.slider(
            "Held out", 0.01, 0.5, TrainingConfig.validation_fraction, key="train_held_out",
            help="Share of the training images that it does not learn from, to see how it does on "
            "new ones.",
        )  # fmt: skip
        beginnings = [_NOBODY, *(c.name for c in list_models() if c.architecture == kind)]
        initial = st.selectbox(
            "Begin with the weights of", beginnings, key=f"train_initial_{kind}",
            help="Fine-tuning: go on from a model of the same network. Lower the learning rate.",
        )  # fmt: skip
        values["initial_model"] = None if initial == _NOBODY else initial
        count = _corrections()
        values["include_corrections"] = st.checkbox(
            f"Include the corrections ({count})", key="train_corrections", disabled=not count,
            help="Learn from what was corrected on Draw and Webcam as well, besides MNIST. A model "
            "that it begins with is taught them so that it forgets nothing.",
        ) and count > 0  # fmt: skip
        # What suits a training from nothing need not suit one that begins with weights.
        tuned = "" if values["initial_model"] is None else "_tuned"
        suited = TrainingConfig(architecture=kind, initial_model=values["initial_model"])
        values["mixed_precision"] = st.checkbox(
            "Mixed precision", suited.resolved().mixed_precision, key=f"train_mixed_{kind}{tuned}",
            help="Compute in 16 bits where that is safe. Faster on recent GPUs, and on processors "
            "that multiply such numbers by themselves, where it is on for large networks.",
        )  # fmt: skip
    return values


def _corrections() -> int:
    """How many there are to learn from."""
    try:
        return sum(CorrectionStore().counts().values())
    except MnistError:
        return 0  # the gallery below says why


def _own_dropout(kind: str) -> float | None:
    choice = st.select_slider(
        "Dropout", ["own", *(f"{share / 20:.2f}" for share in range(19))], "own",
        key=f"train_dropout_{kind}",
        help="Share of units that are left out at each step, so that none is relied on too much. "
        "Own: as the network has it.",
    )  # fmt: skip
    return None if choice == "own" else float(choice)


def _network(architecture: str, dropout: object) -> None:
    with st.expander("The network", icon=":material/schema:", expanded=True):
        layers = layers_of(architecture, dropout if isinstance(dropout, float) else None)
        st.plotly_chart(
            network_drawing(layers),
            key="network_drawing",
            config={"displayModeBar": False},
            alt=f"The network {architecture} drawn as blocks, from the image to ten answers.",
        )
        st.caption(f"{sum(layer.parameters for layer in layers):,} parameters")
        branched = any(layer.branch for layer in layers)
        with st.popover("Layers", icon=":material/table_rows:"):
            st.dataframe(
                {
                    **({"branch": [layer.branch for layer in layers]} if branched else {}),
                    "layer": [layer.kind for layer in layers],
                    "size": [layer.detail for layer in layers],
                    "output": ["×".join(map(str, layer.output)) for layer in layers],
                    "parameters": [layer.parameters for layer in layers],
                },
                hide_index=True,
            )


def _samples(config: TrainingConfig) -> None:
    # All that the images depend on; the rest may change without asking again.
    seen = dataclasses.replace(
        TrainingConfig(architecture=config.architecture),
        augmentation=config.augmentation,
        seed=config.seed,
    )
    with st.expander("What it will see", icon=":material/grid_on:"):
        if st.button("Show a sample", key="train_sample"):
            st.session_state["train_sampled"] = True
        if not st.session_state.get("train_sampled"):
            st.caption("A few of its images, altered as the training alters them.")
            return
        try:
            sheet = _sheet(seen)
        except MnistError as error:
            st.error(str(error))
            return
        st.image(sheet, width="stretch", alt="A sample of the images that it will learn from.")


@st.cache_data(show_spinner="Making a sample; this takes some seconds …", max_entries=50)
def _sheet(config: TrainingConfig) -> np.ndarray:
    frames = draw_samples(config, _SAMPLES)
    # Rows of digits, each as large as a thumb.
    rows = frames.reshape(-1, _ROW, FRAME_SIZE, FRAME_SIZE).transpose(0, 2, 1, 3)
    return enlarged(rows.reshape(-1, _ROW * FRAME_SIZE), 2)
