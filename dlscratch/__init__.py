"""Deep learning from scratch in NumPy: a package to read.

One idea carries it: every derivative is written once, beside its forward pass, as `(out, pullback)` (`ops`).
Layers remember pullbacks, the tape records them, the checker judges them.
"""

from . import data, init, nn, ops
from .autograd import Tensor, apply, grad, no_grad, vjp
from .gradcheck import GradientError, check, check_autograd, check_optimizer, explain, numeric_gradient
from .layers import (
    Affine,
    BatchNorm,
    Dropout,
    Embedding,
    Flatten,
    Layer,
    LayerNorm,
    LeakyReLU,
    Parameter,
    ReLU,
    Sequential,
    Sigmoid,
    Softmax,
    Tanh,
)
from .layers_image import AvgPool2D, Conv2D, MaxPool2D
from .losses import BCELoss, CrossEntropyLoss, MSELoss
from .optim import SGD, AdaGrad, Adam, AdamW, RMSProp, clip_grad_norm
from .saving import load, save
from .schedules import cosine_decay, exponential_decay, linear_decay, step_decay
from .shapes import ShapeError
from .training import History, Step, Trainer, accuracy, minibatches, predict, train

__version__ = "0.1.0"

__all__ = [name for name in dir() if not name.startswith("_")]
