"""The widget of paths, storey by storey: slopes along them, the picture and the sentence, controls."""

from functools import partial

import numpy as np
import pytest

from dlscratch import ops
from dlscratch.views import explore_paths
from dlscratch.views.graph import Edge, Graph, nudged, run, spread
from dlscratch.views.paths import GRAPH, PLACES, SIZE, border, centers, compute, draw, frame, round_up, say
from dlscratch.views.picture import Picture

square = partial(ops.power, exponent=2)
SHOWN = Graph(GRAPH, ("x", "w"))
TWICE = Graph({"a = x · x": (ops.multiply, "x", "x"), "out = a²": (square, "a")}, ("x",))
GUESS = {"slope": 8.0, "x": 2.0, "w": 1.0}
LONG = "x → u → q → v → out"


def shown(guess=None, path=LONG, x=2.0, w=1.0):
    return compute(guess, path, graph=SHOWN, x=x, w=w)


def op(value, *slopes):
    """An operation that answers always the same."""
    return lambda *inputs: (value, lambda dout: slopes)


# numbers


def test_values_and_local_slopes_are_those_done_by_hand():
    values, slopes = run(SHOWN, {"x": 2.0, "w": 1.0})
    assert values == {"x": 2, "w": 1, "u": 2, "q": 4, "v": 8, "out": 10}
    assert {edge[:2]: slope for edge, slope in slopes.items()} == {
        ("w", "u"): 2,
        ("x", "u"): 1,
        ("u", "q"): 4,
        ("q", "v"): 2,
        ("x", "v"): 4,
        ("v", "out"): 1,
        ("u", "out"): 1,
    }


def test_products_along_all_paths_add_up_to_the_derivative():
    found = shown(GUESS)
    assert dict(zip(SHOWN.paths, found.products, strict=True)) == {
        "x → u → q → v → out": 8,
        "x → u → out": 1,
        "x → v → out": 4,
        "w → u → q → v → out": 16,
        "w → u → out": 2,
    }
    assert found.sums.tolist() == [13, 18]
    assert found.nudges == pytest.approx([13, 18], rel=1e-9)


def test_the_sum_is_the_slope_by_the_rules_of_school_everywhere():
    for x, w in np.random.default_rng(0).uniform(-3, 3, size=(20, 2)):
        found = shown(GUESS, x=x, w=w)
        assert found.sums == pytest.approx([3 * w**2 * x**2 + w, 2 * w * x**3 + x])
        assert found.nudges == pytest.approx(found.sums, rel=1e-6, abs=1e-6)
        assert found.wrong == {}


def test_without_a_guess_nothing_of_the_answer_is_computed():
    assert shown()[4:] == (None, None, None, None, None, None)


def test_the_answer_belongs_to_the_place_of_the_guess():
    found = shown(GUESS, x=-1.0, w=3.0)
    assert found.answer == pytest.approx(13)
    assert found.sums[0] == pytest.approx(3 * 9 + 3)


def test_a_value_used_twice_by_one_step_has_two_arrows_and_two_paths():
    assert list(TWICE.paths) == ["x →1 a → out", "x →2 a → out"]
    found = compute({"slope": 0.0, "x": 1.5}, "x →1 a → out", graph=TWICE, x=1.5)
    assert found.sums == pytest.approx([4 * 1.5**3])


def test_a_nudge_asks_no_pullback():
    wrong = Graph({"out = x²": (lambda x: (x * x, lambda dout: (dout * x,)), "x")}, ("x",))
    assert nudged(wrong, {"x": 3.0}) == pytest.approx([6.0])


def test_a_wrong_local_slope_is_found_by_its_arrow():
    wrong = Graph({"a = x²": (lambda x: (x * x, lambda dout: (dout * x,)), "x"), "out = -a": (op_minus, "a")}, ("x",))
    found = compute({"slope": 0.0, "x": 3.0}, "x → a → out", graph=wrong, x=3.0)
    assert found.wrong == {Edge("x", "a", 0): pytest.approx(6.0)}


def op_minus(x):
    return -x, lambda dout: (-dout,)


@pytest.mark.parametrize(
    ("value", "right"), [(0.0, 1), (np.nan, 1), (np.inf, 1), (1, 1), (1.1, 2), (13, 20), (0.03, 0.05), (20, 20)]
)
def test_the_scale_of_the_bars_is_a_round_number(value, right):
    assert round_up(value) == pytest.approx(right)


# graphs that cannot be


@pytest.mark.parametrize(
    ("steps", "leaves", "words"),
    [
        ({}, {"x": 1.0}, "give steps and leaves"),
        ({"out = x²": (square, "x")}, {}, "'out = x²' uses 'x', which is neither a leaf nor an earlier step"),
        ({"a = b²": (square, "b"), "b = x²": (square, "x")}, {"x": 1.0}, "'a = b²' uses 'b'"),
        ({"x = x²": (square, "x")}, {"x": 1.0}, "the name 'x' is given twice"),
        ({"path = x²": (square, "x")}, {"x": 1.0}, "none of them called guess, path, slope"),
        ({"out = x²": (square, "x")}, {"x": 1.0, "y": 1.0}, "no path leads from y to out: leave y out"),
        (
            {name: (ops.multiply, name[-1], name[-1]) for name in ("a = x · x", "b = a · a", "c = b · b")},
            {"x": 1.0},
            "8 paths and 1 sums; the picture has room for 8",
        ),
        (
            {f"x{i} = x{i - 1}²": (ops.multiply, f"x{i - 1}", f"x{i - 1}") for i in range(1, 31)},
            {"x0": 1.0},
            "1073741824 paths and 1 sums",  # counted, not walked
        ),
    ],
    ids=["empty", "unknown", "too early", "twice", "reserved", "unused", "too many", "a billion"],
)
def test_a_graph_that_cannot_be_drawn_is_refused(steps, leaves, words):
    with pytest.raises(ValueError, match="graph: ") as caught:
        explore_paths(steps, **leaves)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "steps", [square, [("x²", square, "x")], {"out = x²": square}, {"out = x²": (2, "x")}, {"out": ()}]
)
def test_what_is_no_graph_is_told_with_an_example(steps):
    with pytest.raises(TypeError, match="graph: .*ops.multiply"):
        explore_paths(steps, x=1.0)


@pytest.mark.parametrize("value", ["one", None, [1.0, 2.0]])
def test_a_leaf_that_is_no_number_is_named(value):
    with pytest.raises(TypeError, match="the leaf x must be one number, not"):
        explore_paths({"out = x²": (square, "x")}, x=value)


def test_a_step_that_leads_nowhere_has_no_path():
    steps = {f"x{i} = x{i - 1}²": (ops.multiply, f"x{i - 1}", f"x{i - 1}") for i in range(1, 31)}
    graph = Graph(steps | {"out = -x0": (op_minus, "x0")}, ("x0",))
    assert list(graph.paths) == ["x0 → out"]


def test_two_nodes_cannot_have_one_place():
    with pytest.raises(ValueError, match="two nodes have the same place"):
        explore_paths({"out = x²": (square, "x")}, places={"x": (0, 0), "out": (0, 0)}, x=1.0)


def test_places_must_be_those_of_the_nodes():
    steps = {"out = x²": (square, "x")}
    for places in ({"x": (0, 0)}, {"x": (0, 0), "y": (1, 0), "out": (2, 0)}):
        with pytest.raises(ValueError, match="places and graph differ in (out|y)"):
            explore_paths(steps, places=places, x=1.0)


# the picture


def test_no_arrow_of_the_shown_graph_runs_through_a_node():
    at = centers(PLACES)
    for edge in SHOWN.edges:
        start, end = border(edge, SHOWN, at)
        way = start + np.linspace(0.01, 0.99, 99)[:, None] * (end - start)
        for name, center in at.items():
            assert not (np.abs(way - center) < (0.42, 0.23)).all(axis=1).any(), (edge, name)


def test_nodes_without_given_places_do_not_overlap():
    at = np.array([*centers(spread(SHOWN)).values()])
    for i, one in enumerate(at):
        for other in at[:i]:
            assert abs(one - other)[0] > 0.84 or abs(one - other)[1] > 0.46


def test_two_arrows_between_the_same_nodes_run_side_by_side():
    at = centers(spread(TWICE))
    one, other = (border(edge, TWICE, at) for edge in TWICE.edges[:2])
    assert np.abs(one - other).max() > 0.1


def picture():
    at = centers(PLACES)
    return Picture(partial(draw, graph=SHOWN, at=at), partial(frame, graph=SHOWN, at=at), size=SIZE)


def test_the_answer_is_drawn_only_after_the_guess():
    paint = picture()
    assert paint.png(shown()) != paint.png(shown(GUESS))


def test_path_values_and_guess_are_seen():
    paint = picture()
    seen = [
        shown(GUESS),
        shown(GUESS, path="x → v → out"),
        shown(GUESS, x=2.05),
        shown(GUESS | {"slope": 9.0}),
        shown(GUESS)._replace(wrong={SHOWN.edges[0]: 1.0}),
    ]
    assert len({paint.png(found) for found in seen}) == len(seen)


def test_the_same_arrays_give_the_same_picture_again():
    paint = picture()
    first = paint.png(shown(GUESS))
    paint.png(shown(GUESS, x=-3.0, path="w → u → out"))
    assert paint.png(shown(GUESS)) == first


# the words


def test_the_sentence_hides_products_and_sums_until_the_guess():
    told = say(shown(), graph=SHOWN)
    assert "out = 10" in told and "x → v 4" in told
    assert "13" not in told and "= 8" not in told


def test_the_sentence_says_what_the_picture_shows():
    told = say(shown(GUESS), graph=SHOWN).split("\n")
    assert told == [
        "At x = 2, w = 1: out = 10. Along x → u → q → v → out: 1 · 4 · 2 · 1 = 8.",
        "Paths from x: 8 + 1 + 4 = 13. A nudge of x says 13.",
        "Paths from w: 16 + 2 = 18. A nudge of w says 18.",
        "For x at x = 2, w = 1 you predicted 8; it is 13.",
    ]


def test_negative_numbers_are_written_as_at_school():
    told = say(shown(GUESS, x=1.0, w=-1.0, path="x → u → out"), graph=SHOWN)
    assert "Along x → u → out: (-1) · 1 = -1." in told
    assert "Paths from x: 2 - 1 + 1 = 2." in told


def test_a_leaf_with_one_path_needs_no_sum():
    graph = Graph({"out = x²": (square, "x")}, ("x",))
    told = say(compute({"slope": 6.0, "x": 3.0}, "x → out", graph=graph, x=3.0), graph=graph)
    assert "Paths from x: 6. A nudge of x says 6." in told


# the controls


def test_every_control_over_its_whole_range_before_and_after_the_lock():
    widget = explore_paths()
    guess, x, w, path = widget.controls
    for _ in range(2):
        for control in (*guess.controls, path):
            for value in control.samples:
                control.value = value
                assert widget.readout.text.startswith("At x = "), widget.readout.text
        for value in x.samples:
            x.value = w.value = value
            assert widget.readout.text.startswith("At x = ")
        guess.lock()
    assert "For x at x = 3, w = 3 you predicted 50; it is 246." in widget.readout.text


def test_the_lock_freezes_the_prediction_and_leaves_the_sliders_free():
    guess, x, *_ = explore_paths().controls
    guess.controls[0].value = 8.0
    guess.lock()
    assert guess.value == GUESS
    assert guess.controls[0].source.disabled and not x.source.disabled


def test_the_picture_without_a_kernel_does_not_give_the_answer_away():
    data, _ = explore_paths()._repr_mimebundle_()
    assert data["text/plain"].endswith("Lock your prediction to see what they make together.")
    assert "13" not in data["text/plain"]


def test_start_values_may_be_given_and_lie_outside_the_usual_range():
    widget = explore_paths(x=-7.0)
    assert widget.readout.text.startswith("At x = -7, w = 1:")
    assert widget.controls[1].samples[0] == -7


def test_two_widgets_share_no_state():
    one, other = explore_paths(), explore_paths()
    one.controls[0].lock()
    one.controls[1].value = -3.0
    assert other.readout.text.startswith("At x = 2, w = 1: out = 10. Slopes on the arrows")


# the reader's own operations


def test_the_widget_runs_the_readers_own_operation_and_blames_its_arrow():
    def forgetful(x):
        return x * x, lambda dout: (dout * x,)

    widget = explore_paths({"u = w · x": (ops.multiply, "w", "x"), "out = u²": (forgetful, "u")}, x=2.0, w=1.5)
    widget.controls[0].lock()
    assert "Paths from x: 4.5. A nudge of x says 9." in widget.readout.text
    assert "Wrong: forgetful says 3 for u → out, a nudge 6." in widget.readout.text


@pytest.mark.parametrize(
    ("own", "words"),
    [
        (lambda x: 1 / 0, "ZeroDivisionError"),
        (lambda x: x * x, "<lambda> must return (out, pullback); it returned float64"),
        (lambda x: None, "<lambda> must return (out, pullback); it returned NoneType"),
        (lambda x: (x, 1.0), "<lambda> must return (out, pullback); it returned tuple"),
        (lambda x: (x, lambda dout: dout), "must return a tuple: one entry for each input, 1 in all"),
        (lambda x: (x, lambda dout: None), "must return a tuple: one entry for each input, 1 in all"),
        (lambda x: (x, lambda dout: (dout, dout)), "must return a tuple: one entry for each input, 1 in all"),
        (lambda x: (x, lambda dout: (None,)), "<lambda> must give one number for each number; it gave None"),
        (lambda x: (np.ones(2), lambda dout: (dout,)), "<lambda> must give one number for each number"),
        (lambda x, y: (x, lambda dout: (dout,)), "TypeError"),
        (op(np.nan, 1.0), "Not a finite number any more: values"),
        (op(1.0, np.inf), "Not a finite number any more: local"),
        (lambda x: (x, lambda: (1.0,)), "TypeError"),
    ],
    ids=[
        "raises",
        "value only",
        "forgets return",
        "no pullback",
        "no tuple",
        "pullback forgets return",
        "too many",
        "none",
        "array",
        "wrong signature",
        "nan",
        "infinite slope",
        "pullback without dout",
    ],
)
@pytest.mark.parametrize("locked", [False, True])
def test_an_operation_that_is_wrong_is_told_in_the_widget(own, words, locked):
    widget = explore_paths({"out = f(x)": (own, "x")}, x=1.0)
    if locked:
        widget.controls[0].lock()
    widget.controls[1].value = 2.0
    assert words in widget.readout.text
    assert 'role="alert"' in widget.readout.widget.value


def test_a_division_by_zero_in_between_is_told_and_passes():
    widget = explore_paths({"out = y / x": (ops.divide, "y", "x")}, x=1.0, y=1.0)
    widget.controls[0].lock()
    widget.controls[1].value = 0.0
    assert "Not a finite number any more: values, local" in widget.readout.text
    assert "Wrong" not in widget.readout.text
    widget.controls[1].value = 1.0
    assert widget.readout.text.startswith("At x = 1, y = 1: out = 1.")
    assert 'role="status"' in widget.readout.widget.value
