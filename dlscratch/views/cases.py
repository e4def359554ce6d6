"""Where a widget shows several cases, one at a time: a prediction for each of them, and a knob for each of them."""

import ipywidgets as W

from .prediction import Prediction


class CasePrediction(Prediction):
    """A choice that is asked and locked anew for each value of `case`; its value is that of the present case."""

    def __init__(self, question, control, case):
        self.case, self.locked = case, {}
        super().__init__(question, [control])
        self.observe(control.disable)
        case.observe(self.turn)

    @property
    def value(self):
        return self.locked.get(self.case.value)

    @value.setter
    def value(self, value):
        if value is not None:
            self.locked[self.case.value] = value

    def turn(self):
        """Another case: its own answer if it is locked, an open question if not."""
        (control,) = self.controls
        control.value = self.value[control.name] if self.value else control.samples[0]
        control.source.disabled = self.value is not None
        self.show()


class CaseKnob:
    """One of several controls: that of the present case. Until `ready()` says so, none is shown."""

    def __init__(self, name, knobs, case, ready):
        self.name, self.knobs, self.case, self.ready = name, knobs, case, ready
        self.box = W.VBox()
        case.observe(self.turn)
        self.turn()

    @property
    def present(self):
        return self.knobs[self.case.value]

    @property
    def value(self):
        return self.present.value

    @value.setter
    def value(self, value):
        self.present.value = value

    @property
    def samples(self):
        return self.present.samples

    def observe(self, callback):
        for knob in self.knobs.values():
            knob.observe(callback)

    def turn(self):
        self.box.children = (self.present.box,) if self.ready() else ()
