"""The chapters' widgets in a real JupyterLab, moved by keyboard and by mouse."""

from importlib.resources import files

import pytest
from lab import console_errors, open_notebook, output_errors, run_all
from notebooks import CHAPTERS, read

expect = pytest.importorskip("playwright.sync_api", reason="missing part: playwright").expect
CHAPTER_NAMES = sorted(path.name for path in CHAPTERS.glob("*.ipynb"))
pytestmark = [pytest.mark.slow, pytest.mark.parametrize("chapter", CHAPTER_NAMES)]

WIDGET = ".jp-OutputArea .widget-hbox:has(> .widget-image)"
SLIDER = ".noUi-target:not([disabled]) .noUi-handle"  # a prediction freezes its own when it is locked
NUMBER = "input[type=number]:enabled"
SLIDERS_HAVE_NO_NAME = "aria-input-field-name"  # ipywidgets gives them none: hence the labelled number beside each


@pytest.fixture
def widgets(lab, page, chapter):
    """The widgets of a chapter after Run All."""
    open_notebook(page, lab, f"chapters/{chapter}")
    run_all(page)
    return page.locator(WIDGET).all()


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


def test_every_slider_moves_picture_and_words_by_keyboard(widgets, page):
    errors = console_errors(page)
    for widget in widgets:
        lock(widget)
        for slider in widget.locator(SLIDER).all():
            at_end = slider.get_attribute("aria-valuenow") == slider.get_attribute("aria-valuemax")
            expect_change(widget, lambda s=slider, key="ArrowLeft" if at_end else "ArrowRight": s.press(key))
    assert output_errors(page) == [] and errors == []


def test_every_number_moves_picture_and_words_by_keyboard(widgets, page):
    errors = console_errors(page)
    for widget in widgets:
        lock(widget)
        for number in widget.locator(NUMBER).all():
            at_end = number.input_value() == number.get_attribute("max")
            expect_change(widget, lambda n=number, key="ArrowDown" if at_end else "ArrowUp": n.press(key))
    assert output_errors(page) == [] and errors == []


def test_every_control_is_reached_with_the_tab_key(widgets, page):
    for widget in widgets:
        controls = widget.locator("input, select, button, [role=slider]").all()
        controls[0].focus()
        for control in controls[1:]:
            page.keyboard.press("Tab")
            expect(control).to_be_focused()


def test_a_long_drag_ends_with_the_picture_of_its_end(widgets, page):
    """Nothing is left in a queue: soon after the mouse has stopped, number and words are those of the handle."""
    for widget in widgets:
        lock(widget)
        handle, number = widget.locator(SLIDER).first, widget.locator(NUMBER).first
        box = handle.locator("xpath=ancestor::*[contains(@class, 'noUi-base')]").bounding_box()
        handle.hover()
        page.mouse.down()
        for i in range(100):
            page.mouse.move(box["x"] + box["width"] * (i % 50) / 50, box["y"] + 2)
            page.wait_for_timeout(20)
        page.mouse.move(box["x"] + box["width"] + 20, box["y"] + 2)
        page.mouse.up()
        expect(number).to_have_value(number.get_attribute("max"), timeout=2000)
        page.wait_for_timeout(300)
        before = picture(widget).get_attribute("src")
        page.wait_for_timeout(1000)
        assert picture(widget).get_attribute("src") == before


def test_controls_and_pictures_have_names(widgets, page):
    if not widgets:
        pytest.skip("no widget in this chapter")
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("selector => axe.run({include: [[selector]]})", WIDGET)["violations"]
    nodes = [(rule["id"], node["html"]) for rule in found for node in rule["nodes"]]
    assert [n for n in nodes if n[0] != SLIDERS_HAVE_NO_NAME] == []
    assert all("noUi-handle" in html for _, html in nodes)


def test_before_the_first_run_there_is_a_picture_in_every_widgets_place(lab, page, chapter):
    errors = console_errors(page)
    page.set_viewport_size({"width": 1280, "height": 10_000})  # JupyterLab renders only what is in view
    open_notebook(page, lab, f"chapters/{chapter}")
    stored = [output for cell in read(CHAPTERS / chapter).cells for output in cell.get("outputs", ())]
    pictures = sum("image/png" in output.get("data", {}) for output in stored)
    expect(page.locator(".jp-RenderedImage img")).to_have_count(pictures)
    assert errors == []
