"""A worker of a training on several machines. TensorFlow is imported inside `run_worker`."""

from __future__ import annotations

from mnist_core.data import load_mnist
from mnist_core.errors import TrainingError
from mnist_core.storage.paths import models_directory
from mnist_core.training.config import TrainingConfig
from mnist_core.training.cpu import prepare_tensorflow
from mnist_core.training.events import Hooks, Message, OnEvent
from mnist_core.training.inputs import TrainingInputs

__all__ = ["run_worker"]


def run_worker(config: TrainingConfig, on_event: OnEvent = lambda event: None) -> None:
    """Take part in a training whose run and model are saved by another machine, the chief.

    Nothing is written on this machine. An initial model must be here as well.

    Args:
        config: the chief's, but for the name; its strategy is "multiworker".
        on_event: called with each event, in this thread.

    Raises:
        TrainingError: `$TF_CONFIG` is not valid, the settings are not the chief's, the loss
            diverged, or another worker was lost.
        DatasetError, ModelNotFoundError, ModelLoadError: as of `mnist_core.train`.
    """
    settings = config.resolved()
    data = TrainingInputs.of(settings, models_directory()).split(settings, load_mnist())
    on_event(Message(text="Loading TensorFlow"))
    prepare_tensorflow()
    import keras
    import tensorflow as tf

    from mnist_core.distributed.trainer import DistributedTrainer

    trainer = DistributedTrainer(settings, on_event)
    keras.utils.set_random_seed(settings.seed)
    tf.config.experimental.enable_op_determinism()
    trainer.fit(settings, data, Hooks(on_event=on_event))
    on_event(Message(text="Waiting for the first worker to save the model"))
    if not trainer.wait_for_all():
        raise TrainingError(
            "The first worker was lost before the model was saved. See its own message. "
            f"Received: {settings.name}"
        )
