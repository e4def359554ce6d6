"""Take the README's picture: chapter 00 in a real JupyterLab, with its first widget in view.

python tests/readme_picture.py
"""

import io
import shutil
import tempfile
from pathlib import Path

from lab import browser_page, lab_server, open_notebook, output_errors, run_all
from PIL import Image

REPOSITORY = Path(__file__).resolve().parents[1]
PICTURE = REPOSITORY / ".github" / "chapter-00.png"
CHAPTER = "chapters/00-start-here.ipynb"
WIDGET = ".jp-Cell:has(.widget-image)"
GUESS = "1.8", "-0.6"  # slope and height: close, and not the answer


def main():
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(REPOSITORY / "chapters", Path(folder, "chapters"))
        with lab_server(folder) as server, browser_page(viewport={"width": 1120, "height": 680}) as page:
            open_notebook(page, server, CHAPTER)
            page.evaluate("() => void window.jupyterapp.commands.execute('application:toggle-left-area')")
            run_all(page)
            if output_errors(page):
                raise RuntimeError(f"{CHAPTER} raises: {output_errors(page)}")
            move_the_line(page)
            save(page.screenshot())


def move_the_line(page):
    widget = page.locator(WIDGET).first
    for box, number in zip(widget.locator("input[type=number]").all(), GUESS, strict=True):
        box.fill(number)
        box.press("Enter")
    widget.evaluate("cell => cell.scrollIntoView({block: 'end'})")
    page.mouse.move(0, 0)
    page.wait_for_timeout(1000)


def save(png):
    """256 colours are enough for text and lines, at a third of the size."""
    Image.open(io.BytesIO(png)).convert("RGB").quantize(256).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
