"""How the loss falls while a net learns."""

import numpy as np

from .style import DATA, ERROR


def draw_learning_curve(ax, history):
    """The mean training loss of every epoch and, where there was any, the loss on the validation data, and its best."""
    epochs = np.arange(1, len(history.loss) + 1)
    ax.plot(epochs, history.loss, color=ERROR, label="training")
    if history.evaluated:
        ax.plot(history.evaluated, history.validation_loss, "--", color=DATA, label="validation")
        if history.best_epoch:
            best = history.validation_loss[history.evaluated.index(history.best_epoch)]
            ax.plot(history.best_epoch, best, "o", color=DATA, label=f"best after epoch {history.best_epoch}")
        ax.legend()
    ax.set_xlabel("epoch")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set_ylabel("loss")
    ax.set_ylim(0, None)
    ax.set_title(f"The loss falls from {history.loss[0]:.2g} to {history.loss[-1]:.2g}")
