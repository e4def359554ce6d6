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
        self.controls, self.value, self.callbacks = controls, None, []
        self.question = W.HTML(paragraph(question))
        self.button = W.Button(description="Lock my prediction", button_style="primary", layout=BUTTON)
        self.button.on_click(lambda button: self.lock())
        self.box = W.VBox([self.question, *(control.box for control in controls), self.button])

    def observe(self, callback):
        self.callbacks.append(callback)

    def lock(self):
        """Keep the prediction as it is now, whatever happens to the controls afterwards."""
        if self.value is not None:
            return
        self.value = {control.name: control.value for control in self.controls}
        self.button.disabled, self.button.description = True, "Locked"
        self.question.value = paragraph("You predicted " + ", ".join(map(_equation, self.value.items())))
        for callback in self.callbacks:
            callback()


def predict(question, control):
    """A prediction with a control of its own, which the lock freezes."""
    prediction = Prediction(question, [control])
    prediction.observe(control.disable)
    return prediction


def predict_with(question, *controls):
    """A prediction made with the widget's own controls, which stay free after the lock."""
    return Prediction(question, controls)


def _equation(item):
    name, value = item
    return f"{name} = {value if isinstance(value, str) else short(value)}"
