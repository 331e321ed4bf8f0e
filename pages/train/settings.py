"""The settings of a training under *More settings*."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import streamlit as st

from mnist_core import MnistError, TrainingConfig, list_models
from mnist_core.corrections.store import CorrectionStore
from mnist_core.networks.architectures import Architecture
from mnist_core.networks.blocks.block import Block
from mnist_core.training.config import OPTIMIZERS, SCHEDULES, computes_in_16_bits, network_of
from pages.widgets.decimal_field import decimal_field

__all__ = ["NAMES", "choose_settings"]

_RANDOM = "none (random initialization)"
# Fields of the `TrainingConfig` that are typed, with their names in the form.
NAMES = {"learning_rate": "the learning rate", "target_accuracy": "the target training accuracy"}


def choose_settings(
    architecture: Architecture,
    blocks: tuple[Block, ...] | None,
    defaults: Mapping[str, Any],
    key: str,
) -> dict[str, Any]:
    """Fields of the `TrainingConfig`, at first the defaults; the key is that of the choice.

    What `NAMES` lists is None if it is not a number in its range.
    """
    with st.expander("More settings", icon=":material/tune:"):
        left, right = st.columns(2)
        with left:
            settings = _choose_optimization(defaults, key)
        with right:
            settings |= _choose_regularization(defaults, key)
            settings |= _choose_initial_model(architecture, blocks)
    return settings


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
        "training_images": st.select_slider(
            "Training images", [100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, None],
            defaults.get("training_images"), key=f"train_images_{key}", persist_state="session",
            format_func=lambda count: "all" if count is None else f"{count:,}",
            help="Learn from some of the images only: faster, and it shows overfitting.",
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
            help="Stop after the epoch that reaches it. 1: never, or only if all are correct.",
        ),
        "validation_fraction": st.slider(
            "Validation fraction", 0.01, 0.5, TrainingConfig.validation_fraction,
            key="train_held_out",
            persist_state="session", help="Share of the training images used for validation only.",
        ),
    }  # fmt: skip


def _choose_initial_model(
    architecture: Architecture, blocks: tuple[Block, ...] | None
) -> dict[str, Any]:
    kind = architecture.name
    network = {"architecture": kind, "blocks": blocks and [asdict(block) for block in blocks]}
    models = [_RANDOM, *(card.name for card in list_models() if network_of(card) == network)]
    chosen = st.selectbox(
        "Initial model", models, key=f"train_initial_{kind}", persist_state="session",
        help="Fine-tune a trained model of the same network. Lower the learning rate.",
    )  # fmt: skip
    initial_model = None if chosen == _RANDOM else chosen
    try:
        corrections = sum(CorrectionStore().counts().values())
    except MnistError:
        corrections = 0  # the gallery shows the error
    mixed = computes_in_16_bits(architecture, fine_tuned=initial_model is not None)
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
            "Mixed precision", mixed, key=key, persist_state="session",
            help="Compute in 16 bits where that is safe. Faster on recent GPUs, and on processors "
            "with bfloat16 instructions, where it is the default for large networks.",
        ),
    }  # fmt: skip
