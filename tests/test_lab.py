"""Chapters in a real JupyterLab, as a learner sees them."""

import nbformat
import pytest
from lab import console_errors, open_notebook, output_errors, outside_requests, run_all

pytestmark = pytest.mark.slow


def test_chapter_00_runs_from_top_to_bottom(lab, page):
    errors, outside = console_errors(page), outside_requests(page, lab)
    open_notebook(page, lab, "chapters/00-start-here.ipynb")
    run_all(page)
    assert output_errors(page) == []
    assert errors == []
    assert outside == []


def test_a_cell_that_raises_is_seen(lab, page):
    cells = [nbformat.v4.new_code_cell("1 + 1"), nbformat.v4.new_code_cell("undefined")]
    python = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=python), lab.root / "raises.ipynb")
    open_notebook(page, lab, "raises.ipynb")
    run_all(page)
    assert output_errors(page) == ["NameError: name 'undefined' is not defined"]
