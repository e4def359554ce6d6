"""What `check_optimizer` asks of a class, and with how many digits it tells two numbers apart."""

import numpy as np
import pytest

from dlscratch import GradientError, check_optimizer


class SGD:
    """No zero_grad: who has made the gradients clears them."""

    def __init__(self, params, *, lr):
        self.params, self.lr = list(params), lr

    def step(self):
        for p in self.params:
            p.data -= self.lr * p.grad


def test_an_optimizer_need_not_clear_gradients():
    assert check_optimizer(SGD, rng=np.random.default_rng(0)).ok


def off_by(factor):
    def step(self):
        for p in self.params:
            p.data -= factor * self.lr * p.grad

    return type("SGD", (SGD,), {"step": step})


@pytest.mark.parametrize(("factor", "digits"), [(2, 4), (1.0001, 6)])
def test_numbers_are_as_short_as_they_can_be(factor, digits):
    with pytest.raises(GradientError) as error:
        check_optimizer(off_by(factor), rng=np.random.default_rng(0))
    line = next(line for line in str(error.value).splitlines() if "by the rule" in line)
    found = [word.strip("-,.") for word in line.split() if "." in word]
    assert len(found) == 2 and found[0] != found[1]
    assert max(len(number.replace(".", "").lstrip("0")) for number in found) <= digits
