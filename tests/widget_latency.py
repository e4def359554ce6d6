"""How long after a move is the new picture there?  Headless Chromium, a real JupyterLab, every widget.

    python tests/widget_latency.py [chapters/NN-slug.ipynb ...]

Two times per widget, in milliseconds: from the key press on a slider, and from the mouse move of its handle, to
the `load` event of the picture that follows. A table is printed and nothing is asserted: a clock is no test.
"""

import contextlib
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from lab import browser_page, lab_server, live_widgets, open_notebook, run_all
from playwright.sync_api import TimeoutError

REPOSITORY = Path(__file__).resolve().parents[1]
MOVES = 60
REST = 120  # milliseconds between moves

RAIL = ".noUi-target:not([disabled])"  # a prediction freezes its own slider when it is locked

LISTEN = """picture => {
    window.times = [];
    const start = event => { window.started ??= event.timeStamp; };
    for (const kind of ['keydown', 'pointermove']) window.addEventListener(kind, start, true);
    picture.addEventListener('load', event => {
        if (window.started !== undefined) window.times.push(event.timeStamp - window.started);
        window.started = undefined;
    });
}"""


def main(names):
    chapters = [Path(name).name for name in names] or sorted(p.name for p in REPOSITORY.glob("chapters/*.ipynb"))
    print(f"{'widget':34} {'key: median':>12} {'worst':>6} {'drag: median':>13} {'worst':>6}   ms, {MOVES} moves")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(REPOSITORY / "chapters", Path(folder, "chapters"))
        with lab_server(folder) as server:
            for chapter in chapters:
                measure_chapter(server, chapter)


def measure_chapter(server, chapter):
    with browser_page(viewport={"width": 1280, "height": 900}) as page:
        open_notebook(page, server, f"chapters/{chapter}")
        run_all(page)
        for i, widget in enumerate(live_widgets(page), start=1):
            key, drag = measure(page, widget)
            print(f"{chapter[:30]:30} {i:3} {row(key):>19} {row(drag):>20}")


def measure(page, widget):
    """The times of MOVES key presses and of MOVES mouse moves, on the widget's first slider, from its low end."""
    lock(page, widget)
    widget.locator(".widget-image").evaluate(LISTEN)
    handle = widget.locator(f"{RAIL} .noUi-handle").first
    handle.press("Home")
    page.wait_for_timeout(500)
    key = timed(page, lambda i: handle.press(one_way(handle, i)))
    box = widget.locator(f"{RAIL} .noUi-base").first.bounding_box()
    x, y = box["x"], box["y"] + box["height"] / 2
    handle.hover()
    page.mouse.down()
    drag = timed(page, lambda i: page.mouse.move(x + box["width"] * there_and_back(i), y))
    page.mouse.up()
    return key, drag


def timed(page, move):
    """The times of MOVES moves; a slider with few places stays where it is in some, and these do not count."""
    times = []
    for i in range(2 * MOVES):
        if len(times) < MOVES and (found := after(page, lambda i=i: move(i))) is not None:
            times.append(found)
    return times


def lock(page, widget):
    """Give the prediction, if one is asked for: afterwards the picture is at its fullest."""
    for button in widget.get_by_role("button", name="Lock my prediction").all():
        button.click()
        page.wait_for_timeout(500)


def one_way(handle, i):
    """Up and down again, never against an end, where nothing moves."""
    low, now, high = (float(handle.get_attribute(f"aria-value{name}")) for name in ("min", "now", "max"))
    if now in (low, high):
        return "ArrowRight" if now == low else "ArrowLeft"
    return "ArrowRight" if i // 30 % 2 == 0 else "ArrowLeft"


def there_and_back(i):
    """The place of a mouse on its way: from 0 to 1, and back."""
    share = (i + 1) / MOVES % 2
    return min(share, 2 - share)


def after(page, move):
    """Milliseconds from the event to the picture; None if no picture comes."""
    page.evaluate("window.started = undefined, window.times = []")
    move()
    page.wait_for_timeout(REST)  # ask nothing of the browser meanwhile: that would cost time
    with contextlib.suppress(TimeoutError):
        page.wait_for_function("window.times.length > 0", timeout=2000)
    return page.evaluate("window.times[0] ?? null")


def row(times):
    return f"{statistics.median(times):10.0f} {max(times):8.0f}" if times else "no picture"


if __name__ == "__main__":
    main(sys.argv[1:])
