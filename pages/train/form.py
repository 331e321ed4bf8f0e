"""The training form: network, settings, a sample of the training images, and Start."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from mnist_core import TrainingConfig, list_models
from mnist_core.networks.architectures import ARCHITECTURES, Architecture, get_architecture
from mnist_core.networks.blocks.block import BLOCKS, Block
from mnist_core.networks.blocks.network import architecture_of, name_network
from mnist_core.networks.blocks.plan import plan_blocks
from mnist_core.networks.summary import layers_of
from mnist_core.registry.store import is_bundled
from mnist_core.runs import jobs
from mnist_core.runs.store import list_runs
from pages.train import build, build_code, preview, watch
from pages.train.availability import training_problem
from pages.train.settings import NAMES, choose_settings
from pages.widgets import rights
from pages.widgets.show_errors import plain, show_errors

_MISFIT = "First correct the blocks."


def show() -> None:
    """Show the form, with the network and its training images beside it."""
    st.header("Train a model")
    left, right = st.columns([3, 2], gap="large")
    with left:
        kind = st.segmented_control(
            "Network",
            [*ARCHITECTURES, BLOCKS],
            default="cnn",
            required=True,
            key="train_architecture",
            persist_state="session",
            format_func=lambda name: "Build your own" if name == BLOCKS else name,
            help="Larger networks are more accurate and take longer to train.",
        )
        if kind == BLOCKS:
            draft = build.show()
            blocks, architecture = draft.blocks, architecture_of(draft.blocks)
            name, key = _choose_name(kind), f"{kind}_{draft.number}"
            special = draft.settings
        else:
            blocks, architecture = None, get_architecture(kind)
            st.caption(architecture.summary)
            name, length = _choose_name(kind), _choose_length(architecture)
            key = f"{kind}_{length}"
            special = architecture.quick if length == "quick" else {}
        defaults = {**vars(architecture), **special}
        settings = _choose_settings(architecture, blocks, name, defaults, key)
        plan = plan_blocks(blocks, settings["dropout"]) if blocks else None
        config = _show_start(architecture, settings, fits=plan is None or not plan.problem)
    with right:
        layers = plan.layers if plan else layers_of(kind, settings["dropout"])
        preview.show_network(layers, "of your blocks" if plan else kind)
        if config and blocks:
            build_code.show(config)
        if config:
            preview.show_samples(config)


def _show_start(
    architecture: Architecture, settings: dict[str, Any], *, fits: bool
) -> TrainingConfig | None:
    """Show Start and what it will train; returns that, or None if a setting is refused.

    Args:
        architecture: of the network.
        settings: fields of the `TrainingConfig`.
        fits: whether the network can be built.
    """
    config = None
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            "Start",
            type="primary",
            icon=":material/play_arrow:",
            key="train_start",
            disabled=bool(reason := training_problem() or ("" if fits else _MISFIT)),
            help=reason or "The training continues when you close the page.",
        )
        refused = [NAMES[field] for field in NAMES if settings[field] is None]
        if refused:
            st.error(f"Correct under *More settings*: {' and '.join(refused)}.")
        elif fits:
            # Where nothing else is the default, 1 means never, even if all images are learned.
            if settings["target_accuracy"] == 1 and architecture.target_accuracy is None:
                settings = settings | {"target_accuracy": None}
            with show_errors():
                config = TrainingConfig(**settings)
                st.caption(
                    f"{plain(config.name or '')}: "
                    f"{name_network(config.architecture, config.blocks)}, at most "
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


def _choose_name(kind: str) -> str:
    """The model's name, at first a free one."""
    state = st.session_state
    # The proposed name changes once it is taken; a name that the user entered stays.
    key, proposed = f"train_name_{kind}", f"train_proposed_{kind}"
    if state.get(key) in (None, "", state.get(proposed)):
        state[key] = state[proposed] = free_name(kind)
    return st.text_input(
        "Name",
        key=key,
        persist_state="session",
        max_chars=40,
        help="Name of the model: lower-case letters, digits, '-', '_' and '.'.",
    )


def _choose_length(architecture: Architecture) -> str:
    return st.segmented_control(
        "Length",
        ["quick", "full"],
        default="quick",
        required=True,
        key=f"train_length_{architecture.name}",
        persist_state="session",
        format_func={
            "quick": f"Quick · {_in_epochs(architecture.quick['epochs'])}",
            "full": f"Full · {_in_epochs(architecture.epochs)}",
        }.__getitem__,
        help="An epoch is one pass over the training images. Quick gives a first impression.",
    )


def _choose_settings(
    architecture: Architecture,
    blocks: tuple[Block, ...] | None,
    name: str,
    defaults: Mapping[str, Any],
    key: str,
) -> dict[str, Any]:
    """Fields of the `TrainingConfig`, at first the defaults; the key is that of the choice."""
    settings = choose_settings(architecture, blocks, defaults, key)
    overwrite = False
    if name in {card.name for card in list_models()} and _may_replace(name):
        overwrite = st.checkbox(
            f"Replace the model “{name}”",
            key=f"train_overwrite_{name}",
            persist_state="session",
            help="The old model is deleted.",
        )
    network = {"architecture": architecture.name, "blocks": blocks}
    return settings | network | {"name": name, "overwrite": overwrite}


def _in_epochs(count: int) -> str:
    return f"{count} epoch{'s' * (count != 1)}"


def _may_replace(name: str) -> bool:
    return not is_bundled(name) and rights.may_change_model(name)
