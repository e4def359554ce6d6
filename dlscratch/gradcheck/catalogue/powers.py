"""exp, log and power: three rules of the calculus, easily taken for one another."""

import numpy as np

from .entry import Operation


def exp_of(x):
    return np.exp(x)


def log_of(x):
    return np.log(x)


def power_of(x, *, exponent):
    return x**exponent


def draw(rng, n, D, M):
    return (rng.normal(size=(n, D)),), {}


def draw_positive(rng, n, D, M):
    return (rng.uniform(0.5, 3, size=(n, D)),), {}


def draw_cubes(rng, n, D, M):
    return (rng.uniform(0.5, 3, size=(n, D)),), {"exponent": 3}


def draw_squares(rng, n, D, M):
    return (rng.normal(size=(n, D)),), {"exponent": 2}


exp = Operation("exp", "e to the power x", exp_of, draw, look="chapter 02")
log = Operation("log", "the natural logarithm", log_of, draw_positive, look="chapter 02")
power = Operation("power", "x to a fixed power", power_of, draw_cubes, look="chapter 02")


# ---- exp ---------------------------------------------------------------------------------------------


@exp.wrong(
    "local-derivative-missing",
    "dx",
    "dout is passed on as it is; exp is its own derivative, so it is dout * exp(x).",
    symptom="Large outputs learn as slowly as small ones.",
)
def exp_passed_over(x, dout):
    return (dout,)


@exp.wrong(
    "upstream-ignored",
    "dx",
    "exp(x) is the local derivative; it must be multiplied by dout.",
    symptom="What lies below is pushed down whatever the error.",
)
def exp_alone(x, dout):
    return (np.exp(x),)


@exp.wrong(
    "wrong-point",
    "dx",
    "exp is applied twice: out is exp(x) already, so it is dout * out.",
    symptom="The gradient explodes as soon as an input is above 2 or so.",
)
def exp_twice(x, dout):
    return (dout * np.exp(np.exp(x)),)


@exp.wrong(
    "power-rule",
    "dx",
    "x * exp(x - 1) is the rule for powers of x; here x is the exponent, and exp is its own derivative.",
    symptom="Inputs below 0 learn in the wrong direction, inputs near 0 not at all.",
)
def exp_by_the_power_rule(x, dout):
    return (dout * x * np.exp(x - 1),)


@exp.wrong_op(
    "stale-cache",
    "dx",
    "the output is multiplied by dout in place: the second time round exp(x) is gone, and the caller's output with it.",
    symptom="Whoever reads the output after backward, or goes back twice, gets a gradient in its place.",
)
def output_overwritten():
    def op(x):
        out = np.exp(x)

        def pullback(dout):
            np.multiply(out, dout, out=out)
            return (out,)

        return out, pullback

    return op


# ---- log ---------------------------------------------------------------------------------------------


@log.wrong(
    "local-derivative-missing",
    "dx",
    "dout is passed on as it is; the derivative of log x is 1 / x.",
    symptom="Small inputs, which matter most to a logarithm, learn far too slowly.",
)
def log_passed_over(x, dout):
    return (dout,)


@log.wrong(
    "upside-down",
    "dx",
    "dout is multiplied by x; it must be divided by it: the derivative of log x is 1 / x.",
    symptom="Probabilities near 0 hardly learn, though they make up most of the loss.",
)
def times_x(x, dout):
    return (dout * x,)


@log.wrong(
    "wrong-point",
    "dx",
    "dout is divided by log x; it must be divided by x.",
    symptom="The gradient explodes near x = 1 and changes its sign there.",
)
def divided_by_the_output(x, dout):
    return (dout / np.log(x),)


@log.wrong(
    "upstream-ignored",
    "dx",
    "1 / x is the local derivative; it must be multiplied by dout.",
    symptom="What lies below is pushed down whatever the error.",
)
def reciprocal_alone(x, dout):
    return (1 / x,)


@log.wrong(
    "extra-derivative",
    "dx",
    "-1 / x ** 2 is the derivative of 1 / x: one derivative too many.",
    symptom="The sign is wrong: the loss climbs, the faster the smaller x.",
)
def derived_twice(x, dout):
    return (-dout / x**2,)


@log.wrong(
    "constant-factor",
    "dx",
    "1 / (x ln 10) belongs to the logarithm to base 10; np.log is the natural one: 1 / x.",
    symptom="What lies below learns 2.3 times too slowly.",
)
def base_10(x, dout):
    return (dout / (x * np.log(10)),)


# ---- power -------------------------------------------------------------------------------------------


@power.wrong(
    "constant-factor",
    "dx",
    "the exponent is missing as a factor: the derivative of x ** k is k * x ** (k - 1).",
    symptom="What lies below learns k times too slowly.",
)
def factor_forgotten(x, dout, exponent):
    return (dout * x ** (exponent - 1),)


@power.wrong(
    "half",
    "dx",
    "the 2 is missing: the derivative of x ** 2 is 2 * x.",
    symptom="What lies below learns at half its rate.",
    draw=draw_squares,
)
def two_forgotten(x, dout, exponent):
    return (dout * x ** (exponent - 1),)


@power.wrong(
    "exponent-not-lowered",
    "dx",
    "the exponent stays as it is; the derivative of x ** k is k * x ** (k - 1).",
    symptom="The gradient is wrong by a factor x: too small below 1, too large above, and of the wrong sign below 0.",
)
def exponent_not_lowered(x, dout, exponent):
    return (dout * exponent * x**exponent,)


@power.wrong(
    "only-for-squares",
    "dx",
    "2 * x is the derivative of x ** 2; of x ** k it is k * x ** (k - 1).",
    symptom="Right as long as the exponent is 2.",
)
def as_if_squared(x, dout, exponent):
    return (dout * 2 * x,)


@power.wrong(
    "exponential-rule",
    "dx",
    "x ** k * log x is the derivative in the exponent k; in x it is k * x ** (k - 1).",
    symptom="Inputs below 1 learn in the wrong direction, and one below 0 gives NaN.",
)
def derived_in_the_exponent(x, dout, exponent):
    return (dout * x**exponent * np.log(x),)


@power.wrong(
    "upstream-ignored",
    "dx",
    "k * x ** (k - 1) is the local derivative; it must be multiplied by dout.",
    symptom="x ** k is pushed down whatever the error.",
)
def slope_alone(x, dout, exponent):
    return (exponent * x ** (exponent - 1),)


@power.wrong(
    "returns-none",
    "dx",
    "the gradient is computed and not returned: the return is missing.",
    symptom="TypeError about None, one step further down; or the parameters below never move.",
)
def return_forgotten(x, dout, exponent):
    _ = dout * exponent * x ** (exponent - 1)


@power.wrong_op(
    "mutates-input",
    "dx",
    "x is raised in place (x **= k): that array belongs to the caller.",
    symptom="A second forward on the same data starts from the powers of the first.",
)
def raised_in_place():
    def op(x, *, exponent):
        kept = x.copy()
        x **= exponent
        return x, lambda dout: (dout * exponent * kept ** (exponent - 1),)

    return op
