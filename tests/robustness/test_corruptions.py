"""The corruptions of MNIST-C, and the distortions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_core import Dataset, InvalidImageError, MnistError, Recognizer
from mnist_core.robustness.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from mnist_core.robustness.distortions import SWEEPS, distort

GEOMETRIC = ("shear", "scale", "rotate", "translate")
# At severity 4 the paper changes from few large spots to many small ones, which cover less.
LESS_SPATTER = ("spatter", 4)


def square(left: int, top: int, side: int = 6) -> np.ndarray:
    """(1, 28, 28): a white square."""
    frame = np.zeros((1, 28, 28), np.uint8)
    frame[0, top : top + side, left : left + side] = 255
    return frame


def center(frame: np.ndarray) -> tuple[float, float]:
    """The center of mass, (x, y)."""
    y, x = np.indices(frame.shape)
    return float((x * frame).sum() / frame.sum()), float((y * frame).sum() / frame.sum())


def mean_difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


def test_corruptions_are_the_fifteen_of_the_paper() -> None:
    assert len(CORRUPTIONS) == 15
    for name, corruption in CORRUPTIONS.items():
        assert corruption.name == name
        assert corruption.summary
        assert corruption.paper_severity in SEVERITIES


@pytest.mark.parametrize("name", CORRUPTIONS)
@pytest.mark.parametrize(
    "images",
    [
        np.zeros((0, 28, 28), np.uint8),
        np.zeros((1, 28, 28), np.uint8),
        np.full((2, 28, 28), 255, np.uint8),
        square(0, 0),
    ],
    ids=["empty", "blank", "full", "corner"],
)
def test_corrupt_accepts_any_frames(name: str, images: np.ndarray) -> None:
    before = images.copy()
    for severity in (0, *SEVERITIES):
        corrupted = corrupt(images, name, severity)
        assert (corrupted.shape, corrupted.dtype) == (images.shape, np.uint8)
        assert not np.shares_memory(corrupted, images)
        assert (images == before).all()
        if severity == 0:
            assert (corrupted == images).all()


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_corrupt_changes_more_at_higher_severities(dataset: Dataset, name: str) -> None:
    images = dataset.x_test[:60]
    changes = [
        mean_difference(corrupt(images, name, severity), images) for severity in (0, *SEVERITIES)
    ]
    assert changes[0] == 0
    for severity in SEVERITIES:
        if (name, severity) != LESS_SPATTER:
            # Where little is left of a digit, it cannot change much more.
            assert changes[severity] > 0.97 * changes[severity - 1]
    assert changes[5] > 1.2 * changes[1] > 0


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_corrupt_depends_on_the_seed_alone(dataset: Dataset, name: str) -> None:
    images = dataset.x_test[:20]
    first = corrupt(images, name, 3, seed=5)
    np.random.default_rng().random(7)
    assert (corrupt(images, name, 3, seed=5) == first).all()
    deterministic = {"scale", "brightness", "stripe", "canny_edges"}
    assert (corrupt(images, name, 3, seed=6) == first).all() == (name in deterministic)


@pytest.mark.parametrize(
    ("images", "name", "severity", "error"),
    [
        (np.zeros((1, 28, 28), np.float32), "fog", 1, InvalidImageError),
        (np.zeros((28, 28), np.uint8), "fog", 1, InvalidImageError),
        (np.zeros((1, 32, 32), np.uint8), "fog", 1, InvalidImageError),
        (np.zeros((1, 28, 28), np.uint8), "snow", 1, MnistError),
        (np.zeros((1, 28, 28), np.uint8), "fog", 6, MnistError),
        (np.zeros((1, 28, 28), np.uint8), "fog", -1, MnistError),
        (np.zeros((1, 28, 28), np.uint8), "fog", 1.5, MnistError),
    ],
)
def test_corrupt_rejects_invalid_arguments(
    images: np.ndarray, name: str, severity: int, error: type[MnistError]
) -> None:
    with pytest.raises(error, match="Received"):
        corrupt(images, name, severity)


def test_translate_moves_to_the_corners() -> None:
    images = np.repeat(square(11, 11), 40, axis=0)
    x, y = center(images[0])
    corners = set()
    for frame in corrupt(images, "translate", 4):
        assert frame.sum() == images[0].sum()
        offset = tuple(round(a - b, 3) for a, b in zip(center(frame), (x, y), strict=True))
        corners.add(offset)
    assert corners == {(4, 4), (4, -4), (-4, 4), (-4, -4)}


def test_scale_shrinks_about_the_center() -> None:
    (frame,) = corrupt(square(6, 6, 16), "scale", 5)
    assert center(frame) == pytest.approx((13.5, 13.5), abs=0.01)
    assert frame.sum() / 255 == pytest.approx(16**2 / 4, rel=0.02)


@pytest.mark.parametrize("name", ["rotate", "shear"])
def test_rotate_and_shear_keep_the_center_and_the_ink(name: str) -> None:
    for frame in corrupt(np.repeat(square(9, 9, 10), 20, axis=0), name, 3):
        assert center(frame) == pytest.approx((13.5, 13.5), abs=0.05)
        assert frame.sum() / 255 == pytest.approx(100, rel=0.03)


def test_noises_have_their_specified_rates() -> None:
    grey = np.full((50, 28, 28), 128, np.uint8)
    for severity, share in zip(SEVERITIES, (0.03, 0.06, 0.09, 0.17, 0.27), strict=True):
        noisy = corrupt(grey, "impulse_noise", severity)
        assert (noisy == 255).mean() == pytest.approx(share / 2, abs=0.01)
        assert (noisy == 0).mean() == pytest.approx(share / 2, abs=0.01)
    for severity, photons in zip(SEVERITIES, (60, 25, 12, 5, 3), strict=True):
        bright = np.full((50, 28, 28), 64, np.uint8)
        noisy = corrupt(bright, "shot_noise", severity) / 255
        assert noisy.mean() == pytest.approx(64 / 255, rel=0.03)
        assert noisy.var() == pytest.approx(64 / 255 / photons, rel=0.15)


def test_lines_and_stripes_are_in_their_columns() -> None:
    blank = np.zeros((20, 28, 28), np.uint8)
    assert set(np.flatnonzero(corrupt(blank, "stripe", 5)[0, 0])) == {*range(7), *range(21, 28)}
    dotted = corrupt(blank, "dotted_line", 5).any(axis=1)
    assert (dotted.sum(axis=1) == 14).all()
    zigzag = corrupt(blank, "zigzag", 5)
    # A zigzag that begins at an edge may leave the frame in some columns.
    assert (zigzag.any(axis=1).sum(axis=1) > 12).all()
    assert not zigzag[:, :, [0, 1, 26, 27]].any()


def test_brightness_adds_a_constant() -> None:
    frame = square(11, 11)
    bright = corrupt(frame, "brightness", 2)
    assert set(np.unique(bright)) == {51, 255}
    assert ((bright == 255) == (frame == 255)).all()


@pytest.mark.parametrize("name", SWEEPS)
def test_distort_changes_nothing_at_the_clean_level(dataset: Dataset, name: str) -> None:
    sweep = SWEEPS[name]
    assert sweep.clean in sweep.levels
    assert list(sweep.levels) == sorted(sweep.levels)
    images = dataset.x_test[:30]
    changes = [mean_difference(distort(images, name, level), images) for level in sweep.levels]
    assert changes[sweep.levels.index(sweep.clean)] == 0
    # The neighboring levels change a little, others more.
    clean = sweep.levels.index(sweep.clean)
    neighbors = [changes[i] for i in (clean - 1, clean + 1) if 0 <= i < len(changes)]
    assert 0 < max(neighbors) < max(changes)
    assert distort(images[:0], name, sweep.levels[0]).shape == (0, 28, 28)


def test_rotation_is_counterclockwise_in_degrees() -> None:
    right_of_the_center = square(20, 11)
    (frame,) = distort(right_of_the_center, "rotation", 90)
    assert center(frame) == pytest.approx((13.5, 27 - 22.5), abs=0.1)


@pytest.mark.parametrize(("name", "level"), [("size", 1.5), ("size", 0.5)])
def test_size_is_a_factor(name: str, level: float) -> None:
    (frame,) = distort(square(9, 9, 10), name, level)
    assert frame.sum() / 255 == pytest.approx(100 * level**2, rel=0.05)


def test_shift_has_its_length_and_any_direction() -> None:
    frames = distort(np.repeat(square(11, 11), 30, axis=0), "shift", 5)
    offsets = np.array([center(frame) for frame in frames]) - 13.5
    assert np.hypot(*offsets.T) == pytest.approx(5, abs=0.1)
    assert all((offsets * sign > 1).any() for sign in (1, -1))


def test_distort_rejects_an_unknown_sweep() -> None:
    with pytest.raises(MnistError, match="Received: 'color'"):
        distort(square(1, 1), "color", 1)


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_distort_accepts_any_level(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(list(SWEEPS)))
    level = data.draw(st.floats(0.05, 200))
    frames = distort(
        np.repeat(square(3, 20), 2, axis=0), name, level, seed=data.draw(st.integers(0, 9))
    )
    assert (frames.shape, frames.dtype) == ((2, 28, 28), np.uint8)


def test_corrupt_leaves_digits_legible_at_severity_1(
    dataset: Dataset, recognizer: Recognizer
) -> None:
    images, labels = dataset.x_test[:200], dataset.y_test[:200]
    for name in ("shot_noise", "dotted_line", *GEOMETRIC):
        accuracy = (recognizer.classify(corrupt(images, name, 1)).argmax(axis=1) == labels).mean()
        assert accuracy > 0.85, name
