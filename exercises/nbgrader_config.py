"""nbgrader's settings for this course.  Its root is this folder: run nbgrader here."""

from pathlib import Path

from bleach import clean
from bleach.css_sanitizer import CSSSanitizer
from nbconvert.filters import markdown2html_mistune
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import ClearHiddenTests, GetGrades, NbGraderPreprocessor
from nbgrader.utils import is_grade

c = get_config()  # noqa: F821  nbgrader provides it

c.CourseDirectory.root = str(Path(__file__).parent.resolve())
c.CourseDirectory.course_id = "dlscratch"

c.ClearSolutions.code_stub = {"python": "raise NotImplementedError  # replace this line with your code"}

# ---- feedback: the diagnosis in full, hidden tests not at all, and nothing that runs in the reader's browser


class Tidy(NbGraderPreprocessor):
    """Leave out folded cells, and what an output tells beside its message."""

    def preprocess(self, nb, resources):
        nb.cells = [cell for cell in nb.cells if not cell.metadata.get("jupyter", {}).get("source_hidden")]
        return super().preprocess(nb, resources)

    def preprocess_cell(self, cell, resources, index):
        for output in cell.get("outputs", []):
            if "metadata" in output:
                output.metadata = {}  # nbconvert writes an image's width into the page as it comes
            if is_grade(cell) and output.output_type == "error" and len(output.traceback) > 1:
                output.traceback = [f"{output.ename}: {output.evalue}"]  # a traceback quotes hidden lines
        return cell, resources


TEXT = "a abbr b blockquote br code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img li ol p pre s span"
TABLE = "strong sub summary sup table tbody td th thead tr u ul"
ATTRIBUTES = {"*": ["class", "id", "title", "style"], "a": ["href"], "img": ["alt", "src"], "details": ["open"]}


def harmless(markdown):
    """Markdown -> HTML without scripts.  nbgrader's own page cleans the outputs of a submission, not its text."""
    tags = f"{TEXT} {TABLE}".split()
    html = clean(markdown2html_mistune(markdown), tags=tags, attributes=ATTRIBUTES, css_sanitizer=CSSSanitizer())
    return html.replace("<summary>", '<summary style="display: list-item">')  # the page's style takes its arrow away


c.HTMLExporter.sanitize_html = True
c.HTMLExporter.filters = {"markdown2html": harmless}
c.GenerateFeedback.preprocessors = [GetGrades, ClearHiddenTests, Tidy, CSSHTMLHeaderPreprocessor]
