"""The training form: network, settings, a sample of the training images, and Start."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from mnist_core import MnistError, TrainingConfig, list_models
from mnist_core.corrections.store import CorrectionStore
from mnist_core.networks.architectures import ARCHITECTURES, Architecture, get_architecture
from mnist_core.registry.store import is_bundled
from mnist_core.runs import jobs
from mnist_core.runs.store import list_runs
from mnist_core.training.config import OPTIMIZERS, SCHEDULES
from pages.train import preview, watch
from pages.train.availability import training_problem
from pages.widgets import rights
from pages.widgets.decimal_field import decimal_field
from pages.widgets.show_errors import plain, show_errors

_RANDOM = "none (random initialization)"
# Fields of the `TrainingConfig` that are typed, with their names in the form.
NAMES = {"learning_rate": "the learning rate", "target_accuracy": "the target training accuracy"}


def show() -> None:
    """Show the form, with the network and its training images beside it."""
    st.header("Train a model")
    left, right = st.columns([3, 2], gap="large")
    with left:
        architecture = get_architecture(
            st.segmented_control(
                "Network",
                list(ARCHITECTURES),
                default="cnn",
                required=True,
                key="train_architecture",
                persist_state="session",
                help="Larger networks are more accurate and take longer to train.",
            )
        )
        st.caption(architecture.summary)
        settings = _choose_settings(architecture)
        config = _show_start(architecture, settings)
    with right:
        preview.show_network(architecture.name, settings["dropout"])
        if config:
            preview.show_samples(config)


def _show_start(architecture: Architecture, settings: dict[str, Any]) -> TrainingConfig | None:
    """Show Start and what it will train; returns that, or None if a setting is refused."""
    config = None
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            "Start",
            type="primary",
            icon=":material/play_arrow:",
            key="train_start",
            disabled=bool(reason := training_problem()),
            help=reason or "The training continues when you close the page.",
        )
        refused = [NAMES[field] for field in NAMES if settings[field] is None]
        if refused:
            st.error(f"Correct under *More settings*: {' and '.join(refused)}.")
        else:
            with show_errors():
                config = TrainingConfig(architecture=architecture.name, **settings)
                st.caption(
                    f"{plain(settings['name'])}: {architecture.name}, at most "
                    f"{settings['epochs']} epoch{'s' * (settings['epochs'] != 1)}, "
                    f"learning rate {settings['learning_rate']:g}"
                )
    if pressed and config:
        start(config)
    return config


def start(config: TrainingConfig) -> None:
    """Start the run and show it at the top of the page."""
    with show_errors():
        rights.check_start()
        if config.overwrite and not rights.may_change_model(config.name or ""):
            raise rights.NotAllowedError(
                "You can replace the models that you have trained. Choose another name. "
                f"Received: {config.name!r}"
            )
        run = jobs.start(config)
        rights.own(run)
        watch.watch(run.id)
        st.rerun()


def free_name(model: str) -> str:
    """A model name that no model and no run has."""
    taken = {card.name for card in list_models()}
    taken |= {run.id.split("-", 2)[-1] for run in list_runs()}
    number = 1
    while f"my-{model}-{number}" in taken:
        number += 1
    return f"my-{model}-{number}"


def _choose_settings(architecture: Architecture) -> dict[str, Any]:
    """Fields of the `TrainingConfig`, at first those that suit the architecture."""
    kind = architecture.name
    state = st.session_state
    # The proposed name changes once it is taken; a name that the user entered stays.
    key, proposed = f"train_name_{kind}", f"train_proposed_{kind}"
    if state.get(key) in (None, "", state.get(proposed)):
        state[key] = state[proposed] = free_name(kind)
    name = st.text_input(
        "Name",
        key=key,
        persist_state="session",
        max_chars=40,
        help="Name of the model: lower-case letters, digits, '-', '_' and '.'.",
    )
    length = st.segmented_control(
        "Length",
        ["quick", "full"],
        default="quick",
        required=True,
        key=f"train_length_{kind}",
        persist_state="session",
        format_func={
            "quick": f"Quick · {_in_epochs(architecture.quick['epochs'])}",
            "full": f"Full · {_in_epochs(architecture.epochs)}",
        }.__getitem__,
        help="An epoch is one pass over the training images. Quick gives a first impression.",
    )
    defaults = {**vars(architecture), **(architecture.quick if length == "quick" else {})}
    with st.expander("More settings", icon=":material/tune:"):
        left, right = st.columns(2)
        with left:
            settings = _choose_optimization(defaults, f"{kind}_{length}")
        with right:
            settings |= _choose_regularization(defaults, f"{kind}_{length}")
            settings |= _choose_initial_model(kind)
    overwrite = False
    if name in {card.name for card in list_models()} and _may_replace(name):
        overwrite = st.checkbox(
            f"Replace the model “{name}”",
            key=f"train_overwrite_{name}",
            persist_state="session",
            help="The old model is deleted.",
        )
    return settings | {"name": name, "overwrite": overwrite}


def _in_epochs(count: int) -> str:
    return f"{count} epoch{'s' * (count != 1)}"


def _may_replace(name: str) -> bool:
    return not is_bundled(name) and rights.may_change_model(name)


def _choose_optimization(defaults: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {
        "epochs": st.number_input(
            "Maximum epochs", 1, 1000, defaults["epochs"], key=f"train_epochs_{key}",
            persist_state="session",
            help="Passes over the training images.",
        ),
        "batch_size": st.select_slider(
            "Batch size", [16, 32, 64, 128, 256, 512, 1024], defaults["batch_size"],
            key=f"train_batch_{key}", persist_state="session",
            help="Images per weight update. Larger batches train faster but learn less per image.",
        ),
        "learning_rate": decimal_field(
            "Learning rate", 1e-6, 1.0, defaults["learning_rate"], key=f"train_rate_{key}",
            help="Size of each weight update. Too high: the training does not converge. Too low: "
            "it takes very long.",
        ),
        "schedule": st.selectbox(
            "Learning rate schedule", list(SCHEDULES), list(SCHEDULES).index(defaults["schedule"]),
            format_func=SCHEDULES.__getitem__, key=f"train_schedule_{key}",
            persist_state="session",
            help="How the learning rate changes during the training.",
        ),
        "optimizer": st.selectbox(
            "Optimizer", list(OPTIMIZERS), list(OPTIMIZERS).index(defaults["optimizer"]),
            format_func=OPTIMIZERS.__getitem__, key=f"train_optimizer_{key}",
            persist_state="session",
            help="How the weights are updated to lower the loss.",
        ),
        "seed": st.number_input(
            "Seed", 0, 2**32 - 1, TrainingConfig.seed, key="train_seed", persist_state="session",
            help="The same seed gives the same weights on the same machine.",
        ),
    }  # fmt: skip


def _choose_regularization(defaults: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {
        "augmentation": st.slider(
            "Augmentation", 0.0, 1.0, defaults["augmentation"], 0.05,
            key=f"train_augmentation_{key}", persist_state="session",
            help="Strength of the random changes to each training image: rotation, distortion, "
            "stroke width, blur. Helps with digits that differ from MNIST's.",
        ),
        "dropout": st.select_slider(
            "Dropout", [None, *(share / 20 for share in range(19))], defaults.get("dropout"),
            key=f"train_dropout_{key}", persist_state="session",
            format_func=lambda share: "default" if share is None else f"{share:.2f}",
            help="Share of units dropped at random in each step, against overfitting.",
        ),
        "patience": st.number_input(
            "Patience (epochs)", 0, 1000, 0, key=f"train_patience_{key}", persist_state="session",
            help="Stop early after this number of epochs without a lower validation loss, and "
            "keep the best epoch. 0: never.",
        ) or None,
        "target_accuracy": decimal_field(
            "Target training accuracy", 0.0, 1.0, defaults["target_accuracy"] or 1.0,
            key=f"train_target_{key}",
            help="Stop after the epoch that reaches it. 1: practically never.",
        ),
        "validation_fraction": st.slider(
            "Validation fraction", 0.01, 0.5, TrainingConfig.validation_fraction,
            key="train_held_out",
            persist_state="session", help="Share of the training images used for validation only.",
        ),
    }  # fmt: skip


def _choose_initial_model(kind: str) -> dict[str, Any]:
    models = [_RANDOM, *(card.name for card in list_models() if card.architecture == kind)]
    chosen = st.selectbox(
        "Initial model", models, key=f"train_initial_{kind}", persist_state="session",
        help="Fine-tune a trained model of the same network. Lower the learning rate.",
    )  # fmt: skip
    initial_model = None if chosen == _RANDOM else chosen
    try:
        corrections = sum(CorrectionStore().counts().values())
    except MnistError:
        corrections = 0  # the gallery shows the error
    default = TrainingConfig(architecture=kind, initial_model=initial_model)
    # A key of its own: the default differs with an initial model.
    key = f"train_mixed_{kind}{'_tuned' if initial_model else ''}"
    return {
        "initial_model": initial_model,
        "include_corrections": st.checkbox(
            f"Include corrections ({corrections})", key="train_corrections",
            persist_state="session",
            disabled=not corrections,
            help="Train on the digits that were corrected on Draw and Webcam, too. With an initial "
            "model, its answers to other digits stay the same.",
        ) and corrections > 0,
        "mixed_precision": st.checkbox(
            "Mixed precision", default.resolved().mixed_precision, key=key, persist_state="session",
            help="Compute in 16 bits where that is safe. Faster on recent GPUs, and on processors "
            "with bfloat16 instructions, where it is the default for large networks.",
        ),
    }  # fmt: skip
