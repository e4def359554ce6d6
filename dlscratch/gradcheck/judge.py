"""The judge: every gradient of a subject against central differences, and a finding for each that is wrong."""

import numpy as np

from .draws import Draw
from .evidence import Evidence, same
from .numeric import agrees_along
from .report import Finding, Report
from .trial import play, play_back_again

TAUGHT = {  # where a cause is explained that no catalogue entry places; 03 unless named here
    "chapter 01": ("sign", "twice", "half", "constant-factor"),
    "chapter 02": ("upstream-ignored", "upstream-wrong", "local-derivative-missing", "term-missing"),
    "chapter 04": ("over-n", "times-n", "over-m", "times-m", "not-summed", "first-example-only"),
    "chapter 05": ("wrong-point", "mask-from-dout", "mask-inverted", "mask-missing"),
}
DIRECTIONS = (2, 1)  # random directions in which the first and the second call of a draw are judged


class Judge:
    """Plays every draw twice on one instance, then looks at the gradients one argument at a time."""

    def __init__(self, subject, draws, rng, smaller, only=None):
        self.subject, self.draws, self.rng, self.smaller = subject, draws, rng, smaller
        self.names = subject.names
        self.judged = [(i, name) for i, name in enumerate(self.names) if only in (None, i, name, "d" + name)]
        self.known = None

    def report(self):
        try:
            with np.errstate(all="ignore"):  # it is the code that is judged that divides by 0, not the judge
                return self.finished(self.findings())
        finally:
            self.subject.restore()

    def findings(self):
        if (nothing := self.nothing_to_check()) is not None:
            return [nothing]
        plays = []
        for draw in self.draws:
            plays.append(self.twice(draw))
            if (crash := self.crash(*plays[-1])) is not None:
                return [crash]
            first = plays[-1][1]
            odd = self.output_is_nan(*plays[-1]) or self.output_is_coarse(first) or self.not_repeatable(draw, first)
            if odd is not None:
                return [odd]
            if len(plays) == 1 and (kept := self.kept_from_the_first_call(plays)):
                return kept  # before other draws meet what the code keeps
        found = self.changes(plays)
        found += [f for i, name in self.judged if (f := self.argument(i, name, plays)) is not None]
        return found or self.far_out(plays)

    def twice(self, draw):
        """Two calls on one instance."""
        running, values = self.subject.start(draw), self.subject.values(draw)
        first = play(running, self.names, values, self.rng)
        second = first if first.error else play(running, self.names, self.moved(values), self.rng)
        if self.subject.form == "operation" and not second.error:
            play_back_again(first)
        return draw, first, second

    def kept_from_the_first_call(self, plays):
        """Findings of a first call that is right and a second that is not."""
        found = [self.argument(i, name, plays, calls=(0,)) for i, name in self.judged]
        if any(found) or self.changes(plays):
            return []
        return [f for i, name in self.judged if (f := self.argument(i, name, plays, calls=(1,))) is not None]

    def finished(self, findings):
        return Report(self.subject.title, tuple("d" + name for _, name in self.judged), tuple(findings))

    def moved(self, values):
        """Other values for the second call: the same numbers in another order; a layer keeps its parameters."""
        changing = values if self.subject.form == "operation" else values[:1]
        return [self.rng.permutation(np.ravel(v)).reshape(np.shape(v)) if np.ndim(v) else v for v in changing] + list(
            values[len(changing) :]
        )

    # ---- what needs no numbers -----------------------------------------------------------------------

    def crash(self, draw, *trials):
        found = [self.crash_of(draw, trial) for trial in trials]
        return next((f for f in found if f is not None), None)

    def crash_of(self, draw, trial):
        title = self.subject.title
        if trial.error:
            return Finding(title, "raises", f"at {draw}", f"raised {trial.error}")
        if not trial.answered:
            return Finding(title, "returns-none", f"at {draw}", "the way back returned None: is a return missing?")
        got, want = len(trial.gradients), len(self.names)
        if got != want:
            names = ", ".join("d" + name for name in self.names)
            cause = "returns-none" if got < want else None
            return Finding(title, cause, f"{got} gradients instead of {want}", f"it must return {names}.")

    def nothing_to_check(self):
        """A check of nothing would pass whatever the code does."""
        values = self.subject.values(self.draws[0])
        if any(np.size(v) for v in values):
            return None
        given = ", ".join(_described(a) for a in self.draws[0].inputs)
        says = "nothing was checked: no input is a float array with entries in it; write 1.0 for 1."
        return Finding(self.subject.title, None, f"the inputs: {given}", says)

    def not_repeatable(self, draw, trial):
        """A forward pass that draws at random has no derivative to check."""
        try:
            again = self.subject.start(draw).forward([np.array(v) if np.ndim(v) else v for v in trial.values])
        except Exception:
            return None
        if np.array_equal(np.asarray(again, dtype=float), trial.out, equal_nan=True):
            return None
        says = "forward gives another output each time for the same input: draw masks and noise outside, and pass them."
        return Finding(self.subject.title, "not-repeatable", f"at {draw}", says)

    def output_is_nan(self, draw, *trials):
        for trial in trials:
            if np.isnan(trial.out).any() and not any(np.isnan(v).any() for v in trial.values):
                told = f"at {self.names[0]} = {_short(np.ravel(trial.values[0]))}"
                says = f"the output is NaN in {np.isnan(trial.out).sum()} of {trial.out.size} places."
                return Finding("d" + self.names[0], "not-finite", told, says)

    def output_is_coarse(self, trial):
        """Central differences of an output with 7 digits are noise, in which no cause can be told."""
        if trial.dtype in (np.float32, np.float16) and all(np.asarray(v).dtype == np.float64 for v in trial.values):
            told = f"the output holds {trial.dtype}, and the inputs float64"
            says = "the forward pass loses digits: keep the type of the inputs."
            return Finding("d" + self.names[0], "wrong-dtype", told, says)

    def changes(self, plays):
        changed = {name for _, *trials in plays for trial in trials for name in trial.changed}
        return [
            Finding(
                "d" + name if name != "dout" else name,
                "mutates-dout" if name == "dout" else "mutates-input",
                "",
                f"{name} was overwritten: it belongs to the caller; make a new array (or a copy).",
            )
            for name in (*self.names, "dout")
            if name in changed
        ]

    def wrong_kind(self, name, grad, value):
        """None, a list of lists, integers, complex numbers, NaN."""
        if grad is None:
            return Finding("d" + name, "returns-none", "", f"d{name} is None: a gradient is missing.")
        try:
            array = np.asarray(grad)
        except ValueError:
            array = np.asarray(None)
        if array.dtype.kind in "biu" and np.size(array) and array.any():
            return Finding("d" + name, "wrong-dtype", f"yours holds {array.dtype}", "a gradient is made of floats.")
        if array.dtype.kind not in "fbiu":
            return Finding(
                "d" + name, "wrong-dtype", f"yours is {kind(grad)}", "a gradient is a NumPy array of floats."
            )
        if not np.isfinite(array).all():
            return Finding(
                "d" + name, "not-finite", f"{np.sum(~np.isfinite(array))} entries", "it holds NaN or infinity."
            )

    # ---- numbers -------------------------------------------------------------------------------------

    def argument(self, i, name, plays, calls=(0, 1)):
        for _, *trials in plays:
            for trial in trials:
                finding = self.wrong_kind(name, trial.gradients[i], trial.values[i])
                if finding:
                    return finding
        for k in calls:
            trials = [trials[k] for _, *trials in plays]
            if any(np.shape(t.gradients[i]) != np.shape(t.values[i]) for t in trials):
                return self.shape_finding(i, name, plays, k)
            if not all(self.agrees(i, draw, t, k) for (draw, *_), t in zip(plays, trials, strict=True)):
                return self.number_finding(i, name, plays, k)
        return self.once_more(i, name, [first for _, first, _ in plays if first.repeated]) if 1 in calls else None

    def once_more(self, i, name, trials):
        """A pullback keeps no state: called again, after another call, with the same dout it must answer the same."""
        pairs = [(t.gradients[i], t.repeated[i]) for t in trials if len(t.repeated) == len(self.names)]
        if all(same(a, b) for a, b in pairs):
            return None
        doubled = all(same(2 * np.asarray(a), b) for a, b in pairs)
        says = (
            "called once more, the pullback of an earlier call answers otherwise: what it remembers was changed since."
        )
        return Finding("d" + name, "accumulates" if doubled else "stale-cache", "", says)

    def agrees(self, i, draw, trial, k=0):
        """Asked once of every trial: the answer costs forward passes."""
        if i not in trial.agrees:
            trial.agrees[i] = self.compare(i, draw, trial, DIRECTIONS[k])
        return trial.agrees[i]

    def compare(self, i, draw, trial, directions):
        f = self.forward_of(i, draw, trial)
        x, grad = np.asarray(trial.values[i], float), np.asarray(trial.gradients[i], dtype=np.float64)
        reach = min(1.0, np.max(np.abs(x), initial=0) or 1.0)  # small inputs are nudged by less
        return all(
            agrees_along(f, x, grad, trial.dout, reach * self.rng.normal(size=x.shape)) for _ in range(directions)
        )

    def forward_of(self, i, draw, trial):
        """argument i -> out, all else as in this trial."""
        running = self.subject.start(draw)

        def forward(value):
            values = [np.array(v) if np.ndim(v) else v for v in trial.values]
            values[i] = value if np.ndim(value) else float(value)
            return np.array(running.forward(values), dtype=float)

        return forward

    def evidence(self, i, plays, k):
        """One Evidence per draw, of the first call (k = 0) or the second."""
        return [self.evidence_of(i, draw, trials[k], trials[0] if k else None) for draw, *trials in plays]

    def evidence_of(self, i, draw, trial, before):
        others = {
            name: Evidence(
                name, None, np.asarray(trial.values[j], float), trial.dout, trial.out, self.forward_of(j, draw, trial)
            )
            for j, name in enumerate(self.names)
            if j != i
        }
        return Evidence(
            self.names[i],
            np.asarray(trial.gradients[i], dtype=np.float64),
            np.asarray(trial.values[i], dtype=np.float64),
            trial.dout,
            trial.out,
            self.forward_of(i, draw, trial),
            trial.values[0],
            _Right(others),
            self.evidence_of(i, draw, before, None) if before is not None else None,
        )

    def shape_finding(self, i, name, plays, k):
        from .diagnosis import diagnose_shape  # loaded only when something is wrong

        cases = self.evidence(i, plays, k)
        fits = diagnose_shape(cases, self.by_catalogue(i, plays, k)) or [
            ("wrong-shape", f"d{name} must have the shape of {name}.", "")
        ]
        e = cases[0]
        told = f"yours has shape {np.shape(e.yours)}, {name} has {np.shape(e.value)}"
        return self.named("d" + name, fits, told, e)

    def number_finding(self, i, name, plays, k):
        from .diagnosis import diagnose, partly

        cases = self.evidence(i, plays, k)
        fits = diagnose(cases, self.by_catalogue(i, plays, k)) or partly(cases)
        e = max(cases, key=_error)
        told = _worst(e)
        if fits:
            return self.named("d" + name, fits, told, e)
        says = "it differs from central differences, and no known mistake gives these numbers."
        return self.named("d" + name, [(None, says, self.smallest(i) or told)], told, e)

    def smallest(self, i):
        """The smallest example on which gradient i is wrong, with its numbers."""
        for draw in self.smaller():
            try:
                trial = play(self.subject.start(draw), self.names, self.subject.values(draw), self.rng)
                if trial.error or self.agrees(i, draw, trial):
                    continue
                e = self.evidence_of(i, draw, trial, None)
            except Exception:
                continue
            given = [*zip(self.names, trial.values, strict=True), ("dout", trial.dout)]
            numbers = ", ".join(f"{name} = {_short(value)}" for name, value in given)
            return f"{numbers}: yours {_short(e.yours)}, right {_short(e.right)}"

    # ---- what the catalogue knows ----------------------------------------------------------------------

    def operations(self, plays):
        from .known import recognised

        if self.known is None:
            draws, outs = [draw for draw, *_ in plays], [first.out for _, first, _ in plays]
            self.known = recognised(draws, outs, self.split)
        return self.known

    def split(self, draw):
        return self.subject.values(draw), self.subject.constants(draw)

    def by_catalogue(self, i, plays, k):
        from .known import wrong_versions

        return [
            (wrong.cause, wrong.says, "")
            for op in self.operations(plays)
            for wrong in wrong_versions(op, plays, self.split, i, k)
        ]

    def far_out(self, plays):
        """An operation that must stay finite far out, such as softmax at 1000: does it?"""
        for op in self.operations(plays) if self.subject.form != "layer" else ():
            if op.extreme is not None:
                inputs, options = op.extreme()
                trial = play(self.subject.start(Draw(inputs, options)), self.names, list(inputs), self.rng)
                finding = self.not_finite(trial, inputs)
                if finding:
                    return [finding]
        return []

    def not_finite(self, trial, inputs):
        told = f"at {self.names[0]} = {np.array2string(np.ravel(inputs[0]), threshold=6)}"
        if trial.error:
            return Finding("d" + self.names[0], "not-finite", told, f"raised {trial.error}")
        if not np.isfinite(trial.out).all():
            return Finding(
                "d" + self.names[0], "not-finite", told, f"the output is {trial.out.ravel()}: exp overflowed."
            )
        for name, grad in zip(self.names, trial.gradients, strict=True):
            if not np.isfinite(np.asarray(grad, dtype=float)).all():
                return Finding("d" + name, "not-finite", told, f"d{name} is {np.ravel(grad)}.")

    def named(self, argument, fits, told, e):
        slug, says, evidence = fits[0]
        others = tuple(slug for slug, *_ in fits[1:])
        look = next((op.look for op in self.known or () if op.look), chapter_on(slug))
        return Finding(argument, slug, evidence or told, says, look, others, e.yours, e.right)


def chapter_on(slug):
    return next((chapter for chapter, slugs in TAUGHT.items() if slug in slugs), "chapter 03")


class _Right(dict):
    """name -> right gradient, computed when asked for."""

    def __getitem__(self, name):
        return super().__getitem__(name).right

    def values(self):
        return [self[name] for name in self]


def _error(e):
    return np.max(np.abs(e.yours - e.right), initial=0) / (np.max(np.abs(e.right), initial=0) + 1e-300)


def _described(a):
    return f"{kind(a)} of {a.dtype}, shape {a.shape}" if isinstance(a, np.ndarray) else kind(a)


def _worst(e):
    error = np.abs(e.yours - e.right)
    place = tuple(map(int, np.unravel_index(np.argmax(error), error.shape)))
    yours, right = _told_apart(e.yours[place] + 0.0, e.right[place] + 0.0)  # -0 becomes 0
    return f"at {list(place)} yours is {yours}, right is {right} (n = {e.n})"


def _told_apart(a, b):
    """Both numbers with four digits, or with as many as it takes to see a difference."""
    pairs = ((f"{a:.{digits}g}", f"{b:.{digits}g}") for digits in range(4, 18))
    return next((pair for pair in pairs if pair[0] != pair[1]), (f"{a:.4g}", f"{b:.4g}"))


def _short(a):
    """An array on one line, four digits an entry."""
    return np.array2string(np.asarray(a), precision=4, separator=", ", threshold=12).replace("\n", "")


def kind(x):
    name = type(x).__name__
    return "None" if x is None else f"an {name}" if name[0] in "aeiou" else f"a {name}"
