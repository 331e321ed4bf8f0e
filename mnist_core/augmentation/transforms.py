"""What training does to the images: tf.data warps, inks and blurs every batch anew, as a whole.

Every image is altered by a strength of its own, from not at all to a lot, so that the network sees
clean frames as well. All chance follows from the seed and the number of the batch: a training that
was interrupted goes on with the very batches it would have had.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnist_core.data import FRAME_SIZE

__all__ = ["Source", "batches"]

# At full strength: radians, shear and logarithms of scales; translations and elastic bending
# (Simard, Steinkraus and Platt, "Best Practices for Convolutional Neural Networks Applied to Visual
# Document Analysis", ICDAR 2003) in pixels; cells of the grid that bends.
_ROTATION, _SHEAR, _SCALE, _STRETCH = 0.3, 0.3, 0.16, 0.15
_TRANSLATION, _BEND, _CELLS = 2.0, 1.4, 5
# Share of the images whose strokes are made thicker, and of those made thinner.
_THICKER, _THINNER = 0.2, 0.2
# Share of the images seen as through a bad lens or a coarse scan, that are noisy, that have a hole.
_SMOOTHED, _NOISY, _HOLED = 0.2, 0.1, 0.1
_NOISE, _HOLE = 20.0, 6
# Exponent and factor of grey levels: their logarithms at full strength.
_GAMMA, _GAIN = 0.5, 0.3


@dataclass(frozen=True, eq=False)
class Source:
    """Images that batches are drawn from, each once before any comes again.

    Attributes:
        frames: (n, 28, 28) uint8, n at least 1.
        labels: (n,) uint8.
        share: of every batch, above 0 and at most 1.
    """

    frames: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    share: float


def batches(
    sources: Sequence[Source],
    batch_size: int,
    steps: range,
    seed: int,
    *,
    strength: float | Callable[[tf.Tensor], tf.Tensor] = 1.0,
) -> tf.data.Dataset:
    """Altered images for the given steps of a training.

    Args:
        sources: where images come from; the first one fills what the shares of the others leave.
        batch_size: images a step, over all sources.
        steps: which steps; the same step always has the same batch.
        seed: of all chance, 0 to 2**32 - 1.
        strength: 0 leaves the images as they are, 1 alters them as the champion needs it; or a
            function from the number of the step, a scalar int64 tensor, to a float32 one.

    Returns:
        Pairs of (batch_size, 28, 28) float32 images, 0 to 255, and (batch_size,) int32 labels.
    """
    counts = [round(source.share * batch_size) for source in sources[1:]]
    counts.insert(0, batch_size - sum(counts))
    held = [
        (tf.constant(source.frames), tf.constant(source.labels.astype(np.int32)), count)
        for source, count in zip(sources, counts, strict=True)
        if count
    ]
    key = tf.constant([seed & 0x7FFFFFFF, seed >> 31], tf.int32)

    def batch(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        images, labels = [], []
        for number, (frames, answers, count) in enumerate(held):
            chosen = _shuffled(step * count + tf.range(count, dtype=tf.int64), len(frames), number)
            images.append(tf.gather(frames, chosen))
            labels.append(tf.gather(answers, chosen))
        clean = tf.cast(tf.concat(images, 0), tf.float32)
        if strength == 0:  # so that what altering costs can be measured
            return clean, tf.concat(labels, 0)
        much = strength(step) if callable(strength) else strength
        altered = _alter(clean, tf.random.fold_in(key, step), much)
        return altered, tf.concat(labels, 0)

    def _shuffled(positions: tf.Tensor, total: int, number: int) -> tf.Tensor:
        turn = tf.cast(positions // total, tf.int32)
        key = tf.stack([turn, tf.fill(turn.shape, number), tf.fill(turn.shape, seed & 0x7FFFFFFF)])
        place = tf.cast(positions % total, tf.int32)
        # The public function takes no seed per index; two passes may meet in one batch.
        return tf.raw_ops.RandomIndexShuffle(
            index=place, seed=tf.transpose(key), max_index=total - 1, rounds=4
        )

    return (
        tf.data.Dataset.range(steps.start, steps.stop)
        .map(batch, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        .prefetch(tf.data.AUTOTUNE)
    )


def _alter(images: Any, key: Any, strength: Any) -> Any:
    """(n, 28, 28) float32 from 0 to 255, and the same altered."""
    keys = iter(tf.unstack(tf.random.split(key, 24), num=24))
    count = images.shape[0]

    def uniform(low: float = -1.0, high: float = 1.0, *shape: int) -> Any:
        return tf.random.stateless_uniform((count, *shape), next(keys), low, high)

    much = strength * uniform(0.0, 1.0)
    images = _warp(images, much, uniform)
    images = _weigh(images, much, uniform)
    images = _smooth(images, uniform)
    # Grey levels, noise, and holes as of a pen that failed or a reflection.
    each = (..., tf.newaxis, tf.newaxis)
    gamma, gain = tf.exp(_GAMMA * much * uniform()), tf.exp(_GAIN * much * uniform())
    images = tf.pow(images / 255, gamma[each]) * (255 * gain[each])
    noise = tf.random.stateless_normal(images.shape, next(keys), stddev=_NOISE)
    noisy = tf.where(uniform(0.0, 1.0) < _NOISY * strength, uniform(0.0, 1.0), 0.0)
    images = tf.clip_by_value(images + noisy[each] * noise, 0, 255)
    return _hole(images, uniform(0.0, 1.0) < _HOLED * strength, uniform)


def _warp(images: Any, much: Any, uniform: Any) -> Any:
    """Rotate, shear, scale, move and bend, all in one bilinear sampling."""
    size, middle = FRAME_SIZE, (FRAME_SIZE - 1) / 2
    angle, shear = _ROTATION * much * uniform(), _SHEAR * much * uniform()
    scale, stretch = _SCALE * much * uniform(), _STRETCH * much * uniform()
    wide, high = tf.exp(-scale - stretch), tf.exp(-scale + stretch)
    cosine, sine = tf.cos(angle), tf.sin(angle)
    each = (..., tf.newaxis, tf.newaxis)
    y, x = tf.meshgrid(*2 * [tf.range(size, dtype=tf.float32) - middle], indexing="ij")
    leaning = x + shear[each] * y
    from_x = wide[each] * (cosine[each] * leaning - sine[each] * y)
    from_y = high[each] * (sine[each] * leaning + cosine[each] * y)
    away = (_TRANSLATION * much)[each] * uniform(-1.0, 1.0, 2, 1)
    spread = tf.constant(_spread())
    bend = (
        _BEND
        * much[..., tf.newaxis, tf.newaxis, tf.newaxis]
        * uniform(-1.7, 1.7, 2, _CELLS, _CELLS)
    )
    bend = tf.einsum("yi,nkij,xj->nkyx", spread, bend, spread)
    from_x += middle + away[:, 0, :, tf.newaxis] + bend[:, 0]
    from_y += middle + away[:, 1, :, tf.newaxis] + bend[:, 1]
    return _sample(images, from_y, from_x)


def _spread() -> NDArray[np.float32]:
    """The matrix that spreads a coarse grid smoothly over a frame: (28, cells)."""
    place = np.linspace(0, _CELLS - 1, FRAME_SIZE)
    # The cubic B-spline.
    away = np.abs(place[:, np.newaxis] - np.arange(_CELLS))
    near, far = 2 / 3 - away**2 + away**3 / 2, np.clip(2 - away, 0, None) ** 3 / 6
    return np.where(away < 1, near, far).astype(np.float32)


def _sample(images: Any, y: Any, x: Any) -> Any:
    """Bilinear samples of (n, 28, 28) at (n, 28, 28) places; black beyond the border."""
    side = FRAME_SIZE + 2
    flat = tf.reshape(tf.pad(images, [[0, 0], [1, 1], [1, 1]]), (images.shape[0], side * side))
    y, x = (tf.clip_by_value(place + 1, 0, side - 1.001) for place in (y, x))
    top, left = tf.floor(y), tf.floor(x)
    down, right = y - top, x - left
    corner = tf.cast(top * side + left, tf.int32)

    def at(offset: int) -> Any:
        return tf.gather(flat, corner + offset, axis=1, batch_dims=1)

    upper = at(0) + right * (at(1) - at(0))
    lower = at(side) + right * (at(side + 1) - at(side))
    return upper + down * (lower - upper)


def _weigh(images: Any, much: Any, uniform: Any) -> Any:
    """Make some strokes thicker, some thinner."""
    each = (..., tf.newaxis, tf.newaxis)
    pages = images[..., tf.newaxis]
    # Wider and higher one after the other; corners stay rounder than with a square.
    thick = tf.maximum(
        tf.nn.max_pool2d(pages, (1, 3), 1, "SAME"), tf.nn.max_pool2d(pages, (3, 1), 1, "SAME")
    )[..., 0]
    thin = -tf.maximum(
        tf.nn.max_pool2d(-pages, (1, 3), 1, "SAME"), tf.nn.max_pool2d(-pages, (3, 1), 1, "SAME")
    )[..., 0]
    kind = uniform(0.0, 1.0)
    thicker = tf.where(kind < _THICKER, much, 0.0)[each]
    # A thin stroke would be gone altogether.
    thinner = tf.where(kind > 1 - _THINNER, 0.7 * much, 0.0)[each]
    return images + thicker * (thick - images) + thinner * (thin - images)


def _smooth(images: Any, uniform: Any) -> Any:
    """Blur some as a lens does, or see them in few pixels; rows and columns each their own way."""
    bank = tf.constant(_smoothers())
    some = uniform(0.0, 1.0) < _SMOOTHED
    rows = tf.cast(uniform(0.0, 1.0) * bank.shape[0], tf.int32)
    other = tf.cast(uniform(0.0, 1.0) * bank.shape[0], tf.int32)
    columns = tf.where(uniform(0.0, 1.0) < 0.7, rows, other)
    # The first one changes nothing.
    rows, columns = tf.where(some, rows, 0), tf.where(some, columns, 0)
    seen = tf.matmul(tf.gather(bank, rows), images)
    return tf.matmul(seen, tf.gather(bank, columns), transpose_b=True)


def _smoothers() -> NDArray[np.float32]:
    """Matrices that smooth a column of pixels; the first one leaves it as it is: (n, 28, 28)."""
    place = np.arange(FRAME_SIZE)
    bank = [np.eye(FRAME_SIZE)]
    for sigma in np.linspace(0.4, 1.2, 5):
        bell = np.exp(-0.5 * ((place[:, np.newaxis] - place) / sigma) ** 2)
        bank.append(bell / bell.sum(axis=1, keepdims=True))
    # So many cells to a frame, averaged, and enlarged again: smoothly, or as squares.
    for cells in range(9, 17):
        edges = np.linspace(0, FRAME_SIZE, cells + 1)
        over = np.minimum(edges[1:, np.newaxis], place + 1) - np.maximum(
            edges[:-1, np.newaxis], place
        )
        few = np.clip(over, 0, None) * cells / FRAME_SIZE
        center = (edges[:-1] + edges[1:] - 1) / 2
        away = np.abs(place[:, np.newaxis] - center) * cells / FRAME_SIZE
        linear = np.clip(1 - away, 0, None)
        nearest = np.eye(cells)[away.argmin(axis=1)]
        bank += [linear / linear.sum(axis=1, keepdims=True) @ few, nearest @ few]
    return np.array(bank, np.float32)


def _hole(images: Any, holed: Any, uniform: Any) -> Any:
    """Erase a small rectangle of some (Zhong et al., "Random Erasing", AAAI 2020)."""
    place = tf.range(FRAME_SIZE, dtype=tf.float32)
    corner = uniform(4.0, FRAME_SIZE - 8.0, 2, 1)
    side = uniform(2.0, _HOLE, 2, 1)
    inside = (place >= corner) & (place < corner + side)
    hole = inside[:, 0, :, tf.newaxis] & inside[:, 1, tf.newaxis, :]
    return tf.where(hole & holed[:, tf.newaxis, tf.newaxis], 0.0, images)
