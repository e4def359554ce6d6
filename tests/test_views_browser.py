"""The chapters' widgets in a real JupyterLab, moved by keyboard and by mouse."""

import shutil
from importlib.resources import files

import pytest
from lab import PATIENCE, WIDGET, browser_page, console_errors, live_widgets, open_notebook, output_errors, run_all
from notebooks import CHAPTERS, read

browser = pytest.importorskip("playwright.sync_api", reason="missing part: playwright")
expect, TimeoutError = browser.expect, browser.TimeoutError
CHAPTER_NAMES = sorted(path.name for path in CHAPTERS.glob("*.ipynb"))
pytestmark = [pytest.mark.slow, pytest.mark.parametrize("chapter", CHAPTER_NAMES, scope="module")]
expect.set_options(timeout=1000 * PATIENCE)

SLIDER = ".noUi-target:not([disabled]) .noUi-handle"  # a prediction freezes its own when it is locked
NUMBER = "input[type=number]:enabled"
SLIDERS_HAVE_NO_NAME = "aria-input-field-name"  # ipywidgets gives them none: hence the labelled number beside each


@pytest.fixture(scope="module")
def opened(lab, chapter):
    """A chapter after Run All, for the tests below one after the other: (page, what the console complained of)."""
    with browser_page(viewport={"width": 1280, "height": 900}) as page:
        open_notebook(page, lab, f"chapters/{chapter}")
        errors = console_errors(page)
        run_all(page)
        yield page, errors


@pytest.fixture
def page(opened):
    return opened[0]


@pytest.fixture
def widgets(page):
    """Every chapter has one."""
    found = live_widgets(page)
    assert found
    return found


@pytest.fixture
def no_errors(opened):
    """Neither in the notebook nor in the console, by the end of the test."""
    yield
    page, errors = opened
    assert output_errors(page) == [] and errors == []


def picture(widget):
    return widget.locator(".widget-image")


def words(widget):
    return widget.locator("[role=status], [role=alert]").last


def lock(widget):
    """Lock the prediction, where one is asked for, by keyboard."""
    for button in widget.get_by_role("button", name="Lock my prediction").all():
        button.press("Enter")
        expect(button).to_be_hidden()  # under this name: it says "Locked" now
    expect(words(widget)).not_to_contain_text("Lock your prediction")


def expect_change(widget, move):
    """Both the picture and the words are others after `move`."""
    source, text = picture(widget).get_attribute("src"), words(widget).inner_text()
    move()
    expect(picture(widget)).not_to_have_attribute("src", source)
    expect(words(widget)).not_to_have_text(text, use_inner_text=True)


def test_every_control_is_reached_with_the_tab_key(widgets, page):
    for widget in widgets:
        controls = widget.locator("input, select, button, [role=slider]").all()
        controls[0].focus()
        for control in controls[1:]:
            page.keyboard.press("Tab")
            expect(control).to_be_focused()


def test_controls_and_pictures_have_names(widgets, page):
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("selector => axe.run({include: [[selector]]})", WIDGET)["violations"]
    nodes = [(rule["id"], node["html"]) for rule in found for node in rule["nodes"]]
    assert [n for n in nodes if n[0] != SLIDERS_HAVE_NO_NAME] == []
    assert all("noUi-handle" in html for _, html in nodes)


def test_every_slider_moves_picture_and_words_by_keyboard(widgets, no_errors):
    for widget in widgets:
        lock(widget)
        sliders = widget.locator(SLIDER).all()
        assert sliders
        for slider in sliders:
            at_end = slider.get_attribute("aria-valuenow") == slider.get_attribute("aria-valuemax")
            expect_change(widget, lambda s=slider, key="ArrowLeft" if at_end else "ArrowRight": s.press(key))


def test_every_number_moves_picture_and_words_by_keyboard(widgets, no_errors):
    for widget in widgets:
        lock(widget)
        for number in widget.locator(NUMBER).all():
            value, most = float(number.input_value()), number.get_attribute("max")
            at_end = value + 1 > float(most)  # an arrow goes one up at most
            expect_change(widget, lambda n=number, key="ArrowDown" if at_end else "ArrowUp": n.press(key))


def test_every_choice_tick_and_step_changes_what_is_seen(widgets, page, no_errors):
    for widget in widgets:
        lock(widget)
        for choice in widget.locator("select:enabled").all():
            others = [
                i for i in range(choice.locator("option").count()) if i != choice.evaluate("s => s.selectedIndex")
            ]
            seen = [has_news(page, widget, lambda c=choice, i=i: c.select_option(index=i)) for i in others]
            assert any(seen)  # not each: two formulas may agree
        for tick in widget.locator("input[type=checkbox]:enabled").all():
            assert has_news(page, widget, lambda t=tick: t.press("Space"))
        for step in widget.get_by_role("button", name="Next").all():
            back = step.locator("xpath=preceding-sibling::button[1]")
            number = step.locator("xpath=ancestor::*[contains(@class, 'widget-vbox')][1]").locator(NUMBER)
            at_end = number.input_value() == number.get_attribute("max")
            for button in (back, step) if at_end else (step, back):
                assert has_news(page, widget, lambda b=button: b.press("Enter"))


def has_news(page, widget, move):
    """Are the picture or the words others after `move`?"""
    before = [widget.element_handle(), picture(widget).get_attribute("src"), words(widget).text_content()]
    move()
    try:
        page.wait_for_function(NEWS, arg=before, timeout=30_000)
    except TimeoutError:
        return False
    return True


def test_after_a_long_drag_hardly_a_picture_is_still_to_come(widgets, page, no_errors):
    """Nothing waits in a queue: a move that was overtaken by the next one is never drawn."""
    for widget in widgets:
        lock(widget)
        handle, number = widget.locator(SLIDER).first, widget.locator(NUMBER).first
        take_hold(page, handle)
        box = handle.locator("xpath=ancestor::*[contains(@class, 'noUi-base')]").bounding_box()
        for i in range(100):
            page.mouse.move(box["x"] + box["width"] * (i % 50) / 50, box["y"] + 2)
            page.wait_for_timeout(20)
        page.mouse.move(box["x"] + box["width"] + 20, box["y"] + 2)
        picture(widget).evaluate(COUNT_PICTURES)
        page.mouse.up()
        expect(number).to_have_value(number.get_attribute("max"))
        assert picture(widget).evaluate(PICTURES_TO_COME) <= 4  # one on its way, one in the making, its successor


def take_hold(page, handle):
    """Press the mouse on it.  JupyterLab lays out anew what it scrolls: then the mouse presses where it was before."""
    for _ in range(5):
        handle.scroll_into_view_if_needed()
        page.wait_for_timeout(500)
        handle.hover()
        page.mouse.down()
        if "noUi-active" in handle.get_attribute("class"):
            return
        page.mouse.up()
    raise AssertionError("the handle cannot be taken hold of")


def test_before_the_first_run_there_is_a_picture_in_every_widgets_place(lab, page, chapter):
    shutil.copy(CHAPTERS / chapter, lab.root / "chapters" / f"unrun-{chapter}")  # JupyterLab saves the other by itself
    tall = {"width": 1280, "height": 10_000}  # it renders only what is in view
    with page.context.browser.new_page(viewport=tall) as fresh:
        errors = console_errors(fresh)
        open_notebook(fresh, lab, f"chapters/unrun-{chapter}")
        stored = [output for cell in read(CHAPTERS / chapter).cells for output in cell.get("outputs", ())]
        pictures = sum("image/png" in output.get("data", {}) for output in stored)
        expect(fresh.locator(".jp-RenderedImage img")).to_have_count(pictures)
        assert errors == []


NEWS = """([widget, source, text]) => {  // new words are a new element
    const words = [...widget.querySelectorAll('[role=status], [role=alert]')].at(-1);
    return widget.querySelector('.widget-image').getAttribute('src') !== source || (words && words.textContent !== text);
}"""

COUNT_PICTURES = """image => {
    image.drawn = 0;
    new MutationObserver(changes => { image.drawn += changes.length; }).observe(image, {attributeFilter: ['src']});
}"""

PICTURES_TO_COME = """async image => {
    for (let before = -1; before !== image.drawn;) {
        before = image.drawn;
        await new Promise(resolve => setTimeout(resolve, 1500));
    }
    return image.drawn;
}"""
