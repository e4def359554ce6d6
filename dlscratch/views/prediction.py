"""A prediction comes before the answer: the reader commits to it with a button, and only then may look.

A Prediction is a control named `guess`. Its value is None until the button is pressed, and from then on what
was predicted, as {name: value}; `compute(..., guess)` shows the truth only to a reader who has one.
"""

import ipywidgets as W

from .readout import paragraph, short

BUTTON = W.Layout(width="auto", align_self="flex-start")


class Prediction:
    """Ask `question`, take the answer from `controls`, lock it."""

    name = "guess"

    def __init__(self, question, controls):
        self.asked, self.controls, self.value, self.callbacks = question, controls, None, []
        self.question, self.button = W.HTML(), W.Button(button_style="primary", layout=BUTTON)
        self.button.on_click(lambda button: self.lock())
        self.box = W.VBox([self.question, *(control.box for control in controls), self.button])
        self.show()

    def observe(self, callback):
        self.callbacks.append(callback)

    def lock(self):
        """Keep the prediction as it is now, whatever happens to the controls afterwards."""
        if self.value is not None:
            return
        self.value = {control.name: control.value for control in self.controls}
        self.show()
        for callback in self.callbacks:
            callback()

    def show(self):
        """The question, or what has been predicted."""
        locked = self.value is not None
        self.button.disabled, self.button.description = locked, "Locked" if locked else "Lock my prediction"
        self.question.value = paragraph(self.told() if locked else self.asked)

    def told(self):
        """In the words that stand beside the controls."""
        values = [(control.label, self.value[control.name]) for control in self.controls]
        return "You predicted " + ", ".join(f"{name}: {_word(value)}" for name, value in values)


def predict(question, control):
    """A prediction with a control of its own, which the lock freezes."""
    prediction = Prediction(question, [control])
    prediction.observe(control.disable)
    return prediction


def predict_with(question, *controls):
    """A prediction made with the widget's own controls, which stay free after the lock."""
    return Prediction(question, controls)


def _word(value):
    return value if isinstance(value, str) else short(value)
