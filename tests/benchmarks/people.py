"""Scenes with hands and faces: reflectances, (height, width, 3) float32, 0 to 1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from drawing import (
    Placement,
    Points,
    draw_curve,
    fill_outline,
    limb_mask,
    polygon_mask,
    render_solid,
    rotate,
    smooth_curve,
)
from filming import empty_paper
from simulation import Floats, Generator
from textures import room

Color = tuple[float, float, float]

SKINS: tuple[Color, ...] = (
    *((0.93, 0.76, 0.66), (0.87, 0.67, 0.54), (0.76, 0.55, 0.42)),
    *((0.6, 0.41, 0.3), (0.43, 0.28, 0.2), (0.29, 0.19, 0.14)),
)
HAIRS: tuple[Color, ...] = (
    *((0.07, 0.06, 0.06), (0.2, 0.13, 0.09), (0.38, 0.25, 0.14)),
    *((0.7, 0.55, 0.32), (0.62, 0.6, 0.58), (0.5, 0.22, 0.1)),
)


def hands_scene(size: tuple[int, int], share: float, random: Generator) -> Floats:
    """One or two hands that reach in from the border, in front of a room, a table or a sheet."""
    width, height = size
    if random.random() < 0.4:
        scene = empty_paper(size, share, random)
    else:
        scene = room(height, width, random)
    skin = _choose_skin(random)
    sides = random.permutation(["bottom", "left", "right"])[: 1 + (random.random() < 0.25)]
    for side in sides:
        _hand(scene, side, skin, random)
    return scene


def _hand(scene: Floats, side: str, skin: Floats, random: Generator) -> None:
    """Draw an arm and its hand: open, pointing, two fingers or a fist."""
    height, width = scene.shape[:2]
    length = height * random.uniform(0.55, 1.0)
    angle = {"bottom": 0, "left": 80, "right": -80}[side] + random.uniform(-25, 25)
    # The fingertips are inside the region of interest.
    tip = np.array([width, height]) * random.uniform((0.35, 0.25), (0.65, 0.6))
    flip = np.array([random.choice([-1, 1]), 1])
    wrist = tip + rotate(np.array([[0, 0.85 * length]]), angle)[0]
    # In units of the hand's length, from the wrist upwards.
    hand = Placement(center=wrist, scale=flip * length, angle=angle)
    gesture = random.choice(["open", "open", "pointing", "fist", "two"])
    reach = {"open": 5, "pointing": 1, "fist": 0, "two": 2}[gesture]
    roots = [(-0.17, -0.44), (-0.06, -0.48), (0.055, -0.47), (0.16, -0.41)]
    spread = random.uniform(0.4, 1.3)
    fingers, curled = [], []
    for number, (root, lean, long) in enumerate(
        zip(roots, (-13, -3, 5, 15), (0.35, 0.41, 0.37, 0.29), strict=True)
    ):
        thick = 0.05 * (0.88 if number == 3 else 1)
        if number < reach:
            bend = random.uniform(-6, 6)
            knuckle = root + rotate(np.array([[0, -0.45 * long]]), lean * spread)[0]
            end = knuckle + rotate(np.array([[0, -0.55 * long]]), lean * spread + bend)[0]
            fingers.append((np.array([root, knuckle, end]), thick))
        else:
            end = (root[0] * 0.9, root[1] + 0.17)
            curled.append((np.array([root, (root[0] * 0.95, root[1] + 0.05), end]), thick * 1.15))
    thumb = [(-0.14, -0.14), (-0.25, -0.27), (-0.33 + 0.1 * random.random(), -0.43)]
    palm = [(-0.16, -0.4), (0.15, -0.38), (0.13, -0.08), (-0.13, -0.1)]
    arm = hand.to_pixels([(0, 1.6), (0, 0.25), (0, -0.1)])
    solid = limb_mask(scene, arm, length * np.array([0.2, 0.14, 0.12]))
    solid |= limb_mask(scene, hand.to_pixels([*palm, palm[0]]), length * np.full(5, 0.07))
    solid |= polygon_mask(hand.to_pixels(palm), solid.shape)
    for points, thick in fingers:
        solid |= limb_mask(
            scene, hand.to_pixels(points), length * thick * np.array([1.12, 1, 0.78])
        )
    if reach != 0 or random.random() < 0.5:
        solid |= limb_mask(scene, hand.to_pixels(thumb), length * np.array([0.085, 0.05, 0.04]))
        fingers.append((np.array(thumb), 0.045))
    render_solid(scene, solid, skin, 0.06 * length, random)
    for points, thick in curled:
        part = limb_mask(scene, hand.to_pixels(points), length * thick * np.array([1, 1.05, 0.95]))
        render_solid(scene, part, skin, thick * length, random)
    _marks(scene, hand, fingers, palm=bool(random.random() < 0.4), skin=skin, length=length)
    if random.random() < 0.6:
        color = random.uniform(0.1, 0.8, 3).astype(np.float32)
        sleeve = hand.to_pixels([(0, 1.8), (0, random.uniform(0.1, 0.6))])
        render_solid(
            scene, limb_mask(scene, sleeve, length * np.full(2, 0.21)), color, 0.1 * length, random
        )


def _marks(
    scene: Floats,
    hand: Placement,
    fingers: Sequence[tuple[Points, float]],
    *,
    palm: bool,
    skin: Floats,
    length: float,
) -> None:
    """Draw the creases of the fingers, and the nails or the lines of the palm."""
    line = max(1, round(0.006 * length))
    for points, thick in fingers:
        along = (points[2] - points[1]) / np.linalg.norm(points[2] - points[1])
        across = np.array([-along[1], along[0]]) * thick
        for place in (points[1], points[1] + 0.5 * (points[2] - points[1])):
            for step in (-0.12, 0.12):
                crease = [place + side * across + step * thick * along for side in (-0.7, 0.7)]
                draw_curve(
                    scene, hand.to_pixels(np.array(crease)), skin * 0.6, line, 0.35, 0.004 * length
                )
        if not palm:
            middle = points[2] + 0.1 * thick * along
            turns = np.linspace(0, 2 * np.pi, 24)[:, np.newaxis]
            nail = middle + 0.62 * across * np.cos(turns) + 0.85 * thick * along * np.sin(turns)
            fill_outline(scene, hand.to_pixels(nail), skin * 0.7, 0.7, 0.005 * length)
            nail = middle + 0.85 * (nail - middle)
            fill_outline(
                scene, hand.to_pixels(nail), 0.6 * skin + (0.36, 0.3, 0.29), 0.8, 0.004 * length
            )
    if palm:
        for curve in (
            [(-0.17, -0.3), (-0.05, -0.26), (0.03, -0.16), (0.0, -0.05)],
            [(0.17, -0.3), (0.05, -0.28), (-0.08, -0.34)],
            [(-0.16, -0.28), (-0.02, -0.24), (0.12, -0.16)],
        ):
            draw_curve(
                scene, hand.to_pixels(np.array(curve)), skin * 0.55, line + 1, 0.5, 0.005 * length
            )


def face_scene(size: tuple[int, int], _share: float, random: Generator) -> Floats:
    """A person who looks into the camera."""
    width, height = size
    scene = room(height, width, random)
    shape, tall = (height, width), height * random.uniform(0.32, 0.55)
    # In units of half the head's width and height.
    face = Placement(
        center=np.array(size) * random.uniform((0.4, 0.4), (0.6, 0.55)),
        scale=np.array([random.uniform(0.68, 0.8), 1]) * tall,
        angle=random.uniform(-12, 12),
    )
    skin, hair = _choose_skin(random), np.array(HAIRS[random.integers(len(HAIRS))], np.float32)
    clothes = random.uniform(0.08, 0.8, 3).astype(np.float32)
    if random.random() < 0.5:  # long hair
        mane = [*face.ellipse(0, -0.2, 1.2, 1.0)[30:], *face.to_pixels([(1.25, 1.1), (-1.25, 1.1)])]
        render_solid(
            scene, polygon_mask(np.array(mane), shape), hair, 0.3 * tall, random, grain=0.07
        )
    render_solid(
        scene, polygon_mask(face.ellipse(0, 2.35, 2.3, 1.1), shape), clothes, 0.4 * tall, random
    )
    neck = face.to_pixels([(-0.5, 0.5), (0.5, 0.5), (0.6, 1.45), (0, 1.6), (-0.6, 1.45)])
    render_solid(scene, polygon_mask(neck, shape), skin * 0.85, 0.3 * tall, random)
    for side in (-1, 1):
        ear = polygon_mask(face.ellipse(side, 0.02, 0.12, 0.2), shape)
        render_solid(scene, ear, skin * 0.92, 0.08 * tall, random)
    turns = np.linspace(0, 2 * np.pi, 90)
    jaw = 1 - 0.2 * np.clip(np.sin(turns), 0, 1) ** 2
    head = np.column_stack([np.cos(turns) * jaw, np.sin(turns)])
    render_solid(scene, polygon_mask(face.to_pixels(head), shape), skin, 0.75 * tall, random)
    _eyes(scene, face, skin, hair, random)
    _nose_and_mouth(scene, face, skin, random)
    if random.random() < 0.3:  # a beard
        beard = np.concatenate([head[8:38], [(-0.55, 0.42), (0, 0.36), (0.55, 0.42)]])
        fill_outline(scene, face.to_pixels(beard), hair, random.uniform(0.35, 0.85), 0.06 * tall)
        lips = face.ellipse(0, 0.62, 0.22, 0.05)
        fill_outline(scene, lips, skin * (0.85, 0.55, 0.52), 0.9, 0.012 * tall)
    if random.random() < 0.9:  # hair; else bald
        line = random.uniform(-0.62, -0.5) + np.array([0.25, 0, -0.08, 0, 0.3])
        fringe = np.column_stack([(0.9, 0.6, 0.1, -0.5, -0.9), line])
        crown = [*face.ellipse(0, -0.22, 1.08, 0.95)[29:], *smooth_curve(face.to_pixels(fringe))]
        render_solid(
            scene, polygon_mask(np.array(crown), shape), hair, 0.25 * tall, random, grain=0.07
        )
    if random.random() < 0.3:  # glasses
        metal, wide = random.uniform(0.02, 0.3, 3), max(2, round(0.035 * tall))
        rims = [face.ellipse(side * 0.42, -0.08, 0.3, 0.2) for side in (-1, 1)]
        for line in (*rims, face.to_pixels([(-0.12, -0.12), (0.12, -0.12)])):
            draw_curve(scene, line, metal, wide, 0.95, 0.012 * tall)
    return scene


def _eyes(scene: Floats, face: Placement, skin: Floats, hair: Floats, random: Generator) -> None:
    """Draw the eyes with their sockets, brows and cheeks."""
    tall = face.scale[1]
    soft, gaze = 0.012 * tall, random.uniform(-0.04, 0.04)
    open_, lift = random.uniform(0.055, 0.085), random.uniform(0.22, 0.27)
    iris = np.array([(0.2, 0.12, 0.07), (0.3, 0.4, 0.5), (0.25, 0.3, 0.15)][random.integers(3)])
    for side in (-1, 1):
        x, y = side * 0.41, -0.1
        cheek, hollow = (
            face.ellipse(side * 0.5, 0.28, 0.25, 0.16),
            face.ellipse(x, y - 0.03, 0.3, 0.15),
        )
        fill_outline(scene, cheek, skin * (1.06, 0.88, 0.86), 0.4, 8 * soft)
        fill_outline(scene, hollow, skin * 0.68, 0.5, 6 * soft)
        ball = face.ellipse(x, y, 0.19, open_)
        fill_outline(scene, ball, np.array([0.88, 0.86, 0.84]) * skin.max(), 1, soft)
        fill_outline(scene, face.ellipse(x + gaze, y, 0.085, 0.07), iris, 1, soft)
        fill_outline(scene, face.ellipse(x + gaze, y, 0.04, 0.032), np.full(3, 0.03), 1, soft)
        glint = face.ellipse(x + gaze - 0.03, y - 0.03, 0.017, 0.014)
        fill_outline(scene, glint, np.ones(3), 0.9, soft)
        draw_curve(scene, ball[30:], skin * 0.3, max(1, round(0.03 * tall)), 0.85, soft)
        brow = [(side * dx, y - lift + dy) for dx, dy in ((0.17, 0.03), (0.4, -0.03), (0.64, 0.05))]
        draw_curve(
            scene, face.to_pixels(brow), hair * 0.9, max(2, round(0.075 * tall)), 0.85, 2 * soft
        )


def _nose_and_mouth(scene: Floats, face: Placement, skin: Floats, random: Generator) -> None:
    """Draw a nose with its shadow, and closed or laughing lips."""
    tall, side = face.scale[1], random.choice([-1, 1])
    soft = 0.012 * tall
    bridge = [(side * 0.08, -0.1), (side * 0.2, 0.3), (side * 0.05, 0.36), (side * 0.02, 0)]
    fill_outline(scene, face.to_pixels(bridge), skin * 0.6, 0.5, 4 * soft)
    fill_outline(scene, face.ellipse(0, 0.36, 0.17, 0.05), skin * 0.6, 0.55, 3 * soft)
    fill_outline(scene, face.ellipse(-side * 0.03, 0.24, 0.06, 0.07), skin * 1.15, 0.5, 3 * soft)
    for nostril in (-0.08, 0.08):
        fill_outline(scene, face.ellipse(nostril, 0.345, 0.04, 0.02), skin * 0.25, 0.85, soft)
    half, end = random.uniform(0.26, 0.36), 0.6 - random.uniform(-0.02, 0.07)
    upper = [(-half, end), (-0.1, 0.55), (0, 0.57), (0.1, 0.55), (half, end)]
    lips = face.to_pixels([*upper, (0.15, 0.7), (0, 0.72), (-0.15, 0.7)])
    fill_outline(scene, lips, skin * (0.85, 0.58, 0.55), 0.85, 1.5 * soft)
    between = [(-half, end), (-0.1, 0.615), (0.1, 0.615), (half, end)]
    draw_curve(scene, face.to_pixels(between), skin * 0.25, max(1, round(0.03 * tall)), 0.75, soft)
    if random.random() < 0.3:  # a laugh
        teeth = face.to_pixels([*between, (0.12, 0.67), (-0.12, 0.67)])
        fill_outline(scene, teeth, np.full(3, 0.8), 0.9, soft)


def _choose_skin(random: Generator) -> Floats:
    color = np.array(SKINS[random.integers(len(SKINS))]) * random.uniform(0.92, 1.05)
    return color.astype(np.float32)
