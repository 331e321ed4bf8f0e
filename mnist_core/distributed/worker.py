"""Being one of the other machines of a training. TensorFlow is imported inside `run_worker`."""

from __future__ import annotations

from mnist_core.data import load_mnist
from mnist_core.errors import TrainingError
from mnist_core.storage.paths import models_directory
from mnist_core.training.config import TrainingConfig
from mnist_core.training.cpu import prepare_tensorflow
from mnist_core.training.events import Message, OnEvent
from mnist_core.training.inputs import TrainingInputs

__all__ = ["run_worker"]


def run_worker(config: TrainingConfig, on_event: OnEvent = lambda event: None) -> None:
    """Compute a share of a training whose run and model are another machine's, the chief's.

    Nothing is written on this one. An initial model must be here as well.

    Args:
        config: the chief's, but for the name; its strategy is "multiworker".
        on_event: called with each event, in this thread.

    Raises:
        TrainingError: `$TF_CONFIG` cannot be used, the settings are not the chief's, the loss
            diverged, or another worker is gone.
        DatasetError, ModelNotFoundError, ModelLoadError: as of `mnist_core.train`.
    """
    dataset = load_mnist()
    inputs = TrainingInputs.of(config, models_directory())
    held_out, kept = inputs.split(config, len(dataset.x_train))
    on_event(Message(text="Loading TensorFlow"))
    prepare_tensorflow()
    import keras
    import tensorflow as tf

    from mnist_core.distributed.trainer import DistributedTrainer

    trainer = DistributedTrainer(config, on_event)
    keras.utils.set_random_seed(config.seed)
    tf.config.experimental.enable_op_determinism()
    trainer.fit(
        config,
        (dataset.x_train[kept], dataset.y_train[kept]),
        (dataset.x_train[held_out], dataset.y_train[held_out]),
        on_event,
        None,
    )
    on_event(Message(text="Waiting for the first worker to save the model"))
    if not trainer.dismiss():
        raise TrainingError(
            "The first worker was gone before the model was saved. See what it says there. "
            f"Received: {config.name}"
        )
