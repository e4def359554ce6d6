"""Five framework designs and both APIs of this package train one network: the same losses, step by step.

The designs stand, written out, in the cells of chapter 08; a cell's tag says which design it belongs to.
"""

import itertools

import numpy as np
import pytest
from notebooks import CHAPTERS, read

import dlscratch as dl
from dlscratch import nn

CHAPTER = CHAPTERS / "08-bricks.ipynb"
DESIGNS = ["functions", "closures", "bricks", "tower", "tape"]
NEEDS = {"bricks": ("functions",)}  # it takes its ReLU from there


def cells(*tags):
    return [cell.source for cell in read(CHAPTER).cells if set(cell.metadata.get("tags", ())) & set(tags)]


def run(sources):
    """The names that these cells define, on top of what the chapter's first cells import."""
    space = {"dl": dl}
    for source in sources:
        exec(compile(source, CHAPTER.name, "exec"), space)
    return space


def losses_of(design, change=lambda source: source):
    tags = "task", *NEEDS.get(design, ()), design
    space = run(map(change, cells(*tags)))
    return space["train"](space[design])


def losses_of_package(net, params, loss_and_back):
    """The package's own loss and optimizer, on the chapter's batches and from its start."""
    space = run(cells("task"))
    for p, value in zip(params, space["start"], strict=True):
        p.data = value
    optimizer, losses = dl.SGD(params, lr=0.1), []
    for x, y in space["batches"]:
        optimizer.zero_grad()
        losses.append(loss_and_back(net, x, y))
        optimizer.step()
    return np.array(losses)


def layers():
    rng, loss = np.random.default_rng(0), dl.MSELoss()
    net = dl.Sequential(dl.Affine(3, 8, rng=rng), dl.ReLU(), dl.Affine(8, 2, rng=rng))

    def loss_and_back(net, x, y):
        value = loss.forward(net.forward(x), y)
        net.backward(loss.backward())
        return value

    return losses_of_package(net, net.params, loss_and_back)


def modules():
    rng = np.random.default_rng(0)
    net = nn.Sequential(nn.Linear(3, 8, rng=rng), nn.ReLU(), nn.Linear(8, 2, rng=rng))

    def loss_and_back(net, x, y):
        value = nn.mse(net(x), y)
        value.backward()
        return value.data

    return losses_of_package(net, net.parameters(), loss_and_back)


@pytest.fixture(scope="module")
def losses():
    return {design: losses_of(design) for design in DESIGNS} | {"layers": layers(), "modules": modules()}


def test_every_design_takes_320_steps_and_learns(losses):
    for values in losses.values():
        assert len(values) == 320
        assert values[-1] < values[0] / 30


def test_the_last_batch_of_each_pass_is_smaller():
    assert {len(x) for x, _ in run(cells("task"))["batches"]} == {32, 24}


def test_the_five_designs_agree_bit_for_bit_at_every_step(losses):
    for a, b in itertools.combinations(DESIGNS, 2):
        np.testing.assert_array_equal(losses[a], losses[b], err_msg=f"{a}, {b}")


def test_the_package_agrees_with_them_to_twelve_digits_and_its_two_apis_bit_for_bit(losses):
    np.testing.assert_allclose(losses["layers"], losses["bricks"], rtol=1e-12, atol=0)
    np.testing.assert_array_equal(losses["layers"], losses["modules"])


def test_no_design_leans_on_the_package_or_on_another():
    assert all("import" not in source and "dl." not in source for source in cells(*DESIGNS))
    for design in DESIGNS:
        losses_of(design)  # a name from another design would be missing


@pytest.mark.parametrize("design", DESIGNS)
def test_every_design_goes_back_as_nudges_say(design):
    space = run(cells("task", *NEEDS.get(design, ()), design))
    for seed in range(3):  # the tape adds up what arrives, so each net goes back once
        rng = np.random.default_rng(seed)
        x, dout = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
        params = [p + 0.1 * rng.normal(size=p.shape) for p in space["start"]]
        _, back = space[design](*params)(x)
        for k, gradient in enumerate(back(dout)):
            measured = nudged(space[design], [x, *params], k, dout)
            np.testing.assert_allclose(gradient, measured, rtol=1e-6, atol=1e-8)


def nudged(build, inputs, k, dout):
    def value(array):
        x, *params = [*inputs[:k], array, *inputs[k + 1 :]]
        return float(np.sum(build(*params)(x)[0] * dout))

    return dl.numeric_gradient(value, inputs[k])


@pytest.mark.parametrize(
    ("design", "right", "wrong"),
    [
        ("functions", "x > 0", "x < 0"),
        ("functions", "dout.sum(axis=0)", "dout.mean(axis=0)"),
        ("functions", "dout * self.local", "dout"),
        ("closures", "np.where(x > 0, dout, 0)", "dout"),
        ("closures", "x.T @ dout, dout.sum(axis=0)", "x.T @ dout, dout[0]"),
        ("bricks", "np.dot(self.x.T, dout)", "np.dot(self.x.T, dout) / len(dout)"),
        ("bricks", "self.W, self.b = W, b\n\n", "self.W, self.b = W.copy(), b\n\n"),
        ("tower", "(dout * (self.x > 0),)", "(dout * (self.out >= 0),)"),
        ("tower", "return dout, dout.sum(axis=0)", "return dout, dout.mean(axis=0)"),
        ("tape", "(g, g.sum(axis=0))", "(g, g.mean(axis=0))"),
        ("tape", "parent.backward(g)", "parent.grad += g"),
    ],
)
def test_a_mistake_in_one_design_is_seen(losses, design, right, wrong):
    assert sum(source.count(right) for source in cells(design)) == 1
    with np.errstate(all="ignore"):
        values = losses_of(design, lambda source: source.replace(right, wrong))
    assert not np.abs(values / losses["bricks"] - 1).max() < 1e-6


def test_the_tower_asks_every_edge_for_its_shape():
    space = run(source.replace("dout @ W.T", "dout @ W.T[:, :2]") for source in cells("task", "tower"))
    with pytest.raises(AssertionError):
        space["train"](space["tower"])


def test_parameters_that_are_bound_anew_train_nothing(losses):
    """The chapter says so where it introduces `train`."""

    def rebind(source):
        return source.replace("param -= 0.1 * grad", "param = param - 0.1 * grad")

    space = run(map(rebind, cells("task", "closures")))
    net = space["closures"](*[p.copy() for p in space["start"]])
    untrained = [np.mean((net(x)[0] - y) ** 2) for x, y in space["batches"]]
    np.testing.assert_array_equal(space["train"](space["closures"]), untrained)
    assert losses["closures"][-1] < untrained[-1] / 10
