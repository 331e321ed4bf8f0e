"""Single digits, letters and signs, from the thinnest pen to the thickest."""

from __future__ import annotations

import numpy as np

from mnist_core.augmentation.glyphs import GlyphPool, cut_to_ink, pen_width
from mnist_core.data import CLASSES, load_mnist


def test_cut_to_ink_leaves_no_empty_border() -> None:
    image = np.zeros((28, 28), np.uint8)
    image[5:12, 9:11] = 255
    assert cut_to_ink(image).shape == (7, 2)


def test_pen_width_is_that_of_a_straight_stroke() -> None:
    stroke = np.full((40, 4), 255, np.uint8)
    # Twice 160 px, by an outline of 88 px, in a glyph of 40 px.
    assert pen_width(stroke) == 2 * 160 / 88 / 40


def test_a_pool_has_all_digits_sorted_by_their_pens() -> None:
    pool = GlyphPool(load_mnist().test.select(slice(200)), np.random.default_rng(1), size=0.002)
    assert len(pool.written) == len(pool.styles) == CLASSES
    for glyphs in (*pool.written, *pool.styles, pool.letters, pool.signs):
        widths = [pen_width(image) for image in glyphs.images]
        assert widths and widths == sorted(widths)


def test_a_thick_pen_is_chosen_among_the_thickest() -> None:
    random = np.random.default_rng(2)
    pool = GlyphPool(load_mnist().test.select(slice(400)), random, size=0.002)
    thin, thick = (
        np.mean([pen_width(pool.written[8].choose(pen, random)) for _ in range(50)])
        for pen in (0.1, 0.9)
    )
    assert thin < thick
