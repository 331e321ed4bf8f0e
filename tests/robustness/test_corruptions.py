"""The corruptions of MNIST-C, and distortions little by little."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_core import Dataset, InvalidImageError, MnistError, Recognizer
from mnist_core.robustness.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from mnist_core.robustness.distortions import SWEEPS, distort

GEOMETRIC = ("shear", "scale", "rotate", "translate")
# From severity 3 to 4 the paper goes from few large spots to many small ones, which cover less.
KINDS_OF_SPATTER = ("spatter", 4)


def square(left: int, top: int, side: int = 6) -> np.ndarray:
    """(1, 28, 28): a white square."""
    frame = np.zeros((1, 28, 28), np.uint8)
    frame[0, top : top + side, left : left + side] = 255
    return frame


def center(frame: np.ndarray) -> tuple[float, float]:
    """The center of mass, (x, y)."""
    y, x = np.indices(frame.shape)
    return float((x * frame).sum() / frame.sum()), float((y * frame).sum() / frame.sum())


def change(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


def test_there_are_the_fifteen_of_the_paper() -> None:
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
    ids=["none", "blank", "full", "in the corner"],
)
def test_any_frame_can_be_corrupted(name: str, images: np.ndarray) -> None:
    before = images.copy()
    for severity in (0, *SEVERITIES):
        corrupted = corrupt(images, name, severity)
        assert (corrupted.shape, corrupted.dtype) == (images.shape, np.uint8)
        assert not np.shares_memory(corrupted, images)
        assert (images == before).all()
        if severity == 0:
            assert (corrupted == images).all()


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_it_gets_worse_with_the_severity(dataset: Dataset, name: str) -> None:
    images = dataset.x_test[:60]
    changes = [change(corrupt(images, name, severity), images) for severity in (0, *SEVERITIES)]
    assert changes[0] == 0
    for severity in SEVERITIES:
        if (name, severity) != KINDS_OF_SPATTER:
            # Once nothing is left of a digit, it cannot change much more.
            assert changes[severity] > 0.97 * changes[severity - 1]
    assert changes[5] > 1.2 * changes[1] > 0


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_chance_follows_from_the_seed_alone(dataset: Dataset, name: str) -> None:
    images = dataset.x_test[:20]
    first = corrupt(images, name, 3, seed=5)
    np.random.default_rng().random(7)
    assert (corrupt(images, name, 3, seed=5) == first).all()
    by_rule = {"scale", "brightness", "stripe", "canny_edges"}
    assert (corrupt(images, name, 3, seed=6) == first).all() == (name in by_rule)


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
def test_what_cannot_be_corrupted_is_refused(
    images: np.ndarray, name: str, severity: int, error: type[MnistError]
) -> None:
    with pytest.raises(error, match="Received"):
        corrupt(images, name, severity)


def test_translation_moves_to_the_corners_and_loses_nothing_of_what_stays_inside() -> None:
    images = np.repeat(square(11, 11), 40, axis=0)
    x, y = center(images[0])
    corners = set()
    for frame in corrupt(images, "translate", 4):
        assert frame.sum() == images[0].sum()
        away = tuple(round(a - b, 3) for a, b in zip(center(frame), (x, y), strict=True))
        corners.add(away)
    assert corners == {(4, 4), (4, -4), (-4, 4), (-4, -4)}


def test_scaling_shrinks_about_the_center() -> None:
    (frame,) = corrupt(square(6, 6, 16), "scale", 5)
    assert center(frame) == pytest.approx((13.5, 13.5), abs=0.01)
    assert frame.sum() / 255 == pytest.approx(16**2 / 4, rel=0.02)


@pytest.mark.parametrize("name", ["rotate", "shear"])
def test_turning_and_shearing_keep_the_center_and_the_ink(name: str) -> None:
    for frame in corrupt(np.repeat(square(9, 9, 10), 20, axis=0), name, 3):
        assert center(frame) == pytest.approx((13.5, 13.5), abs=0.05)
        assert frame.sum() / 255 == pytest.approx(100, rel=0.03)


def test_noises_hit_as_many_pixels_as_they_say() -> None:
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


def test_lines_and_stripes_lie_where_they_should() -> None:
    blank = np.zeros((20, 28, 28), np.uint8)
    assert set(np.flatnonzero(corrupt(blank, "stripe", 5)[0, 0])) == {*range(7), *range(21, 28)}
    dotted = corrupt(blank, "dotted_line", 5).any(axis=1)
    assert (dotted.sum(axis=1) == 14).all()
    zigzag = corrupt(blank, "zigzag", 5)
    # One that begins at the upper edge may leave the frame for a while.
    assert (zigzag.any(axis=1).sum(axis=1) > 12).all()
    assert not zigzag[:, :, [0, 1, 26, 27]].any()


def test_brightness_adds_the_same_everywhere() -> None:
    frame = square(11, 11)
    bright = corrupt(frame, "brightness", 2)
    assert set(np.unique(bright)) == {51, 255}
    assert ((bright == 255) == (frame == 255)).all()


@pytest.mark.parametrize("name", SWEEPS)
def test_a_sweep_has_a_level_that_changes_nothing(dataset: Dataset, name: str) -> None:
    sweep = SWEEPS[name]
    assert sweep.clean in sweep.levels
    assert list(sweep.levels) == sorted(sweep.levels)
    images = dataset.x_test[:30]
    changes = [change(distort(images, name, level), images) for level in sweep.levels]
    assert changes[sweep.levels.index(sweep.clean)] == 0
    # The next levels change a little, others more.
    place = sweep.levels.index(sweep.clean)
    beside = [changes[i] for i in (place - 1, place + 1) if 0 <= i < len(changes)]
    assert 0 < max(beside) < max(changes)
    assert distort(images[:0], name, sweep.levels[0]).shape == (0, 28, 28)


def test_rotation_turns_anticlockwise_by_degrees() -> None:
    right_of_the_center = square(20, 11)
    (frame,) = distort(right_of_the_center, "rotation", 90)
    assert center(frame) == pytest.approx((13.5, 27 - 22.5), abs=0.1)


@pytest.mark.parametrize(("name", "level"), [("size", 1.5), ("size", 0.5)])
def test_size_is_a_factor(name: str, level: float) -> None:
    (frame,) = distort(square(9, 9, 10), name, level)
    assert frame.sum() / 255 == pytest.approx(100 * level**2, rel=0.05)


def test_a_shift_is_as_long_as_it_says_in_any_direction() -> None:
    frames = distort(np.repeat(square(11, 11), 30, axis=0), "shift", 5)
    away = np.array([center(frame) for frame in frames]) - 13.5
    assert np.hypot(*away.T) == pytest.approx(5, abs=0.1)
    assert all((away * sign > 1).any() for sign in (1, -1))


def test_an_unknown_sweep_is_refused() -> None:
    with pytest.raises(MnistError, match="Received: 'color'"):
        distort(square(1, 1), "color", 1)


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_any_level_gives_frames(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(list(SWEEPS)))
    level = data.draw(st.floats(0.05, 200))
    frames = distort(
        np.repeat(square(3, 20), 2, axis=0), name, level, seed=data.draw(st.integers(0, 9))
    )
    assert (frames.shape, frames.dtype) == ((2, 28, 28), np.uint8)


def test_corrupted_digits_are_harder_to_read_and_can_still_be_read(
    dataset: Dataset, recognizer: Recognizer
) -> None:
    images, labels = dataset.x_test[:200], dataset.y_test[:200]
    for name in ("shot_noise", "dotted_line", *GEOMETRIC):
        right = (recognizer.classify(corrupt(images, name, 1)).argmax(axis=1) == labels).mean()
        assert right > 0.85, name
