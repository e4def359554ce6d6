"""Numbers painted as outlines: where they stand, and that they look like matplotlib's own."""

from typing import NamedTuple

import numpy as np
import pytest

from dlscratch.views.lettering import Lettering, letter, outline
from dlscratch.views.picture import Picture


class Word(NamedTuple):
    text: str


def box(ax, arrays=None):
    ax.set(xlim=(0, 1), ylim=(0, 1))
    ax.set_axis_off()


def lettered(ax, word):
    numbers = Lettering()
    numbers.write(0.5, 0.5, word.text, color="black", size=40)
    numbers.draw(ax)


def texted(ax, word):
    ax.text(0.5, 0.5, word.text, ha="center", va="center_baseline", size=40)


def ink(draw, text):
    """The share of ink in each pixel, from 0 to 1."""
    picture = Picture(draw, box, size=(2, 1))
    picture.png(Word(text))
    return 1 - np.asarray(picture.canvas.buffer_rgba())[..., 0] / 255


@pytest.mark.parametrize("text", ["-1.35", "2.25 ✗", "inf", "1e-09"])
def test_a_number_looks_like_an_ordinary_text(text):
    ours, usual = ink(lettered, text), ink(texted, text)
    assert ours.sum() == pytest.approx(usual.sum(), rel=0.1)
    for axis in (0, 1):
        reach, usual_reach = np.flatnonzero(ours.any(axis)), np.flatnonzero(usual.any(axis))
        assert abs(np.ptp(reach) - np.ptp(usual_reach)) <= 6  # of 300: matplotlib rounds each letter to a pixel
        assert abs(reach.mean() - usual_reach.mean()) <= 6


def test_a_text_stands_left_of_right_of_or_around_its_place():
    left, center, right = (outline("8", 10, ha, "normal").get_extents() for ha in ("left", "center", "right"))
    assert left.x0 > 0 > right.x1
    assert center.x0 == pytest.approx(-center.x1, abs=0.1)


def test_the_size_is_in_points_and_letters_stand_side_by_side():
    one, two = (outline("8" * n, 10, "left", "normal").vertices for n in (1, 2))
    assert np.ptp(outline("8", 20, "left", "normal").vertices) == pytest.approx(2 * np.ptp(one))
    assert two[:, 0].max() - one[:, 0].max() == pytest.approx(10 * letter("8", "normal")[2])


def test_bold_letters_are_wider_and_spaces_have_no_outline():
    assert letter("4", "bold")[2] > letter("4", "normal")[2]
    assert letter(" ", "normal")[0].shape == (0, 2) and letter(" ", "normal")[2] > 0


def test_what_was_written_moves_with_the_numbers_and_leaves_nothing_behind():
    picture = Picture(lettered, box, size=(2, 1))
    first = picture.png(Word("1"))
    assert picture.png(Word("2")) != first
    assert picture.png(Word("1")) == first
