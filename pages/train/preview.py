"""What will be trained: a drawing of the network, and some of its training images."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from mnist_core import TrainingConfig
from mnist_core.charts import network_drawing
from mnist_core.charts.captions.network import describe_network
from mnist_core.data import FRAME_SIZE
from mnist_core.networks.summary import Layer
from mnist_core.training.preview import draw_samples
from pages.widgets.charts import enlarged, show_caption
from pages.widgets.show_errors import show_errors

_SAMPLES, _ROW = 40, 10


def show_network(layers: Sequence[Layer], name: str) -> None:
    """Show a network's drawing and, on request, its layers."""
    with st.expander("Network", icon=":material/schema:", expanded=True):
        st.plotly_chart(
            network_drawing(layers),
            key="network_drawing",
            config={"displayModeBar": False},
            alt=f"Block diagram of the network {name}, from the image to the ten outputs.",
        )
        show_caption(describe_network(layers))
        branched = any(layer.branch for layer in layers)
        with st.popover("Layers", icon=":material/table_rows:", help="The layers as a table."):
            st.dataframe(
                {
                    **({"branch": [layer.branch for layer in layers]} if branched else {}),
                    "layer": [layer.kind for layer in layers],
                    "size": [layer.detail for layer in layers],
                    "output": ["×".join(map(str, layer.output)) for layer in layers],
                    "parameters": [layer.parameters for layer in layers],
                    "multiplications": [layer.multiplications for layer in layers],
                },
                hide_index=True,
            )


def show_samples(config: TrainingConfig) -> None:
    """Show samples of the training images on request."""
    with st.expander("Training images", icon=":material/grid_on:"):
        if st.button("Show samples", key="train_sample", help="Takes some seconds."):
            st.session_state["train_sampled"] = True
        if not st.session_state.get("train_sampled"):
            st.caption("Some images with the chosen augmentation.")
            return
        # Only what the images depend on: a change of other settings reuses them.
        relevant = TrainingConfig(
            architecture=config.architecture,
            blocks=config.blocks,
            augmentation=config.augmentation,
            seed=config.seed,
        )
        with show_errors():
            sheet = _sample_sheet(relevant)
            st.image(sheet, width="stretch", alt="Samples of the training images.")


@st.cache_data(show_spinner="Generating samples; this takes some seconds …", max_entries=50)
def _sample_sheet(config: TrainingConfig) -> np.ndarray:
    frames = draw_samples(config, _SAMPLES)
    rows = frames.reshape(-1, _ROW, FRAME_SIZE, FRAME_SIZE).transpose(0, 2, 1, 3)
    return enlarged(rows.reshape(-1, _ROW * FRAME_SIZE), 2)
