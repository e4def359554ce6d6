"""nbgrader's settings for this course.  Its root is this folder: run nbgrader here."""

import re
from functools import lru_cache
from pathlib import Path

from bleach import clean
from bleach.css_sanitizer import CSSSanitizer
from nbconvert.filters import markdown2html_mistune
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions, GetGrades, NbGraderPreprocessor
from nbgrader.utils import is_grade

c = get_config()  # noqa: F821  nbgrader provides it

c.CourseDirectory.root = str(Path(__file__).parent.resolve())
c.CourseDirectory.course_id = "dlscratch"

c.ClearSolutions.code_stub = {"python": "raise NotImplementedError  # replace this line with your code"}
c.OverwriteCells.add_missing_cells = True  # a deleted test cell comes back

# ---- release: a stub where an answer was, or the code that learners are to repair


class ClearAnswers(ClearSolutions):
    """Below an answer may stand, as comments, what learners find in its place instead of the stub.

    ### END SOLUTION
    ### BEGIN GIVEN
    # w = w - lr * g
    ### END GIVEN
    """

    def _replace_solution_region(self, cell, language):
        replaced = super()._replace_solution_region(cell, language)
        stub = re.escape(self.code_stub[language])
        given = rf"\n *{stub}\n *### BEGIN GIVEN(.*?)\n *### END GIVEN"
        cell.source = re.sub(given, uncommented, cell.source, flags=re.S)
        return replaced


def uncommented(found):
    return re.sub(r"^( *)# ?", r"\1", found[1], flags=re.M)


STEPS = GenerateAssignment.class_traits()["preprocessors"].default()
c.GenerateAssignment.preprocessors = [ClearAnswers if step is ClearSolutions else step for step in STEPS]

# ---- feedback: the diagnosis in full, hidden tests not at all, and nothing that runs in the reader's browser


class Tidy(NbGraderPreprocessor):
    """Leave out folded cells; of a failed test keep the message, since a traceback quotes the hidden lines."""

    def preprocess(self, nb, resources):
        nb.cells = [cell for cell in nb.cells if not cell.metadata.get("jupyter", {}).get("source_hidden")]
        return super().preprocess(nb, resources)

    def preprocess_cell(self, cell, resources, index):
        for output in cell.get("outputs", []) if is_grade(cell) else []:
            if output.output_type == "error" and len(output.traceback) > 1:
                output.traceback = [f"{output.ename}: {output.evalue}"]
        return cell, resources


class WithoutSizes(NbGraderPreprocessor):
    """nbconvert writes the width of an image into the page as it comes, whatever it says."""

    def preprocess_cell(self, cell, resources, index):
        for output in cell.get("outputs", []):
            if "metadata" in output:
                output.metadata = {}
        return cell, resources


TEXT = "a abbr b blockquote br code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img li ol p pre s small"
MORE = "span strong sub summary sup table tbody td th thead tr u ul"
ATTRIBUTES = {"*": ["class", "id", "title", "style"], "a": ["href"], "img": ["alt", "src"], "details": ["open"]}


def harmless(html):
    """HTML without scripts.  nbconvert's own list lets no paragraph through, and so spoils the diagnosis."""
    html = html.decode() if isinstance(html, bytes) else str(html)
    return clean(html, tags=f"{TEXT} {MORE}".split(), attributes=ATTRIBUTES, css_sanitizer=CSSSanitizer())


@lru_cache(256)  # the text of an exercise is the same for a whole class
def harmless_markdown(markdown):
    """nbgrader's own pages clean the outputs of a hand-in, not its text."""
    html = harmless(markdown2html_mistune(markdown))
    return html.replace("<summary>", '<summary style="display: list-item">')  # the page's style takes its arrow away


c.GenerateFeedback.preprocessors = [GetGrades, ClearHiddenTests, Tidy, CSSHTMLHeaderPreprocessor]
c.HTMLExporter.preprocessors = [WithoutSizes]  # these three hold for formgrader's pages too
c.HTMLExporter.filters = {"clean_html": harmless, "markdown2html": harmless_markdown}
c.HTMLExporter.sanitize_html = True
