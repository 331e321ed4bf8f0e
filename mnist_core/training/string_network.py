"""Trains the string network on synthetic numbers whose digits touch. Imports TensorFlow.

The loss is that of connectionist temporal classification (A. Graves, S. Fernández, F. Gomez and
J. Schmidhuber, "Connectionist Temporal Classification: Labelling Unsegmented Sequence Data with
Recurrent Neural Networks", ICML 2006): where each digit is, the network finds out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnist_core.augmentation.digit_strings import write_strings
from mnist_core.augmentation.glyphs import GlyphPool
from mnist_core.data import LabelledArrays
from mnist_core.networks.string_network import STRING_CLASSES, build_string_network
from mnist_core.networks.training_layers import training_form
from mnist_core.training.cpu import multiplies_bfloat16

__all__ = ["train_string_network"]

_BATCH_SIZE = 64
# Lengths of strings; all strings of a batch have the same.
_LENGTHS = (1, 1, 2, 2, 3, 3, 4, 5, 7)
# Width of an image, px: of each digit, and of the margins.
_DIGIT_WIDTH, _MARGINS = 24, 32
_LEARNING_RATE, _WARM_UP = 2e-3, 0.03
# Decay of the weights' moving average, which becomes the model.
_AVERAGING = 0.998
_CHECKPOINT_STEPS, _REPORT_STEPS = 500, 100


def train_string_network(
    digits: LabelledArrays,
    backup: Path,
    *,
    steps: int,
    seed: int,
    pool_size: float,
    on_step: Callable[[int, float], None],
) -> keras.Model:
    """Train the string network, or resume its training.

    Args:
        digits: images of MNIST's training half.
        backup: a folder for checkpoints; an interrupted training continues from there.
        steps: number of batches of 64 strings.
        seed: of everything random.
        pool_size: share of the usual number of synthetic digits.
        on_step: called every 100 steps with the number of steps and the mean loss.

    Returns:
        The network with the moving average of its weights, in float32.
    """
    keras.utils.set_random_seed(seed)
    model, optimizer = _build(steps)
    step_count = tf.Variable(0, dtype=tf.int64)
    checkpoint = tf.train.Checkpoint(model=model, optimizer=optimizer, step=step_count)
    manager = tf.train.CheckpointManager(checkpoint, str(backup), max_to_keep=1)
    if manager.latest_checkpoint:
        checkpoint.restore(manager.latest_checkpoint)
    first = int(step_count.numpy())
    pool = GlyphPool(digits, np.random.default_rng(seed), size=pool_size)
    losses: list[float] = []
    for step, (lines, labels) in enumerate(_batches(pool, range(first, steps), seed), first + 1):
        losses.append(float(_train_step(model, optimizer, lines, labels)))
        step_count.assign(step)
        if step % _CHECKPOINT_STEPS == 0 or step == steps:
            manager.save()
        if step % _REPORT_STEPS == 0 or step == steps:
            on_step(step, float(np.mean(losses)))
            losses = []
    optimizer.finalize_variable_values(model.trainable_variables)
    network = build_string_network()
    network.set_weights(model.get_weights())
    return network


def _build(steps: int) -> tuple[keras.Model, keras.optimizers.Optimizer]:
    policy = keras.config.dtype_policy()
    if multiplies_bfloat16():
        keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = training_form(build_string_network())
    finally:
        keras.config.set_dtype_policy(policy)
    warm_up = max(1, round(_WARM_UP * steps))
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, max(1, steps - warm_up), warmup_target=_LEARNING_RATE, warmup_steps=warm_up
    )
    optimizer = keras.optimizers.AdamW(
        schedule, weight_decay=1e-4, clipnorm=5.0, use_ema=True, ema_momentum=_AVERAGING
    )
    optimizer.build(model.trainable_variables)
    return model, optimizer


@tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
def _train_step(
    model: keras.Model, optimizer: keras.optimizers.Optimizer, lines: tf.Tensor, labels: tf.Tensor
) -> tf.Tensor:
    # The sparse form of the labels: CTC's loss in C++.
    places = tf.where(labels >= 0)
    sparse = tf.SparseTensor(places, tf.gather_nd(labels, places), tf.shape(labels, tf.int64))
    with tf.GradientTape() as tape:
        logits = model(tf.cast(lines, tf.float32), training=True)
        columns = tf.fill([tf.shape(logits)[0]], tf.shape(logits)[1])
        loss = tf.reduce_mean(
            tf.nn.ctc_loss(sparse, logits, None, columns, False, blank_index=STRING_CLASSES - 1)
        )
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
    return loss


def _batches(pool: GlyphPool, steps: range, seed: int) -> Iterator[tuple[tf.Tensor, tf.Tensor]]:
    """The batches of the remaining steps; each depends on the seed and its step alone."""

    def write(step: int) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
        random = np.random.default_rng((seed, step))
        length = int(random.choice(_LENGTHS))
        width = 16 * -(-(_DIGIT_WIDTH * length + _MARGINS) // 16)
        return write_strings(_BATCH_SIZE, length, width, pool, random)

    with ThreadPoolExecutor(1) as writer:
        waiting = deque(writer.submit(write, step) for step in steps[:4])
        for step in steps:
            lines, labels = waiting.popleft().result()
            if step + 4 in steps:
                waiting.append(writer.submit(write, step + 4))
            yield tf.constant(lines), tf.constant(labels)
