"""The chapters as pages: exported to HTML, as someone reads them who has no Jupyter."""

import re
from importlib.resources import files

import pytest
from nbconvert import HTMLExporter
from notebooks import CHAPTERS, read

NAMES = sorted(path.name for path in CHAPTERS.glob("*.ipynb"))
TEMPLATE = {  # what axe finds in nbconvert's own page, whatever the notebook says: (rule, part of the element)
    ("color-contrast", "jp-InputPrompt"),  # In [1]: in light grey
    ("color-contrast", "jp-OutputPrompt"),
    ("color-contrast", '<span class="'),  # numbers, comments and words such as `in`, coloured by Pygments on grey
    ("link-in-text-block", "<a href="),  # links are told by their colour alone
}


def page_of(name, template="lab"):
    html, _ = HTMLExporter(template_name=template).from_notebook_node(read(CHAPTERS / name))
    return html


@pytest.mark.parametrize("name", NAMES)
def test_every_picture_of_the_page_is_described(name):
    """By nbconvert's classic template: its default one leaves out the text that the notebook gives to a picture."""
    pictures = re.findall(r"<img\b[^>]*>", page_of(name, "classic"))
    described = [re.search(r'alt="([^"]*)"', picture) for picture in pictures]
    assert pictures
    assert [p[:200] for p, alt in zip(pictures, described, strict=True) if not alt or len(alt[1]) < 20] == []
    assert not any("No description" in alt[1] for alt in described)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing_on_the_page_but_what_its_template_brings(name, page, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(page_of(name), encoding="utf-8")
    page.goto(path.as_uri(), wait_until="domcontentloaded")
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("() => axe.run()")["violations"]
    nodes = [(rule["id"], node["html"]) for rule in found for node in rule["nodes"]]
    known = [(rule, html) for rule, html in nodes if any(rule == r and part in html for r, part in TEMPLATE)]
    assert [node for node in nodes if node not in known] == []
