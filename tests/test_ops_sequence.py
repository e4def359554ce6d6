"""Embedding, recurrent steps, attention beyond the table of cases: what gates and masks mean, and bad input."""

import numpy as np
import pytest
from cases import normal

from dlscratch import ShapeError
from dlscratch.ops import attention, embedding, gru_step, lstm_step, rnn_step, softmax

N, D, H = 4, 3, 2


def weights(blocks, *, b=None):
    """Wx, Wh, b of a cell with this many blocks of columns."""
    return normal(D, blocks * H), normal(H, blocks * H), normal(blocks * H) if b is None else np.repeat(b, H)


X, STATE, CELL = normal(N, D), normal(N, H), normal(N, H, seed=1)


# ---- embedding ---------------------------------------------------------------------------------------


def test_an_id_that_comes_twice_gets_both_gradients():
    out, pullback = embedding(normal(5, D), ids=np.array([[1, 1], [3, 1]]))
    assert out.shape == (2, 2, D)
    np.testing.assert_array_equal(pullback(np.ones(out.shape))[0][:, 0], [0, 3, 0, 1, 0])


def test_no_ids_give_no_rows():
    out, pullback = embedding(normal(5, D), ids=np.zeros((0, 2), int))
    assert out.shape == (0, 2, D)
    assert not pullback(out)[0].any()


@pytest.mark.parametrize("wrong", [-1, 5])
def test_an_id_out_of_range_is_named(wrong):
    with pytest.raises(ValueError, match=rf"id {wrong} is not a row of W: its V = 5 rows are 0 to 4"):
        embedding(normal(5, D), ids=[0, wrong])


@pytest.mark.parametrize("ids", [[0.0], [True], ["a"], [None]])
def test_ids_are_whole_numbers(ids):
    with pytest.raises(TypeError, match="give whole numbers"):
        embedding(normal(5, D), ids=np.array(ids))


# ---- recurrent steps ---------------------------------------------------------------------------------


def test_the_lstm_returns_a_pair_and_takes_a_pair():
    (h, c), pullback = lstm_step(X, STATE, CELL, *weights(4))
    dh, dc = normal(N, H, seed=3), normal(N, H, seed=4)
    assert h.shape == c.shape == (N, H)
    grads = pullback((dh, dc))
    assert [g.shape for g in grads] == [a.shape for a in (X, STATE, CELL, *weights(4))]
    parts = pullback((dh, 0 * dc)), pullback((0 * dh, dc))
    for whole, one, other in zip(grads, *parts, strict=True):
        np.testing.assert_allclose(whole, one + other, rtol=1e-12, atol=1e-14)


def test_an_lstm_that_forgets_nothing_and_takes_nothing_in_keeps_its_cell():
    """The constant error carousel: the gradient of c is 1, however long the sequence."""
    (_, c), pullback = lstm_step(X, STATE, CELL, *weights(4, b=[-1000.0, 1000.0, 0.0, 0.0]))
    np.testing.assert_array_equal(c, CELL)
    dc = normal(N, H, seed=3)
    np.testing.assert_array_equal(pullback((0 * dc, dc))[2], dc)


def test_a_gru_with_an_open_update_gate_keeps_its_state():
    h, pullback = gru_step(X, STATE, *weights(3, b=[0.0, 1000.0, 0.0]))
    np.testing.assert_array_equal(h, STATE)
    dh = normal(N, H, seed=3)
    np.testing.assert_array_equal(pullback(dh)[1], dh)


def test_a_gru_that_resets_and_updates_sees_only_x():
    Wx, Wh, b = weights(3, b=[-1000.0, -1000.0, 0.5])
    h, _ = gru_step(X, STATE, Wx, Wh, b)
    np.testing.assert_allclose(h, np.tanh(X @ Wx[:, 2 * H :] + 0.5), rtol=1e-14)


@pytest.mark.parametrize(("step", "blocks", "states"), [(rnn_step, 1, 1), (lstm_step, 4, 2), (gru_step, 3, 1)])
def test_an_empty_batch_passes_through_a_step(step, blocks, states):
    inputs = [np.ones((0, D)), *[np.ones((0, H))] * states, *weights(blocks)]
    out, pullback = step(*inputs)
    grads = pullback(out)
    assert [g.shape for g in grads] == [a.shape for a in inputs]
    assert not any(g.any() for g in grads[-3:])


@pytest.mark.parametrize(("step", "blocks", "states"), [(lstm_step, 4, 2), (gru_step, 3, 1)])
def test_the_weights_must_hold_a_block_for_every_gate(step, blocks, states):
    with pytest.raises(ShapeError, match=f"H = 2 units, so Wx, Wh and b need {blocks} blocks of 2 = {blocks * 2} col"):
        step(X, *[STATE] * states, *weights(2))


def test_a_state_of_another_width_is_named():
    with pytest.raises(ShapeError, match="h says H = 5, but Wx says H = 2"):
        rnn_step(X, np.ones((N, 5)), *weights(1))


# ---- attention ---------------------------------------------------------------------------------------

Q, K, V = normal(2, 5, D), normal(2, 5, D, seed=1), normal(2, 5, 4)


def test_equal_keys_give_the_mean_of_the_values():
    out, _ = attention(Q, np.ones_like(K), V)
    np.testing.assert_allclose(out, np.repeat(V.mean(axis=1, keepdims=True), 5, axis=1), rtol=1e-12)


def test_a_key_that_fits_far_better_takes_all():
    q = k = 1000 * np.eye(3)
    np.testing.assert_allclose(attention(q, k, np.diag([1.0, 2.0, 3.0]))[0], np.diag([1.0, 2.0, 3.0]))


def test_scores_are_divided_by_the_root_of_the_width():
    p = softmax(Q[0] @ K[0].T / np.sqrt(D))[0]
    np.testing.assert_allclose(attention(Q[0], K[0], V[0])[0], p @ V[0], rtol=1e-12)


def test_keys_and_values_may_come_in_any_order():
    order = [3, 0, 4, 1, 2]
    np.testing.assert_allclose(attention(Q, K[:, order], V[:, order])[0], attention(Q, K, V)[0], rtol=1e-12)


def test_causal_attention_does_not_look_ahead():
    out, pullback = attention(Q, K, V, causal=True)
    np.testing.assert_array_equal(out[:, 0], V[:, 0])
    dout = np.zeros_like(out)
    dout[:, 2] = 1
    for dkv in pullback(dout)[1:]:
        assert dkv[:, :3].any()
        assert not dkv[:, 3:].any()


def test_an_empty_batch_passes_through_attention():
    out, pullback = attention(Q[:0], K[:0], V[:0], causal=True)
    assert out.shape == (0, 5, 4)
    assert [g.shape for g in pullback(out)] == [(0, 5, D), (0, 5, D), (0, 5, 4)]


def test_causal_attention_needs_as_many_keys_as_queries():
    with pytest.raises(ShapeError, match=r"q has T = 5 steps, but k has S = 3"):
        attention(Q, K[:, :3], V[:, :3], causal=True)


@pytest.mark.parametrize(
    ("k", "v", "said"),
    [
        (K[..., :2], V, "q says D = 3, but k says D = 2"),
        (K, V[:, :3], "k says S = 5, but v says S = 3"),
        (K[:1], V[:1], r"q says ... = \(2,\), but k says ... = \(1,\)"),
        (K[0], V[0], r"q says ... = \(2,\), but k says ... = \(\)"),
        (K[0, 0], V, r"k has 1 axes, but it needs at least 2: \(..., S, D\)"),
    ],
)
def test_queries_keys_and_values_must_fit(k, v, said):
    with pytest.raises(ShapeError, match=said):
        attention(Q, k, v)
