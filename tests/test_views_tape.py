"""The tape player, storey by storey: the tape, right and wrong ways back, words, picture, controls; and the milestone."""

import numpy as np
import pytest

from dlscratch import (
    SGD,
    Adam,
    Affine,
    CrossEntropyLoss,
    ReLU,
    Sequential,
    Tensor,
    accuracy,
    apply,
    data,
    grad,
    minibatches,
    nn,
)
from dlscratch.gradcheck.catalogue.tape import Wrong
from dlscratch.views import explore_tape
from dlscratch.views.picture import Picture
from dlscratch.views.tape import EXPRESSIONS, SIZE, compute, diamond, doublings, draw, frame, skip, square_of_square
from dlscratch.views.tape_player import ARRIVALS, MOST_ROWS, ORDERS, final, nudged, record, walk
from dlscratch.views.tape_words import say, sum_in_words

ADD, REPLACE = ARRIVALS
NEWEST, DEPTH, BREADTH = ORDERS
FIRST = next(iter(EXPRESSIONS))
GUESS = {"replacing": 16.0, "depth first": 48.0, "expression": FIRST, "a": 2.0}


def heron(a):
    x = a
    for _ in range(3):
        x = (x + a / x) * 0.5
    return x


def two(w, b):
    return (w * 2.0 + b).tanh() * w


def gets(f, order, arrival, **leaves):
    """The gradients of all leaves in the end."""
    tape = record(f, leaves)
    sends = walk(tape, order, arrival)
    return [final(sends, k) for k in range(tape.leaves)]


def shown(step, order=NEWEST, arrival=ADD, guess=None, expression=FIRST, a=2.0):
    return compute(guess, order, arrival, step, functions=EXPRESSIONS, expression=expression, a=a)


# the tape


def test_the_tape_is_the_list_of_what_ran_oldest_first():
    tape = record(square_of_square, {"a": 2.0})
    assert [row.text for row in tape.rows] == ["a", "v1 = a · a", "v2 = v1 · v1"]
    assert [row.value for row in tape.rows] == [2, 4, 16]
    assert [row.inputs for row in tape.rows] == [(), (0, 0), (1, 1)]
    assert (tape.leaves, tape.operations) == (1, 2)


def test_a_loop_is_unrolled_and_constants_have_no_entry():
    tape = record(heron, {"a": 2.0})
    assert len(tape.rows) == 10
    assert [row.text for row in tape.rows[1:4]] == ["v1 = a / a", "v2 = a + v1", "v3 = v2 · 0.5"]
    assert tape.rows[3].inputs == (2, None)


def test_a_branch_is_noted_as_it_ran():
    def f(a):
        return a * a if a.data > 0 else a + a + a

    assert record(f, {"a": 1.0}).operations == 1
    assert record(f, {"a": -1.0}).operations == 2


def test_functions_arrays_unused_leaves_and_other_leaves_have_their_rows():
    W = Tensor(np.ones(3), requires_grad=True)
    tape = record(lambda a, b: (W * a).exp().sum(), {"a": 0.0, "b": 5.0})
    texts = ["a", "b", "leaf 3", "v1 = leaf 3 · a", "v2 = exp(v1)", "v3 = sum(v2)"]
    assert [row.text for row in tape.rows] == texts
    assert final(walk(tape, NEWEST, ADD), 0) == pytest.approx(3)
    assert final(walk(tape, NEWEST, ADD), 1) == 0


# the ways back


@pytest.mark.parametrize("a", [-2.7, -1.2, 0.3, 2.0])
@pytest.mark.parametrize("f", [*EXPRESSIONS.values(), heron], ids=lambda f: f.__name__)
def test_newest_first_and_adding_is_the_derivative(f, a):
    right = grad(f)(a)
    assert gets(f, NEWEST, ADD, a=a) == pytest.approx([right])
    assert nudged(f, {"a": a}) == pytest.approx([right], rel=1e-6)


def test_newest_first_and_adding_is_right_for_every_leaf():
    right = [grad(two, argnum=k)(0.7, -0.2) for k in range(2)]
    assert gets(two, NEWEST, ADD, w=0.7, b=-0.2) == pytest.approx(right)


@pytest.mark.parametrize(
    ("f", "order", "arrival", "wrong"),
    [
        (square_of_square, NEWEST, REPLACE, 8),
        (square_of_square, DEPTH, ADD, 48),
        (square_of_square, DEPTH, REPLACE, 8),
        (square_of_square, BREADTH, ADD, 32),
        (diamond, DEPTH, ADD, 15),
        (diamond, NEWEST, REPLACE, 9),
        (skip, BREADTH, ADD, 4),
        (doublings, NEWEST, REPLACE, 1),
        (doublings, DEPTH, ADD, 26),
    ],
)
def test_wrong_tapes_give_the_numbers_done_by_hand(f, order, arrival, wrong):
    assert gets(f, order, arrival, a=2.0) == [wrong]


@pytest.mark.parametrize(
    ("mistake", "order", "arrival"),
    [("overwrites", NEWEST, REPLACE), ("per-path", DEPTH, ADD), ("breadth-first", BREADTH, ADD)],
)
@pytest.mark.parametrize("f", [square_of_square, skip, doublings], ids=lambda f: f.__name__)
def test_wrong_tapes_are_those_of_the_catalogue(f, mistake, order, arrival):
    a = type("Tape", (Wrong,), {"mistake": mistake})(1.5)
    f(a).backward()
    assert gets(f, order, arrival, a=1.5) == pytest.approx([a.grad])


def test_depth_first_walks_every_path_and_newest_first_every_arc_once():
    tape = record(doublings, {"a": 1.0})
    assert len(walk(tape, NEWEST, ADD)) == 6
    assert len(walk(tape, DEPTH, ADD)) == 2 + 4 + 8


def test_a_tape_with_too_many_sends_is_refused():
    def more(a):
        for _ in range(6):
            a = a + a
        return a

    with pytest.raises(ValueError, match="depth first, more than 60 gradients travel"):
        walk(record(more, {"a": 1.0}), DEPTH, ADD)


# what is seen when


def test_steps_note_then_begin_with_1_then_send():
    states = [(found.noted, found.sent) for found in map(shown, range(9))]
    assert states == [(0, 0), (1, 0), (2, 0), (2, 1), (2, 2), (2, 3), (2, 4), (2, 5), (2, 5)]


def test_gradients_arrive_one_by_one():
    sums = [sum_in_words(*found.arrived[1], found) for found in (shown(4), shown(5))]
    assert sums == ["4", "4 + 4 = 8"]
    assert shown(3).arrived.keys() == {2}
    assert shown(5).gradients.tolist() == [1, 8]


def test_wrong_ways_back_are_hidden_until_there_is_a_guess():
    for order in ORDERS:
        for arrival in ARRIVALS:
            found = shown(50, order, arrival)
            assert (found.nudges is None) == ((order, arrival) != (NEWEST, ADD))
            assert found.answers is None
    assert shown(50, DEPTH, guess=GUESS).arrived[0][1] == 48
    assert shown(0, guess=GUESS).answers == {"replacing": 8, "depth first": 48}


def test_the_answer_belongs_to_the_place_of_the_guess():
    found = shown(0, guess=GUESS | {"a": 1.0}, expression=list(EXPRESSIONS)[3], a=-3.0)
    assert found.answers == {"replacing": 1, "depth first": 6}


# the words


def test_every_step_is_said():
    told = [say(shown(step)).split("\n")[1] for step in (0, 2, 3, 4, 5)]
    assert told == [
        "Step 0 of 7: the tape holds the leaves alone.",
        "Step 2 of 7, the way there: v2 = v1 · v1 is noted, with its pullback and its value 16.",
        "Step 3 of 7, the way back begins with 1, the slope of v2 with respect to itself.",
        "Step 4 of 7, the way back: v2 sends 4 to v1, the first that arrives there.",
        "Step 5 of 7, the way back: v2 sends 4 to v1, and 4 + 4 = 8 lies there now.",
    ]


def test_the_end_says_what_was_lost():
    told = say(shown(50, arrival=REPLACE, guess=GUESS)).split("\n")
    assert told[2:] == [
        "The end: a gets 8: wrong, a nudge says 32.",
        "Lost at v1: 4, overwritten.",
        "Lost at a: 8, overwritten.",
        "Your prediction for squares x · x, x = a · a at a = 2: replacing gives 8, you said 16; "
        "depth first gives 48, you said 48.",
    ]


def test_the_end_says_what_was_passed_on_again_and_what_came_too_late():
    assert "all that lay there: v1 2 times." in say(shown(50, DEPTH, guess=GUESS))
    late = say(shown(50, BREADTH, guess=GUESS, expression=list(EXPRESSIONS)[2]))
    assert late.count("4 reached v1 too late: it had passed on already.") == 2
    assert "wrong, a nudge says 36" in late


def test_the_right_way_back_blames_nothing():
    told = say(shown(50))
    assert "The end: a gets 32: right." in told
    assert not any(word in told for word in ("Lost", "more than once", "too late", "wrong,"))


# the picture


def test_steps_rules_and_values_are_seen():
    paint = Picture(draw, frame, size=SIZE)
    seen = [
        *map(shown, range(8)),
        shown(8, DEPTH, guess=GUESS),
        shown(7, arrival=REPLACE, guess=GUESS),
        shown(7, a=2.1),
        shown(7, expression=list(EXPRESSIONS)[1]),
    ]
    assert len({paint.png(found) for found in seen}) == len(seen)
    assert paint.png(seen[0]) == paint.png(shown(0))


def test_the_longest_tape_and_arrays_have_room():
    x = np.linspace(-1, 1, 20)
    functions = {None: lambda w, b: ((w * x + b - 2 * x) ** 2).mean()}
    found = compute(None, NEWEST, ADD, 50, functions=functions, w=1.0, b=0.5)
    assert [found.arrived[k][1] for k in range(2)] == pytest.approx(found.nudges)
    assert Picture(draw, frame, size=SIZE).png(found)
    assert len(record(heron, {"a": 2.0}).rows) == MOST_ROWS


# the controls


@pytest.mark.parametrize("locked", [False, True])
def test_every_control_over_its_whole_range(locked):
    widget = explore_tape()
    guess, expression, a, order, arrival, step = widget.controls
    if locked:
        guess.lock()
    for control in (*guess.controls, order, arrival, expression, a, step):
        for value in control.samples:
            control.value = value
            assert " at a = " in widget.readout.text.split("\n")[0], widget.readout.text
            assert 'role="alert"' not in widget.readout.widget.value


def test_every_move_of_a_control_changes_the_words():
    for locked in (False, True):
        widget = explore_tape()
        if locked:
            widget.controls[0].lock()
        for control in widget.controls[1:]:
            said = set()
            for value in control.samples:
                control.value = value
                said.add(widget.readout.text)
            assert len(said) == len(control.samples), control.name


def test_the_step_goes_as_far_as_the_tape_and_who_stands_at_the_end_stays_there():
    guess, expression, _, order, _, step = explore_tape().controls
    assert (step.value, step.source.max) == (2, 7)
    step.value = 7
    order.value = DEPTH
    assert (step.value, step.source.max) == (3, 3)
    guess.lock()
    assert (step.value, step.source.max) == (9, 9)
    step.value = 5
    expression.value = list(EXPRESSIONS)[3]
    assert (step.value, step.source.max) == (5, 18)


def test_the_lock_freezes_the_predictions_and_leaves_the_sliders_free():
    guess, expression, a, *_ = explore_tape().controls
    for control, value in zip(guess.controls[:2], (16.0, 48.0), strict=True):
        control.value = value
    guess.lock()
    assert guess.value == GUESS
    assert all(control.source.disabled for control in guess.controls[:2])
    assert not a.source.disabled and not expression.source.disabled


def test_the_picture_without_a_kernel_does_not_give_the_answers_away():
    told = explore_tape()._repr_mimebundle_()[0]["text/plain"]
    assert told.endswith("Lock your prediction to let wrong tapes walk back.")
    assert not {"8", "32", "48"} & set(told.replace(".", " ").split())


def test_two_widgets_share_no_state():
    one, other = explore_tape(), explore_tape()
    one.controls[0].lock()
    one.controls[-1].value = 7
    assert "Step 2 of 7" in other.readout.text and "Lock your prediction" in other.readout.text


# the reader's own functions


def test_the_widget_plays_the_readers_own_function():
    widget = explore_tape(two, w=0.7, b=-5.0)
    widget.controls[-1].value = widget.controls[-1].source.max
    assert widget.readout.text.startswith("Your function at w = 0.7, b = -5 is ")
    assert widget.readout.text.count(": right.") == 2
    assert widget.controls[2].samples[0] == -5


def test_a_wrong_pullback_is_told_from_wrong_bookkeeping():
    def sine(x):
        return np.sin(x), lambda dout: (dout * np.sin(x),)

    widget = explore_tape(lambda a: apply(sine, a * a), a=1.0)
    widget.controls[-1].value = 6
    assert "a gets 1.683: wrong, a nudge says 1.081." in widget.readout.text
    assert "Order and sums are right. So the pullback of an operation is wrong" in widget.readout.text


def put(pullback):
    return lambda a: apply(lambda x: (x, pullback), a)


@pytest.mark.parametrize(
    ("own", "words"),
    [
        (lambda a: 1 / 0, "ZeroDivisionError: division by zero"),
        (lambda a: None, "the function must return a Tensor; it returned NoneType"),
        (lambda a: 5.0, "the function must return a Tensor; it returned float"),
        (lambda a: a * np.ones(3), "must return one number; it returned shape (3,): end with .sum()"),
        (lambda a: Tensor(3.0), "nothing was recorded: the result was not computed from a"),
        (lambda a: a, "nothing was recorded"),
        (put(lambda dout: None), "must return a tuple: one entry for each input, 1"),
        (put(lambda dout: (dout, dout)), "must return a tuple: one entry for each input, 1"),
        (put(lambda dout: (None,)), "returned None for input 0"),
        (put(lambda: (1.0,)), "TypeError"),
        (put(lambda dout: (np.nan,)), "Not a finite number any more: gradients"),
        (lambda a: a * np.inf, "Not a finite number any more: values"),
        (lambda a: sum([a] * 12), "the tape has 13 entries; the picture has room for 10"),
    ],
)
@pytest.mark.parametrize("locked", [False, True])
def test_a_function_that_is_wrong_is_told_in_the_widget(own, words, locked):
    widget = explore_tape(own, a=1.0)
    if locked:
        widget.controls[0].lock()
    widget.controls[-1].value = widget.controls[-1].source.max
    assert words in widget.readout.text
    assert 'role="alert"' in widget.readout.widget.value


def test_a_division_by_zero_is_told_and_passes():
    widget = explore_tape(heron, a=2.0)
    a = widget.controls[1]
    a.value = 0.0
    assert "ZeroDivisionError: float division by zero\nin heron, line 4:" in widget.readout.text
    a.value = 1.0
    assert widget.readout.text.startswith("Your function at a = 1 is 1.")


@pytest.mark.parametrize("leaves", [{}, {"w": 1.0}, {"w": 1.0, "b": 1.0, "c": 1.0}, {"step": 1.0, "b": 1.0}])
def test_start_values_must_fit_the_function(leaves):
    with pytest.raises((TypeError, ValueError), match="explore_tape: "):
        explore_tape(two, **leaves)


@pytest.mark.parametrize("value", ["2", None, [1.0, 2.0], np.ones(2), np.nan, np.inf])
def test_a_start_value_is_a_finite_number(value):
    with pytest.raises(TypeError, match="the start value of a is .*; give a finite number"):
        explore_tape(lambda a: a * a, a=value)


def test_what_is_computed_off_the_tape_is_not_blamed_on_a_pullback_alone():
    widget = explore_tape(lambda a: a * a.data, a=2.0)
    widget.controls[-1].value = widget.controls[-1].source.max
    assert "a gets 2: wrong, a nudge says 4." in widget.readout.text
    assert "or something was computed off the tape" in widget.readout.text


# the milestone


def split(seed):
    rng = np.random.default_rng(seed)
    return rng, *data.stratified_split(*data.digits(), test=0.2, rng=rng)


@pytest.mark.parametrize("seed", range(5))
def test_tape_and_layers_train_on_digits_with_the_same_numbers_to_the_last_bit(seed):
    rng, x_train, y_train, *_ = split(seed)
    layers = Sequential(Affine(64, 32, rng=rng), ReLU(), Affine(32, 10, rng=rng))
    modules = nn.Sequential(nn.Linear(64, 32, rng=rng), nn.ReLU(), nn.Linear(32, 10, rng=rng))
    for p, q in zip(modules.parameters(), layers.params, strict=True):
        p.data = q.data.copy()
    batches = [batch for _ in range(5) for batch in minibatches(x_train, y_train, 32, rng=rng)]
    assert len(batches) == 225
    assert losses_of_layers(layers, batches) == losses_of_modules(modules, batches)
    for p, q in zip(modules.parameters(), layers.params, strict=True):
        np.testing.assert_array_equal(p.data, q.data)


def losses_of_layers(net, batches):
    optimizer, loss, losses = SGD(net.params, lr=0.1), CrossEntropyLoss(), []
    for x, y in batches:
        optimizer.zero_grad()
        losses.append(loss.forward(net.forward(x), y))
        net.backward(loss.backward())
        optimizer.step()
    return losses


def losses_of_modules(net, batches, optimizer=None):
    optimizer, losses = optimizer or SGD(net.parameters(), lr=0.1), []
    for x, y in batches:
        optimizer.zero_grad()
        loss = nn.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.data)
    return losses


class SkipNet(nn.Module):
    def __init__(self, n, *, rng):
        self.first = nn.Linear(64, n, rng=rng)
        self.middle = [nn.Linear(n, n, rng=rng) for _ in range(2)]
        self.last = nn.Linear(n, 10, rng=rng)

    def forward(self, x):
        h = self.first(x)
        for linear in self.middle:
            h = h + linear(h).relu()
        return self.last(h)


def test_a_net_with_skips_reads_digits_on_five_splits():
    shares = []
    for seed in range(5):
        rng, x_train, y_train, x_test, y_test = split(seed)
        net = SkipNet(32, rng=rng)
        batches = [batch for _ in range(20) for batch in minibatches(x_train, y_train, 32, rng=rng)]
        losses_of_modules(net, batches, Adam(net.parameters(), lr=0.003))
        shares.append(accuracy(net(x_test).data, y_test))
    assert np.median(shares) > 0.96 and min(shares) > 0.94
