"""Digits as a reader sees them: dark ink on light paper."""

import numpy as np


def draw_digits(axes, images, captions):
    """Eight by eight pixels a panel, with a caption above.  images (N, 64), 0 is paper and 1 is ink."""
    for ax, image, caption in zip(np.ravel(axes), images, captions, strict=True):
        ax.imshow(np.reshape(image, (8, 8)), cmap="gray_r", vmin=0, vmax=1, aspect="equal")
        ax.set_title(caption, loc="center")
        ax.set_axis_off()
