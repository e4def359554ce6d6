"""The widget that multiplies a Jacobian from both sides, storey by storey, and the milestones of chapter 03."""

from functools import partial

import numpy as np
import pytest
from notebooks import CHAPTERS, read

from dlscratch import ops, vjp
from dlscratch.views import explore_vjp
from dlscratch.views.picture import Picture
from dlscratch.views.vjp import (
    DIRECTIONS,
    OPERATIONS,
    SIZE,
    along,
    cell,
    compute,
    counts,
    draw,
    frame,
    jacobian,
    memory,
    outputs,
    places,
    pulled,
    say,
)

SHOWN = {name: (partial(vjp, f), x) for name, (f, x) in OPERATIONS.items()}
V = {"v1": 1.0, "v2": -2.0, "v3": 0.5, "v4": 3.0}
GUESS = {"entry": 2.0, "op": "running total"} | V


def shown(guess=None, op="running total", direction="first input", fade=0.0, doublings=0, **v):
    return compute(guess, direction, fade, doublings, operations=SHOWN, op=op, **V | v)


def own(op, x=(1.0, 2.0, 3.0)):
    """A widget of the reader's own operation, with its controls by name."""
    widget = explore_vjp(op, np.array(x))
    return widget, {control.name: control for control in widget.controls}


# numbers


def test_the_jacobians_are_those_done_by_hand():
    two = np.eye(2)
    right = {
        "running total": np.tri(4),
        "tanh": np.diag(1 - np.tanh(SHOWN["tanh"][1]) ** 2),
        "differences": [[-1, 1, 0, 0, 0], [0, -1, 1, 0, 0], [0, 0, -1, 1, 0], [0, 0, 0, -1, 1]],
        "share of the sum": np.eye(4) - np.array([[0.1], [0.2], [0.3], [0.4]]),
        "copy a row to two rows": np.vstack([two, two]),
        "two rows times a matrix": np.kron(two, [[1, -1], [2, 0.5]]),
    }
    assert list(right) == list(SHOWN)
    for name, J in right.items():
        assert jacobian(*SHOWN[name]) == pytest.approx(np.array(J), abs=1e-8), name


def test_rows_are_outputs_and_columns_are_inputs():
    J = jacobian(lambda x: (x[:1] * x[1:2] ** 2, lambda dout: None), np.array([2.0, 3.0, 5.0]))
    assert J == pytest.approx(np.array([[9.0, 12.0, 0.0]]))


def test_the_pullback_makes_what_v_and_the_measured_jacobian_make():
    for op in SHOWN:
        found = shown(GUESS, op)
        assert found.vj == pytest.approx(found.measured, abs=1e-7) and found.wrong == (), op


def test_a_running_total_comes_back_counted_from_the_end():
    assert shown(GUESS).vj.tolist() == [2.5, 1.5, 3.5, 3.0]


def test_the_copies_of_a_row_come_back_as_a_sum():
    assert shown(GUESS, "copy a row to two rows").vj.tolist() == [1.5, 1.0]


def test_a_nudge_of_one_input_gives_one_column():
    for op, (_, x) in SHOWN.items():
        J = jacobian(*SHOWN[op])
        assert shown(op=op, direction="first input").ju == pytest.approx(J[:, 0])
        assert shown(op=op, direction="last input").ju == pytest.approx(J[:, -1])
        assert shown(op=op, direction="all inputs").ju == pytest.approx(J.sum(axis=1), abs=1e-7)
        assert DIRECTIONS["up and down"](x.size).tolist() == [1, -1, 1, -1, 1][: x.size]


def test_forward_and_back_meet_in_the_same_number():
    for op in SHOWN:
        for direction in DIRECTIONS:
            found = shown(GUESS, op, direction)
            assert found.v @ found.ju == pytest.approx(found.vj @ found.u, abs=1e-6)


def test_products_are_hidden_without_a_guess():
    found = shown()
    assert found.vj is found.measured is found.answer is None


def test_the_answer_belongs_to_the_place_where_the_guess_was_made():
    found = shown(GUESS, "tanh", v1=-3.0)
    assert found.answer == 2.5 and found.vj[0] == -3.0


def test_sizes_double_and_the_matrix_grows_faster():
    assert counts(shown()) == (16, 8)
    assert counts(shown(doublings=10)) == (4096**2, 8192)
    assert counts(shown(op="copy a row to two rows", doublings=1)) == (32, 12)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [(1, "8 B"), (124, "992 B"), (125, "1 kB"), (124_940, "1 MB"), (4096**2, "134 MB"), (10**15, "8e+03 TB")],
)
def test_memory_is_told_in_bytes(numbers, words):
    assert memory(numbers) == words


@pytest.mark.parametrize(
    ("value", "text"),
    [(-0.0, "0"), (0.1, "0.1"), (-0.03125, "-0.0312"), (-1234.5, "-1.2e3"), (-1e-8, "-1e-08"), (np.nan, "nan")],
)
def test_a_number_fits_into_its_cell(value, text):
    assert cell(value) == text and len(text) <= 7


def test_large_numbers_fit_into_their_cells():
    assert cell(1.2345e15) == "1.2e15"
    assert max(len(cell(-v)) for v in np.logspace(-8, 99, 300) * 1.2345) <= 7


def test_the_longest_bar_and_the_largest_matrix_stay_in_the_picture():
    assert 0 < along(8) and along(8 * (5 * 2**16) ** 2) < SIZE[0] - 0.6
    columns, rows = places(5, 5)
    assert columns[0] - 1.5 * 0.68 - 0.16 > 0 and columns[-1] + 1.5 * 0.68 + 0.16 < SIZE[0]
    assert rows[-1] - 1.5 * 0.42 - 0.16 > 0.85  # above the bars


# the picture


def test_the_answer_is_drawn_only_after_the_guess():
    picture = Picture(draw, frame, size=SIZE)
    hidden = picture.png(shown())
    assert picture.png(shown(GUESS)) != hidden
    assert picture.png(shown()) == hidden


def test_every_part_is_seen():
    picture = Picture(draw, frame, size=SIZE)
    seen = [
        shown(GUESS),
        shown(GUESS, "tanh"),
        shown(GUESS, direction="last input"),
        shown(GUESS, fade=0.05),
        shown(GUESS, doublings=1),
        shown(GUESS, v2=-1.5),
        shown(GUESS)._replace(wrong=(1,)),
    ]
    assert len({picture.png(found) for found in seen}) == len(seen)


def test_a_faded_matrix_leaves_no_trace_and_the_products_stay():
    """With J gone, two operations with the same v, u and products cannot be told apart."""
    picture = Picture(draw, frame, size=SIZE)
    one = shown(GUESS, fade=1.0)
    other = one._replace(jacobian=np.eye(4))
    assert picture.png(one) == picture.png(other)
    assert picture.png(one._replace(fade=0.9)) != picture.png(other._replace(fade=0.9))
    assert picture.png(one._replace(vj=one.vj + 1)) != picture.png(one)


# the words


def test_the_sentence_hides_the_way_back_until_the_guess():
    told = say(shown())
    assert told.startswith("running total: 4 inputs, 4 outputs. Rows of J: 1, 0, 0, 0; 1, 1, 0, 0;")
    assert told.endswith("v = 1, -2, 0.5, 3. Lock your prediction to see v'J.")
    assert "2.5" not in told


def test_the_sentence_says_what_the_picture_shows():
    told = say(shown(GUESS, direction="last input", fade=0.5, doublings=10)).split("\n")
    assert told[1:] == [
        "Forward: u = 0, 0, 0, 1 leads to J u = 0, 0, 0, 1.",
        "Reverse: v = 1, -2, 0.5, 3 comes back as v'J = 2.5, 1.5, 3.5, 3.",
        "v · (J u) = 3,  (v'J) · u = 3.",
        "With n = 4096 and m = 4096 the Jacobian holds 1.678e+07 numbers, 134 MB, here faded by 50%; "
        "v and v'J hold 8192, 65.5 kB.",
        "For running total and v = 1, -2, 0.5, 3 you predicted 2; it is 2.5.",
    ]


# the controls


def test_every_control_over_its_whole_range_before_and_after_the_lock():
    widget = explore_vjp()
    controls = {control.name: control for control in widget.controls}
    for _ in range(2):
        for control in (controls["guess"].controls[0], *(c for c in widget.controls if c.name != "guess")):
            before = control.value
            for value in control.samples:
                control.value = value
                assert widget.readout.text.startswith(f"{controls['op'].value}: ")
                assert 'role="status"' in widget.readout.widget.value
            control.value = before
        controls["guess"].lock()
    assert "For running total and v = 1, -2, 0.5, 3 you predicted 0; it is 2.5." in widget.readout.text


def test_all_controls_at_their_ends_together():
    widget = explore_vjp()
    controls = {control.name: control for control in widget.controls}
    controls["guess"].lock()
    for op in controls["op"].samples:
        for end in (0, -1):
            for name in ("v1", "v2", "v3", "v4", "fade", "doublings", "direction"):
                controls[name].value = controls[name].samples[end]
            controls["op"].value = op
            assert widget.readout.text.startswith(f"{op}: ") and "Wrong" not in widget.readout.text


def test_every_move_changes_the_words():
    widget = explore_vjp()
    controls = {control.name: control for control in widget.controls}
    controls["guess"].lock()
    for name, value in {"v1": 1.5, "fade": 0.05, "doublings": 1, "direction": "last input", "op": "tanh"}.items():
        before = widget.readout.text
        controls[name].value = value
        assert widget.readout.text != before, name


def test_the_lock_freezes_the_prediction_and_leaves_the_rest_free():
    widget = explore_vjp()
    controls = {control.name: control for control in widget.controls}
    controls["guess"].controls[0].value = 2.0
    controls["guess"].lock()
    assert controls["guess"].value == GUESS
    assert controls["guess"].controls[0].source.disabled
    assert not any(controls[name].source.disabled for name in ("v1", "op", "fade"))


def test_the_picture_without_a_kernel_does_not_give_the_answer_away():
    data, _ = explore_vjp()._repr_mimebundle_()
    assert data["text/plain"].endswith("Lock your prediction to see v'J.") and "2.5" not in data["text/plain"]


def test_two_widgets_share_no_state():
    one, other = explore_vjp(), explore_vjp()
    one.controls[1].lock()
    one.controls[0].value = "tanh"
    assert other.readout.text.startswith("running total") and "Lock your prediction" in other.readout.text


# the reader's own operation


def test_the_widget_runs_the_readers_own_operation():
    widget, controls = own(ops.exp, x=[[0.0, 1.0]])
    controls["guess"].lock()
    assert widget.readout.text.startswith("exp: 2 inputs, 2 outputs. Rows of J: 1, 0; 0, 2.718.")
    assert "v = 1, -2 comes back as v'J = 1, -5.437." in widget.readout.text
    assert "op" not in controls and "v3" not in controls


def test_a_wrong_pullback_is_blamed_entry_by_entry():
    widget, controls = own(lambda x: (np.cumsum(x), lambda dout: (np.cumsum(dout),)))
    assert "Wrong" not in widget.readout.text
    controls["guess"].lock()
    assert "v = 1, -2, 0.5 comes back as v'J = 1, -1, -0.5." in widget.readout.text
    assert "Wrong: v and the measured J make -0.5, -1.5, 0.5. Look at the entries 1, 2, 3." in widget.readout.text
    assert "For <lambda> and v = 1, -2, 0.5 you predicted 0; it is -0.5." in widget.readout.text


WRONG = {
    "raises": (lambda x: 1 / 0, "ZeroDivisionError"),
    "value only": (lambda x: x * x, "<lambda> must return (out, pullback); it returned ndarray"),
    "forgets return": (lambda x: None, "<lambda> must return (out, pullback); it returned NoneType"),
    "no pullback": (lambda x: (x, 1.0), "<lambda> must return (out, pullback); it returned tuple"),
    "no value": (lambda x: (None, lambda dout: (dout,)), "<lambda> returned None as its value"),
    "too many outputs": (
        lambda x: (np.ones(6), lambda dout: (x,)),
        "has 6 outputs here; the picture has room for 1 to",
    ),
    "wrong signature": (lambda: None, "TypeError"),
    "not finite": (lambda x: (x * np.nan, lambda dout: (dout,)), "Not a finite number any more: jacobian"),
}
WRONG_BACK = {
    "no tuple": (lambda dout: dout, "the pullback of <lambda> must return a tuple with one entry"),
    "forgets return": (lambda dout: None, "the pullback of <lambda> must return a tuple with one entry"),
    "too many": (lambda dout: (dout, dout), "the pullback of <lambda> must return a tuple with one entry"),
    "none": (lambda dout: (None,), "the shape of x, (3,); the pullback gave None"),
    "wrong shape": (lambda dout: (dout[:2],), "the shape of x, (3,); the pullback gave shape (2,)"),
    "raises": (lambda dout: dout / [1, 2], "ValueError"),
    "without dout": (lambda: None, "TypeError"),
    "not finite": (lambda dout: (dout * np.inf,), "Not a finite number any more: vj"),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("locked", [False, True])
def test_an_operation_that_is_wrong_is_told_in_the_widget(name, locked):
    op, words = WRONG[name]
    widget, controls = own(op)
    if locked:
        controls["guess"].lock()
    controls["v1"].value = 2.0
    assert words in widget.readout.text
    assert 'role="alert"' in widget.readout.widget.value


@pytest.mark.parametrize("name", WRONG_BACK)
def test_a_pullback_that_is_wrong_is_told_once_it_is_asked(name):
    pullback, words = WRONG_BACK[name]
    widget, controls = own(lambda x: (2 * x, pullback))
    assert "Lock your prediction" in widget.readout.text
    controls["guess"].lock()
    assert words in widget.readout.text
    assert 'role="alert"' in widget.readout.widget.value


def test_an_array_that_is_too_large_is_refused():
    for size in (0, 6):
        with pytest.raises(ValueError, match=f"x has {size} entries; the picture has room for 1 to 5"):
            explore_vjp(ops.exp, np.ones(size))


@pytest.mark.parametrize("given", [(ops.exp,), (np.ones(3), ops.exp)])
def test_an_operation_and_an_array_are_asked_for(given):
    with pytest.raises(TypeError, match="give an operation and an array"):
        explore_vjp(*given)


def test_an_operation_that_writes_to_its_input_changes_no_later_picture():
    x = np.array([1.0, 2.0])
    widget, controls = own(lambda x: (np.multiply(x, x, out=x), lambda dout: (2 * dout * x,)), x=x)
    controls["guess"].lock()
    assert "Rows of J: 2, 0; 0, 4." in widget.readout.text and x.tolist() == [1, 2]


def test_a_number_of_sliders_is_found_for_operations_that_fail():
    assert outputs(lambda x: 1 / 0, np.ones(3)) == 3
    assert outputs(lambda x: (x[:2], lambda dout: (dout,)), np.ones(3)) == 2


def test_v_has_the_shape_of_the_output_when_it_goes_back():
    shapes = []
    pulled(lambda x: (x.T, lambda dout: (shapes.append(dout.shape) or dout.T,)), np.ones((1, 3)), np.ones(3))
    assert shapes == [(3, 1)]


# the milestones of chapter 03, by the chapter's own cells


@pytest.fixture(scope="module")
def chapter():
    """The names that the chapter has made, after all its cells but the one that fails on purpose."""
    names = {}
    for part in read(CHAPTERS / "03-vjp.ipynb").cells:
        if part.cell_type == "code":
            source = part.source.split("\n\n\ncheck(")[0] if part.id == "break" else part.source
            exec(compile(source, part.id, "exec"), names)
    return names


def test_the_way_back_of_a_running_total_holds_for_200_random_shapes(chapter):
    right, wrong = chapter["running_total"], chapter["unflipped_total"]
    rng = np.random.default_rng(0)
    assert len(chapter["draws"]) == 200 and len({len(shape) for shape, _ in chapter["draws"]}) == 3
    for shape, axis in chapter["draws"]:
        assert chapter["agrees"](right, shape, axis, rng)
        assert chapter["agrees"](wrong, shape, axis, rng) == (shape[axis] == 1)


def test_two_passes_tell_a_right_way_back_from_a_wrong_one(chapter):
    u, v = np.random.default_rng(0).normal(size=(2, 1000))
    for op, agree in [(chapter["running_total"], True), (chapter["unflipped_total"], False)]:
        out, pullback = op(u)
        assert np.isclose(v @ out, pullback(v)[0] @ u) == agree


def test_the_growth_rate_matters_most_on_the_way_up(chapter):
    assert chapter["p_dot"].argmax() + 1 == 19 and chapter["p_dot"][[0, -1]].max() < 0.1
    J = chapter["jacobian"](chapter["populations"], np.array([0.3]))
    assert J.shape == (40, 1) and np.allclose(J[:, 0], chapter["p_dot"])


def test_the_saliency_map_is_what_128_nudges_measure(chapter):
    assert chapter["answer"] == 4 and chapter["nudged"].size == 64
    assert np.abs(chapter["pixels"] - chapter["nudged"]).max() < 1e-7 < np.abs(chapter["pixels"]).max()


def test_small_steps_along_the_saliency_map_turn_a_4_into_a_9(chapter):
    turned, image = chapter["turned"], chapter["image"]
    assert chapter["steps"] == 3 and np.abs(turned - image).max() < 0.3 + 1e-9
    assert chapter["net"].forward(turned).argmax() == 9
    change = (turned - image).reshape(8, 8)
    assert change[0].sum() > 0 > change[4:6].sum()  # ink comes to the top, and leaves the crossbar


def test_another_4_is_read_as_a_1_on_its_way(chapter):
    net, question = chapter["net"], chapter["question"]
    image, seen = chapter["x_test"][chapter["y_test"] == 4][1:2], []
    while 9 not in seen:
        seen.append(int(net.forward(image).argmax()))
        slopes = net.backward(question)
        image = np.clip(image + 0.1 * slopes / np.abs(slopes).max(), 0, 1)
    assert 1 in seen and len(seen) < 20
