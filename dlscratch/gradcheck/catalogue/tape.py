"""The ways in which a tape goes wrong: not in a derivative, but in the bookkeeping.

One small tape with a switch for each mistake, `class Mine(Wrong): mistake = "overwrites"`. It is scalar, because
bookkeeping is: what `check_autograd` asks of a learner's class in numbers, these answer in the same numbers.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class WrongTape:
    cause: str
    says: str
    symptom: str


WRONG = {
    "overwrites": WrongTape(
        "overwrites",
        "a gradient overwrites the one before: a value that is used twice gets the sum (+=, not =).",
        "Nets with shared or reused values learn in the wrong direction; plain chains work.",
    ),
    "per-path": WrongTape(
        "passed-on-per-path",
        "a node passes its gradient on once per path: it must wait until all of it has arrived.",
        "Gradients grow with every reuse; deep nets explode.",
    ),
    "stale": WrongTape(
        "keeps-stale-gradients",
        "a second backward() starts from what the first left inside the graph.",
        "Calling backward() twice gives 3 times the gradient instead of twice.",
    ),
    "no-accumulation": WrongTape(
        "overwrites",
        "a second backward() replaces .grad: gradients accumulate until they are cleared.",
        "Micro-batches do not add up to the batch.",
    ),
    "breadth-first": WrongTape(
        "wrong-order",
        "nodes are visited before everything that uses them has been: the order must be topological.",
        "Nets with skip connections get gradients that are too small.",
    ),
    "creation order": WrongTape(
        "wrong-order",
        "nodes are visited from the oldest to the newest; it must be the other way round.",
        "Only the last operation gets a gradient; nothing learns.",
    ),
}


class Wrong:
    """A scalar on a tape with the mistake that `mistake` names: a key of WRONG, or "" for none."""

    mistake = ""
    clock = 0

    def __init__(self, data, parents=()):
        self.data, self.grad, self.parents = data, 0.0, parents  # parents: (tensor, local derivative)
        Wrong.clock += 1
        self.time = Wrong.clock

    def __add__(self, other):
        return type(self)(self.data + other.data, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other):
        return type(self)(self.data * other.data, ((self, other.data), (other, self.data)))

    def backward(self):
        if self.mistake == "per-path":
            return self.pass_on(1.0)
        order = self.order()
        leaves = {node: node.grad for node in order if not node.parents}
        if self.mistake != "stale":
            for node in order:
                node.grad = 0.0
        self.grad = 1.0
        for node in order:
            for parent, local in node.parents:
                before = 0.0 if self.mistake == "overwrites" else parent.grad
                parent.grad = before + local * node.grad
        if self.mistake not in ("stale", "no-accumulation"):
            for node, before in leaves.items():
                node.grad += before

    def pass_on(self, dout):
        self.grad += dout
        for parent, local in self.parents:
            parent.pass_on(local * self.grad)

    def order(self):
        seen, queue = [], [self]
        while queue:  # breadth first
            node = queue.pop(0)
            if node not in seen:
                seen.append(node)
                queue += [parent for parent, _ in node.parents]
        if self.mistake == "breadth-first":
            return seen
        return sorted(seen, key=lambda node: node.time, reverse=self.mistake != "creation order")
