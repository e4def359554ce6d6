"""Training as a generator: a progress bar, a plot, early stopping are all `for` loops over it."""

from dataclasses import dataclass, field
from math import inf, isfinite
from typing import NamedTuple

import numpy as np

from .init import check_rng
from .progress import Bar


class Step(NamedTuple):
    """One update: both counts start at 0; the loss is of this batch, before the update."""

    epoch: int
    step: int
    loss: float


def minibatches(x, y, size, *, rng):
    """Yield (x, y) in batches of `size` rows, each row once, in random order; the last batch may be smaller."""
    check_rng("minibatches", rng)
    x, y = np.asarray(x), np.asarray(y)
    if len(x) != len(y):
        raise ValueError(f"minibatches(x, y, size): x has {len(x)} rows, y has {len(y)}")
    if not len(x):
        raise ValueError("minibatches(x, y, size): there are no rows")
    if not isinstance(size, int | np.integer) or size < 1:
        raise ValueError(f"minibatches(x, y, size): size = {size}; a batch has a whole number of rows, at least 1")
    order = rng.permutation(len(x))
    for start in range(0, len(x), size):
        pick = order[start : start + size]
        yield x[pick], y[pick]


def train(net, loss, optimizer, x, y, *, epochs, batch_size=32, rng):
    """Yield a Step after every update. To stop, leave the loop.

    net: forward(x), backward(dout); loss: forward(prediction, target), backward(); optimizer: zero_grad(), step().
    """
    back = getattr(net, "backward_params", net.backward)  # x is data: its gradient is not needed
    step = 0
    for epoch in range(epochs):
        for x_batch, y_batch in minibatches(x, y, batch_size, rng=rng):
            optimizer.zero_grad()
            value = loss.forward(net.forward(x_batch), y_batch)
            back(loss.backward())
            optimizer.step()
            yield Step(epoch, step, value)
            step += 1


def predict(net, x, *, batch_size=1000):
    """net.forward(x) in evaluation mode, in batches; the mode before is put back."""
    training = getattr(net, "training", None)
    _switch(net, "eval")
    try:
        out = [net.forward(x[start : start + batch_size]) for start in range(0, max(len(x), 1), batch_size)]
    finally:
        if training:
            _switch(net, "train")
    return np.concatenate(out)


def accuracy(logits, labels):
    """The share of rows whose largest logit stands at the label.  logits (N, K), labels (N,) -> 0..1."""
    if np.ndim(logits) != 2 or np.shape(labels) != (len(logits),):
        raise ValueError(f"accuracy(logits, labels): want (N, K) and (N,), got {np.shape(logits)}, {np.shape(labels)}")
    return float(np.mean(np.argmax(logits, axis=1) == labels))


@dataclass
class History:
    """What `fit` saw: the mean loss of every epoch, and every evaluation on the validation data."""

    loss: list = field(default_factory=list)
    evaluated: list = field(default_factory=list)  # the epochs, counted from 1, after which was evaluated
    validation_loss: list = field(default_factory=list)
    best_epoch: int | None = None  # the evaluation whose weights the net now has
    stopped_early: bool = False

    def patience_ends(self, patience):
        """Have the last `patience` evaluations brought nothing better?"""
        best = int(np.argmin(self.validation_loss))
        return patience is not None and len(self.validation_loss) - 1 - best >= patience

    def __str__(self):
        text = f"epoch {len(self.loss)}  loss {self.loss[-1]:.4g}"
        if self.evaluated:
            text += f"  validation {min(self.validation_loss):.4g} (best, epoch {self.best_epoch})"
        return text + ("  stopped early" if self.stopped_early else "")


class Trainer:
    """A net, a loss and an optimizer. Another `fit` goes on where the last one ended, optimizer and all."""

    def __init__(self, net, loss, optimizer):
        self.net, self.loss, self.optimizer = net, loss, optimizer

    def fit(
        self,
        x,
        y,
        *,
        epochs,
        batch_size=32,
        validation=None,
        patience=None,
        eval_every=1,
        schedule=None,
        progress=True,
        rng,
    ):
        """Go `epochs` times through x, y in random batches; return the History.

        validation (x, y): evaluate after every `eval_every` epochs and after the last; the net ends with the
        weights of its best evaluation, the one that `history.best_epoch` names. patience k: stop after k
        evaluations in a row that bring nothing better. schedule (see `schedules`): the learning rate of every
        step, counted from 0 in each fit; between the steps the optimizer has its own.
        """
        _check_belongs(self.net, self.optimizer)
        _check_fit(x, y, epochs, validation, patience, eval_every)
        history, best, bar = History(), None, Bar(epochs)
        optimizer = _Scheduled(self.optimizer, schedule) if schedule else self.optimizer
        for epoch in range(1, epochs + 1):
            history.loss.append(self._epoch(optimizer, x, y, batch_size, epoch, rng))
            if validation and (epoch % eval_every == 0 or epoch == epochs):
                if self._evaluate(validation, history, epoch):
                    best = _snapshot(self.net)
                if history.patience_ends(patience):
                    history.stopped_early = epoch < epochs
                    break
            if progress:
                bar.show(epoch, f"epoch {epoch}/{epochs}  loss {history.loss[-1]:.4g}")
        if best:
            _restore(self.net, best)
        if progress:
            bar.end(str(history))
        return history

    def _epoch(self, optimizer, x, y, batch_size, epoch, rng):
        """One pass over the data; the mean of its losses."""
        losses = []
        for step in train(self.net, self.loss, optimizer, x, y, epochs=1, batch_size=batch_size, rng=rng):
            if not isfinite(step.loss):
                raise FloatingPointError(
                    f"fit: the loss is {step.loss} in epoch {epoch}, step {step.step}: the learning rate "
                    f"({getattr(optimizer, 'lr', '?')}) is probably too large; or clip the gradients"
                )
            losses.append(step.loss)
        return float(np.mean(losses))

    def _evaluate(self, validation, history, epoch):
        """Note the validation loss; is it the best so far?"""
        x, y = validation
        value = self.loss.forward(predict(self.net, x), y)
        better = not history.validation_loss or value < min(history.validation_loss)
        history.evaluated.append(epoch)
        history.validation_loss.append(value)
        if better:
            history.best_epoch = epoch
        return better


class _Scheduled:
    """An optimizer whose every step has the rate of a schedule; nothing of it stays behind in the optimizer."""

    def __init__(self, optimizer, schedule):
        self.optimizer, self.schedule, self.steps, self.lr = optimizer, schedule, 0, None

    def zero_grad(self):
        self.optimizer.zero_grad()

    def step(self):
        self.lr = self.schedule(self.steps)
        if not 0 <= self.lr < inf:
            raise ValueError(
                f"fit(schedule): schedule({self.steps}) is {self.lr}; a learning rate is finite, 0 or more"
            )
        own, self.optimizer.lr = self.optimizer.lr, self.lr
        try:
            self.optimizer.step()
        finally:
            self.optimizer.lr = own
        self.steps += 1


def _switch(net, mode):
    getattr(net, mode, lambda: None)()


def _snapshot(net):
    """Copies of all parameters and running statistics."""
    arrays = [p.data for p in getattr(net, "params", ())] + list(getattr(net, "buffers", ()))
    return [np.array(a) for a in arrays]


def _restore(net, arrays):
    params, buffers = list(getattr(net, "params", ())), list(getattr(net, "buffers", ()))
    for p, array in zip(params, arrays, strict=False):
        p.data = array
    for buffer, array in zip(buffers, arrays[len(params) :], strict=True):
        buffer[...] = array


def _check_belongs(net, optimizer):
    """An optimizer made from another net, or before the net was made anew, would train nothing, in silence."""
    mine = {id(p) for p in getattr(net, "params", ())}
    if mine and hasattr(optimizer, "params") and not mine & {id(p) for p in optimizer.params}:
        name = type(optimizer).__name__
        raise ValueError(
            f"fit: the optimizer holds none of this net's parameters; make it anew: {name}(net.params, ...)"
        )


def _check_fit(x, y, epochs, validation, patience, eval_every):
    for name, value in {"epochs": epochs, "eval_every": eval_every, "patience": patience}.items():
        if value is not None and (value != int(value) or value < 1):
            raise ValueError(f"fit({name}): {value}; give a whole number of at least 1")
    if patience is not None and validation is None:
        raise ValueError("fit(patience): patience counts evaluations; give validation=(x, y) too")
    if validation is not None and len(validation) != 2:
        raise ValueError("fit(validation): give a pair (x, y)")
    pairs = {"": (x, y), "validation ": validation or (x, y)}
    for which, (inputs, targets) in pairs.items():
        for name, array in {"x": inputs, "y": targets}.items():
            _check_finite(which + name, array)


def _check_finite(name, array):
    array = np.asarray(array)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"fit: {name} is an array of {array.dtype}; give numbers")
    wrong = np.argwhere(~np.isfinite(array))
    if len(wrong):
        place = tuple(map(int, wrong[0]))
        raise ValueError(f"fit: {name} holds {array[place]} at {place}, and {len(wrong) - 1} more; mend the data first")
