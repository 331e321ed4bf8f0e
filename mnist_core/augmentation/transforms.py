"""Augmentation of training images, in batches, with tf.data. Imports TensorFlow.

Each image is augmented with a random strength from zero to the maximum, so that the network also
sees clean frames. The random state follows from the seed and the number of the step, so that a
resumed training continues with exactly the batches that it would have had. Keras's augmentation
layers keep their random state in variables and resample the image in each layer; all geometric
transforms here are one bilinear sampling (`tests/benchmarks/training.py` compares the speed).
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

# Maxima: rotation in radians, shear, logarithms of scale and aspect ratio; translation and elastic
# distortion in px (Simard, Steinkraus and Platt, "Best Practices for Convolutional Neural Networks
# Applied to Visual Document Analysis", ICDAR 2003); control points per side of the distortion grid.
_ROTATION, _SHEAR, _SCALE, _STRETCH = 0.3, 0.3, 0.16, 0.15
_TRANSLATION, _BEND, _CELLS = 2.0, 1.4, 5
# Shares of the images with thicker strokes, with thinner strokes, …
_THICKER, _THINNER = 0.2, 0.2
# … that are blurred or of low resolution, noisy, partly erased.
_BLURRED, _NOISY, _ERASED = 0.2, 0.1, 0.1
# Standard deviation of the noise in grey levels; longest side of an erased rectangle, px.
_NOISE, _RECTANGLE = 20.0, 6
# Maxima of the logarithms of gamma and contrast.
_GAMMA, _GAIN = 0.5, 0.3


@dataclass(frozen=True, eq=False)
class Source:
    """Images to draw batches from, each image once per pass.

    Attributes:
        frames: (n, 28, 28) uint8, n at least 1.
        labels: (n,) uint8.
        share: share of every batch, above 0 and at most 1.
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
    """The augmented batches of the given training steps.

    Args:
        sources: images to draw from; the first source fills the share that the others leave.
        batch_size: images per step, over all sources.
        steps: numbers of the steps; the same step always has the same batch.
        seed: 0 to 2**32 - 1.
        strength: 0 (no augmentation) to 1 (as for the champion); or a function from the number of
            the step, a scalar int64 tensor, to a float32 one.

    Returns:
        Pairs of (batch_size, 28, 28) float32 images, 0 to 255, and (batch_size,) int32 labels.
    """
    counts = [round(source.share * batch_size) for source in sources[1:]]
    counts.insert(0, batch_size - sum(counts))
    constants = [
        (tf.constant(source.frames), tf.constant(source.labels.astype(np.int32)), count)
        for source, count in zip(sources, counts, strict=True)
        if count
    ]
    key = tf.constant([seed & 0x7FFFFFFF, seed >> 31], tf.int32)

    def batch(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        images, labels = [], []
        for number, (frames, answers, count) in enumerate(constants):
            chosen = shuffle(step * count + tf.range(count, dtype=tf.int64), len(frames), number)
            images.append(tf.gather(frames, chosen))
            labels.append(tf.gather(answers, chosen))
        clean = tf.cast(tf.concat(images, 0), tf.float32)
        if strength == 0:  # so that the cost of augmentation can be measured
            return clean, tf.concat(labels, 0)
        maximum = strength(step) if callable(strength) else strength
        return _augment(clean, tf.random.fold_in(key, step), maximum), tf.concat(labels, 0)

    def shuffle(positions: tf.Tensor, total: int, number: int) -> tf.Tensor:
        epoch = tf.cast(positions // total, tf.int32)
        key = tf.stack(
            [epoch, tf.fill(epoch.shape, number), tf.fill(epoch.shape, seed & 0x7FFFFFFF)]
        )
        index = tf.cast(positions % total, tf.int32)
        # The public function takes one seed only, but a batch may belong to two passes.
        return tf.raw_ops.RandomIndexShuffle(
            index=index, seed=tf.transpose(key), max_index=total - 1, rounds=4
        )

    return (
        tf.data.Dataset.range(steps.start, steps.stop)
        .map(batch, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        .prefetch(tf.data.AUTOTUNE)
    )


# The functions below take and return (n, 28, 28) float32 images from 0 to 255. `strength` is (n,);
# `uniform(low, high, *shape)` draws (n, *shape) random numbers. The order of the draws matters:
# another order gives other weights for the same seed.
_PER_IMAGE = (..., tf.newaxis, tf.newaxis)


def _augment(images: Any, key: Any, maximum: Any) -> Any:
    keys = iter(tf.unstack(tf.random.split(key, 24), num=24))
    count = images.shape[0]

    def uniform(low: float = -1.0, high: float = 1.0, *shape: int) -> Any:
        return tf.random.stateless_uniform((count, *shape), next(keys), low, high)

    strength = maximum * uniform(0.0, 1.0)
    images = _warp(images, strength, uniform)
    images = _vary_stroke_width(images, strength, uniform)
    images = _blur(images, uniform)
    gamma, gain = tf.exp(_GAMMA * strength * uniform()), tf.exp(_GAIN * strength * uniform())
    images = tf.pow(images / 255, gamma[_PER_IMAGE]) * (255 * gain[_PER_IMAGE])
    noise = tf.random.stateless_normal(images.shape, next(keys), stddev=_NOISE)
    amplitude = tf.where(uniform(0.0, 1.0) < _NOISY * maximum, uniform(0.0, 1.0), 0.0)
    images = tf.clip_by_value(images + amplitude[_PER_IMAGE] * noise, 0, 255)
    return _erase(images, uniform(0.0, 1.0) < _ERASED * maximum, uniform)


def _warp(images: Any, strength: Any, uniform: Any) -> Any:
    """Rotate, shear, scale, translate and distort, in one bilinear sampling."""
    size, middle = FRAME_SIZE, (FRAME_SIZE - 1) / 2
    angle, shear = _ROTATION * strength * uniform(), _SHEAR * strength * uniform()
    scale, stretch = _SCALE * strength * uniform(), _STRETCH * strength * uniform()
    width, height = tf.exp(-scale - stretch), tf.exp(-scale + stretch)
    cosine, sine = tf.cos(angle)[_PER_IMAGE], tf.sin(angle)[_PER_IMAGE]
    y, x = tf.meshgrid(*2 * [tf.range(size, dtype=tf.float32) - middle], indexing="ij")
    sheared = x + shear[_PER_IMAGE] * y
    from_x = width[_PER_IMAGE] * (cosine * sheared - sine * y)
    from_y = height[_PER_IMAGE] * (sine * sheared + cosine * y)
    shift = (_TRANSLATION * strength)[_PER_IMAGE] * uniform(-1.0, 1.0, 2, 1)
    spline = tf.constant(_spline())
    grid = (
        _BEND
        * strength[..., tf.newaxis, tf.newaxis, tf.newaxis]
        * uniform(-1.7, 1.7, 2, _CELLS, _CELLS)
    )
    distortion = tf.einsum("yi,nkij,xj->nkyx", spline, grid, spline)
    from_x += middle + shift[:, 0, :, tf.newaxis] + distortion[:, 0]
    from_y += middle + shift[:, 1, :, tf.newaxis] + distortion[:, 1]
    return _sample(images, from_y, from_x)


def _spline() -> NDArray[np.float32]:
    """The matrix of a cubic B-spline from control points to pixels: (28, control points)."""
    position = np.linspace(0, _CELLS - 1, FRAME_SIZE)
    distance = np.abs(position[:, np.newaxis] - np.arange(_CELLS))
    near = 2 / 3 - distance**2 + distance**3 / 2
    far = np.clip(2 - distance, 0, None) ** 3 / 6
    return np.where(distance < 1, near, far).astype(np.float32)


def _sample(images: Any, y: Any, x: Any) -> Any:
    """Sample bilinearly at (n, 28, 28) positions; beyond the border it is black."""
    side = FRAME_SIZE + 2
    flat = tf.reshape(tf.pad(images, [[0, 0], [1, 1], [1, 1]]), (images.shape[0], side * side))
    y, x = (tf.clip_by_value(position + 1, 0, side - 1.001) for position in (y, x))
    top, left = tf.floor(y), tf.floor(x)
    down, right = y - top, x - left
    corner = tf.cast(top * side + left, tf.int32)

    def at(offset: int) -> Any:
        return tf.gather(flat, corner + offset, axis=1, batch_dims=1)

    upper = at(0) + right * (at(1) - at(0))
    lower = at(side) + right * (at(side + 1) - at(side))
    return upper + down * (lower - upper)


def _vary_stroke_width(images: Any, strength: Any, uniform: Any) -> Any:
    """Dilate or erode some of the images, by less than a pixel on each side."""
    channels = images[..., tf.newaxis]

    def dilate(channels: Any) -> Any:
        # Two lines instead of a square keep corners round.
        row = tf.nn.max_pool2d(channels, (1, 3), 1, "SAME")
        column = tf.nn.max_pool2d(channels, (3, 1), 1, "SAME")
        return tf.maximum(row, column)[..., 0]

    kind = uniform(0.0, 1.0)
    thicker = tf.where(kind < _THICKER, strength, 0.0)[_PER_IMAGE]
    # Full erosion would remove thin strokes.
    thinner = tf.where(kind > 1 - _THINNER, 0.7 * strength, 0.0)[_PER_IMAGE]
    dilated, eroded = dilate(channels), -dilate(-channels)
    return images + thicker * (dilated - images) + thinner * (eroded - images)


def _blur(images: Any, uniform: Any) -> Any:
    """Blur some of the images, or lower their resolution; rows and columns may differ."""
    filters = tf.constant(_blur_filters())
    is_blurred = uniform(0.0, 1.0) < _BLURRED
    rows = tf.cast(uniform(0.0, 1.0) * filters.shape[0], tf.int32)
    other = tf.cast(uniform(0.0, 1.0) * filters.shape[0], tf.int32)
    columns = tf.where(uniform(0.0, 1.0) < 0.7, rows, other)
    # Filter 0 is the identity.
    rows, columns = tf.where(is_blurred, rows, 0), tf.where(is_blurred, columns, 0)
    blurred = tf.matmul(tf.gather(filters, rows), images)
    return tf.matmul(blurred, tf.gather(filters, columns), transpose_b=True)


def _blur_filters() -> NDArray[np.float32]:
    """Matrices that blur a column of pixels, the identity first: (n, 28, 28)."""
    pixel = np.arange(FRAME_SIZE)
    filters = [np.eye(FRAME_SIZE)]
    for sigma in np.linspace(0.4, 1.2, 5):
        gaussian = np.exp(-0.5 * ((pixel[:, np.newaxis] - pixel) / sigma) ** 2)
        filters.append(gaussian / gaussian.sum(axis=1, keepdims=True))
    # Averaged to fewer pixels, and enlarged again: linearly, or as squares.
    for cells in range(9, 17):
        edges = np.linspace(0, FRAME_SIZE, cells + 1)
        overlap = np.minimum(edges[1:, np.newaxis], pixel + 1) - np.maximum(
            edges[:-1, np.newaxis], pixel
        )
        average = np.clip(overlap, 0, None) * cells / FRAME_SIZE
        center = (edges[:-1] + edges[1:] - 1) / 2
        distance = np.abs(pixel[:, np.newaxis] - center) * cells / FRAME_SIZE
        linear = np.clip(1 - distance, 0, None)
        nearest = np.eye(cells)[distance.argmin(axis=1)]
        filters += [linear / linear.sum(axis=1, keepdims=True) @ average, nearest @ average]
    return np.array(filters, np.float32)


def _erase(images: Any, is_erased: Any, uniform: Any) -> Any:
    """Erase a small rectangle of some images (Zhong et al., "Random Erasing", AAAI 2020)."""
    pixel = tf.range(FRAME_SIZE, dtype=tf.float32)
    corner = uniform(4.0, FRAME_SIZE - 8.0, 2, 1)
    side = uniform(2.0, _RECTANGLE, 2, 1)
    covers = (pixel >= corner) & (pixel < corner + side)
    rectangle = covers[:, 0, :, tf.newaxis] & covers[:, 1, tf.newaxis, :]
    return tf.where(rectangle & is_erased[_PER_IMAGE], 0.0, images)
