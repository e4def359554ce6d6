"""The widget framework, one part at a time, without a browser."""

import base64
import re
from threading import Thread
from typing import NamedTuple

import ipywidgets
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from dlscratch.views import style
from dlscratch.views.controls import choice, number, power_of_ten, reach, steps, toggle, whole
from dlscratch.views.explorer import Explorer
from dlscratch.views.picture import Picture
from dlscratch.views.png import encode
from dlscratch.views.prediction import Prediction, predict
from dlscratch.views.readout import explain, not_finite, short
from dlscratch.views.show import Still

PNG = b"\x89PNG\r\n\x1a\n"


class Height(NamedTuple):
    height: float


def frame(ax, arrays):
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    ax.set_title("a title that stays")


def level(ax, arrays):
    ax.axhline(arrays.height)


def pixels(png, tmp_path):
    path = tmp_path / "picture.png"
    path.write_bytes(png)
    with Image.open(path) as image:
        return np.asarray(image)


def level_explorer(compute=Height, say=lambda arrays: f"height {arrays.height}"):
    return Explorer(compute, level, say, [number("height", 0, 1, value=0.5, label="height")], frame=frame)


# pictures

DRAWINGS = {
    "line": lambda ax, a: ax.plot([0, 1], [a.height, 1]),
    "points": lambda ax, a: ax.scatter([0.5], [a.height]),
    "image": lambda ax, a: ax.imshow(np.full((4, 4), a.height), extent=(0, 1, 0, 1), vmin=0, vmax=1),
    "heat map": lambda ax, a: ax.pcolormesh(np.full((4, 4), a.height) / 4, vmin=0, vmax=1),
    "arrow": lambda ax, a: ax.annotate("", (0.5, a.height), (0, 0), arrowprops={"arrowstyle": "->"}),
    "field": lambda ax, a: ax.quiver([0.5], [0.5], [0.1], [a.height]),
    "bars": lambda ax, a: ax.bar([0.2, 0.5], [a.height, 0.3]),
    "area": lambda ax, a: ax.fill_between([0, 1], [a.height, 0]),
    "histogram": lambda ax, a: ax.hist([a.height] * 3, density=True),
    "distances": lambda ax, a: ax.vlines([0.5], 0, a.height),
    "text": lambda ax, a: ax.text(0.5, a.height, "text"),
    "title": lambda ax, a: ax.set_title(f"height {a.height}"),
    "right title": lambda ax, a: ax.set_title(f"height {a.height}", loc="right"),
    "legend": lambda ax, a: (ax.axhline(a.height, label="h"), ax.legend()),
}


@pytest.mark.parametrize("kind", DRAWINGS)
def test_what_draw_adds_is_seen_and_leaves_nothing_behind(kind):
    picture = Picture(DRAWINGS[kind], frame)
    low, high = picture.png(Height(0.2)), picture.png(Height(0.8))
    assert low != high
    assert picture.png(Height(0.2)) == low
    assert low != picture.empty()


@pytest.mark.parametrize("kind", DRAWINGS)
def test_a_blitted_picture_shows_the_same_as_a_fresh_one(kind):
    moved, fresh = Picture(DRAWINGS[kind], frame), Picture(DRAWINGS[kind], frame)
    moved.png(Height(0.8))
    with style.style():
        fresh.paint_frame(Height(0.8))  # the layout depends on the first drawing; from there on nothing does
    assert moved.png(Height(0.2)) == fresh.png(Height(0.2))


def test_drawing_beyond_the_frame_moves_no_axis():
    def points(ax, a):
        ax.plot([2, 4], [2, 4], "o")  # no limits given: matplotlib chooses them, here and never again

    picture = Picture(lambda ax, a: ax.plot([0, 9], [0, 9 * a.height]), points)
    picture.png(Height(1.0))
    assert picture.axes.get_xlim() == picture.axes.get_ylim() == pytest.approx((1.9, 4.1))


def test_a_title_set_by_draw_does_not_outlive_the_drawing():
    def sometimes(ax, a):
        if a.height > 0.5:
            ax.set_title("high", loc="left")

    picture = Picture(sometimes, frame)
    low = picture.png(Height(0.1))
    assert picture.png(Height(0.9)) != low
    assert picture.png(Height(0.1)) == low


def test_a_title_set_by_draw_replaces_that_of_the_frame():
    def bare(ax, a):
        frame(ax, a)
        ax.set_title("")

    def titled(ax, a):
        ax.set_title("a title that moves")

    assert Picture(titled, frame).png(Height(0.5)) == Picture(titled, bare).png(Height(0.5))


def test_the_layout_leaves_room_for_a_title_that_only_draw_sets():
    def tall(ax, a):
        ax.set_title("a title\nof two lines")

    with_title, without = Picture(tall), Picture(level)
    assert with_title.png(Height(0.5)) and without.png(Height(0.5))
    assert with_title.axes.get_position().y1 < without.axes.get_position().y1 - 0.05


def test_a_drawing_that_fails_leaves_nothing_behind():
    def half(ax, a):
        ax.axhline(0.3)
        if a.height > 0.5:
            raise RuntimeError("half way")

    picture = Picture(half, frame)
    low = picture.png(Height(0.1))
    with pytest.raises(RuntimeError, match="half way"):
        picture.png(Height(0.9))
    assert picture.png(Height(0.1)) == low


def test_several_panels_come_as_an_array_of_axes():
    def both(axes, a):
        axes[0].axhline(a.height)
        axes[1].set_title(f"{a.height}")

    picture = Picture(both, panels=(1, 2))
    assert picture.png(Height(0.2)) != picture.png(Height(0.8))


def test_a_redraw_paints_no_axes_again(monkeypatch):
    picture = Picture(level, frame)
    picture.png(Height(0.5))
    monkeypatch.setattr(FigureCanvasAgg, "draw", lambda self: pytest.fail("the whole figure was painted again"))
    assert picture.png(Height(0.6)).startswith(PNG)


def test_the_picture_is_sharper_than_the_screen(tmp_path):
    height, width, _ = pixels(Picture(level, frame, size=(4, 2)).png(Height(0.5)), tmp_path).shape
    assert (width, height) == (600, 300)


def test_a_picture_leaves_the_style_of_other_figures_alone():
    import matplotlib

    before = dict(matplotlib.rcParams)
    Picture(level, frame).png(Height(0.5))
    assert dict(matplotlib.rcParams) == before


def test_the_roles_have_different_colours():
    roles = [style.DATA, style.GRADIENT, style.PARAMETER, style.ERROR, style.GUESS, style.TRUTH]
    assert len(set(roles)) == len(roles)


@pytest.mark.parametrize("level", [1, 9])
@pytest.mark.parametrize("shape", [(1, 1, 4), (7, 3, 4), (40, 90, 4)])
def test_a_picture_file_holds_its_pixels(shape, level, tmp_path):
    made = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    assert np.array_equal(pixels(encode(made, level), tmp_path), made)


# controls

CONTROLS = [
    number("c", -3, 3, value=1.0, label="slope"),
    whole("c", 1, 32, value=4, label="batch size"),
    power_of_ten("c", -12, 0, value=1e-3, label="step h"),
    steps("c", 6, label="step"),
    choice("c", ["ReLU", "tanh"], label="activation"),
    toggle("c", label="order"),
]


@pytest.mark.parametrize("control", CONTROLS, ids=lambda c: type(c.source).__name__)
def test_a_control_reports_every_value_of_its_range(control):
    seen = []
    control.observe(lambda: seen.append(control.value))
    for value in [*control.samples, control.samples[0]]:
        control.value = value
        assert control.value == value
    assert set(seen) == set(control.samples)


@pytest.mark.parametrize("control", CONTROLS, ids=lambda c: type(c.source).__name__)
def test_the_samples_reach_both_ends(control):
    if hasattr(control.source, "min"):
        base = getattr(control.source, "base", None)
        ends = [base**e if base else e for e in (control.source.min, control.source.max)]
        assert [control.samples[0], control.samples[-1]] == pytest.approx(ends, rel=1e-12)


@pytest.mark.parametrize("control", CONTROLS[:4], ids=lambda c: type(c.source).__name__)
def test_the_labelled_number_beside_a_slider_holds_its_value(control):
    box = next(w for w in all_widgets(control.box) if "Bounded" in type(w).__name__)
    assert box.description
    control.value = control.samples[3]
    assert box.value == pytest.approx(control.samples[3], rel=1e-9)
    box.value = control.samples[1]
    assert control.value == pytest.approx(control.samples[1], rel=1e-9)


def test_the_number_box_shows_what_the_slider_means():
    control = number("c", -3, 3, value=0.0, label="slope")
    control.box.children[1].value = 2.3499999999999996  # what a slider with step 0.05 sends
    assert control.value == 2.35


@pytest.mark.parametrize(
    ("control", "typed", "snapped", "moved", "shown"),
    [
        (number("c", -3, 3, value=0.0, label="slope"), 0.123, 0.1, 0.15, 0.15),
        (power_of_ten("c", -3, 1, value=0.01, label="lr"), 0.15, 10**-0.8, 10**-0.7, 0.2),
        (power_of_ten("c", -3, 1, value=0.01, label="lr"), 0.2, 10**-0.7, 10**-0.6, 0.251),
        (power_of_ten("c", -16, 0, value=0.01, label="h"), 1e-15, 1e-15, 10**-14.9, 1.26e-15),  # all of it is seen
    ],
    ids=["number", "power of ten", "close to a step", "small"],
)
def test_a_typed_number_is_kept_though_the_slider_snaps_to_its_step(control, typed, snapped, moved, shown):
    box, slider = control.box.children
    seen = []
    control.observe(lambda: seen.append(control.value))
    box.value = typed
    slider.value = snapped  # the browser does this by itself
    assert control.value == typed and seen == [typed]
    slider.value = moved  # and this is the reader
    assert control.value == shown


def test_step_buttons_go_one_step_and_stop_at_the_ends():
    control = steps("s", 2, label="step")
    back, forth = (w for w in all_widgets(control.box) if isinstance(w, ipywidgets.Button))
    values = []
    for button in [back, forth, forth, forth, back]:
        button.click()
        values.append(control.value)
    assert values == [0, 1, 2, 2, 1]


def test_the_end_of_a_step_moves_and_takes_the_value_along():
    control = steps("s", 4, label="step")
    control.value = 4
    reach(control, 2)
    assert [w.value for w in all_widgets(control.box) if hasattr(w, "max")] == [2, 2]
    reach(control, 6)
    control.value = 6
    assert [w.value for w in all_widgets(control.box) if hasattr(w, "max")] == [6, 6]


def all_widgets(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from all_widgets(child)


# predictions


def test_a_prediction_has_no_value_until_it_is_locked():
    prediction = predict("Where?", whole("n", 1, 9, value=5, label="layer"))
    assert prediction.value is None
    prediction.button.click()
    assert prediction.value == {"n": 5}
    assert "You predicted layer: 5" in prediction.question.value


def test_a_locked_prediction_stays_whatever_moves():
    layer = whole("layer", 1, 9, value=5, label="layer")
    prediction, calls = Prediction("Where?", [layer]), []
    prediction.observe(lambda: calls.append(prediction.value))
    prediction.lock()
    layer.value = 7
    prediction.lock()
    assert prediction.value == {"layer": 5}
    assert calls == [{"layer": 5}]


def test_the_controls_of_a_prediction_freeze_with_it():
    for control in [
        number("c", -3, 3, value=1.0, label="slope"),
        steps("c", 6, label="step"),
        choice("c", ["ReLU", "tanh"], label="activation"),
    ]:
        prediction = predict("Which?", control)
        prediction.lock()
        movable = [w for w in all_widgets(prediction.box) if w.has_trait("disabled")]
        assert movable and all(w.disabled for w in movable)


# the read-out


def test_numbers_are_short():
    assert [short(v) for v in (1 / 3, -0.0, 1e-9, np.float64(2.0), 5)] == ["0.3333", "0", "1e-09", "2", "5"]


def test_an_error_is_told_with_the_readers_own_line():
    def mine(x):
        y = x + 1
        return np.ones(3) @ np.ones(y)

    with pytest.raises(ValueError) as caught:
        mine(1)
    text = explain(caught.value)
    assert text.startswith("ValueError: matmul")
    assert text.endswith("in mine, line 3:  return np.ones(3) @ np.ones(y)")


def test_only_what_is_not_finite_is_named():
    class Arrays(NamedTuple):
        good: object
        empty: object
        whole: object
        absent: object
        masked: object
        hidden: object
        nan: object

    masked = np.ma.masked_invalid([1.0, np.nan])
    arrays = Arrays(np.ones(3), np.ones(0), np.arange(3), None, masked, masked[1:], np.array([1.0, np.inf]))
    assert not_finite(arrays) == ["nan"]


def test_text_from_a_callback_cannot_become_markup():
    widget = level_explorer(say=lambda arrays: "<script>x</script> & y").readout.widget
    assert "&lt;script&gt;" in widget.value and "<script>" not in widget.value


# the whole


def test_moving_a_control_changes_picture_and_words():
    widget = level_explorer()
    before = widget.image.value
    widget.controls[0].value = 0.25
    assert widget.image.value != before
    assert widget.readout.text == "height 0.25"
    assert 'aria-live="polite"' in widget.readout.widget.value


def test_an_error_in_a_callback_is_told_and_passes():
    def picky(height):
        if height > 0.7:
            raise ValueError("too high")
        return Height(height)

    widget = level_explorer(picky)
    good = widget.image.value
    widget.controls[0].value = 1.0
    assert widget.readout.text.startswith("ValueError: too high\nin picky, line 3:  raise")
    assert 'role="alert"' in widget.readout.widget.value
    assert widget.image.value == widget.picture.empty() != good
    widget.controls[0].value = 0.5
    assert widget.readout.text == "height 0.5" and widget.image.value == good


def test_an_error_from_the_start_still_shows_a_widget():
    widget = level_explorer(lambda height: 1 / 0)
    data, _ = widget._repr_mimebundle_()
    assert data["text/plain"].startswith("ZeroDivisionError")
    assert base64.b64decode(data["image/png"]).startswith(PNG)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_number_that_explodes_is_named(bad):
    widget = level_explorer(lambda height: Height(np.float64(bad) * height))
    assert widget.readout.text.endswith("Not a finite number any more: height")


def test_overflow_inside_a_callback_does_not_warn():
    widget = level_explorer(lambda height: Height(np.exp(np.float64(1e4 * height))))
    assert "Not a finite number" in widget.readout.text


def test_the_bundle_has_a_live_widget_a_picture_and_a_sentence():
    data, metadata = level_explorer()._repr_mimebundle_()
    assert set(data) == {"application/vnd.jupyter.widget-view+json", "image/png", "text/plain"}
    assert data["text/plain"] == metadata["image/png"]["alt"] == "height 0.5"
    assert metadata["image/png"]["width"] == 520


def test_two_equal_widgets_have_equal_pictures_and_sentences():
    one, two = (level_explorer()._repr_mimebundle_()[0] for _ in range(2))
    assert one["image/png"] == two["image/png"] and one["text/plain"] == two["text/plain"]


def test_a_still_picture_has_its_sentence_and_no_widget():
    still = Still(level, Height(0.5), alt="A level line at half height.", size=(4, 2))
    data, metadata = still._repr_mimebundle_()
    assert set(data) == {"image/png", "text/plain"}
    assert metadata["image/png"] == {"width": 400, "height": 200, "alt": "A level line at half height."}


def test_the_live_picture_has_a_name():
    image = level_explorer().image
    assert re.search("picture", image.tooltip, re.I)
    assert image.description == ""  # without the trait, ipywidgets 8.1 shows no image at all


# threads


def free_for_others():
    """Could another thread paint now?"""
    found = []

    def look():
        if style.ONE_AT_A_TIME.acquire(blocking=False):
            style.ONE_AT_A_TIME.release()
            found.append(True)

    other = Thread(target=look)
    other.start()
    other.join()
    return bool(found)


def test_while_one_thread_paints_the_others_wait():
    free = []
    Still(lambda ax, arrays: free.append(free_for_others()), None, alt="nothing")
    Picture(lambda ax, arrays: free.append(free_for_others())).png(Height(0.5))
    assert free == [False] * 3  # a picture's first drawing also settles its layout
    assert free_for_others()


def test_a_move_waits_until_the_one_before_is_told():
    free = []
    level_explorer(say=lambda arrays: free.append(free_for_others()) or "told")
    assert free == [False] and free_for_others()
