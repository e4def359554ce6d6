"""Pages of feedback, as nbgrader makes them: what is open for one hand-in stays open for the next."""

from functools import lru_cache
from html import escape

from nbconvert.exporters import HTMLExporter
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter
from nbgrader.converters import GenerateFeedback


def exporter(settings, folders):
    """From a graded notebook to its page, for a whole class."""
    feedback = GenerateFeedback(coursedir=folders, config=settings)
    made = Exporter(parent=feedback, config=feedback.config)
    for step in feedback.preprocessors:
        made.register_preprocessor(step, enabled=True)
    return made


WIDEST, LONGEST = 300, 50_000  # characters of a line and of a cell that a person has written


def is_code(source):
    """The time of the highlighter grows with the square of a line's length."""
    return len(source) <= LONGEST and all(len(line) <= WIDEST for line in source.splitlines())


def in_black(source):
    return f'<div class="highlight hl-ipython3"><pre>{escape(source)}</pre></div>'


class Exporter(HTMLExporter):
    """nbconvert's, but for its last step.

    That step parses each page anew, to say of pictures without a description that they have none, and takes two
    thirds of the time.  The outputs of a graded notebook are plain text.
    """

    def __init__(self, **settings):
        super().__init__(**settings)
        highlight = lru_cache(256)(Highlight2HTML(pygments_lexer="ipython3", parent=self))
        self.register_filter("highlight_code", lambda source, **_: (highlight if is_code(source) else in_black)(source))

    def from_notebook_node(self, nb, resources=None, **options):
        resources = self._init_resources(resources)
        widgets = WidgetsDataTypeFilter(notebook_metadata=nb.metadata, parent=self, resources=resources)
        self.register_filter("filter_data_type", widgets)
        return super(HTMLExporter, self).from_notebook_node(nb, resources, **options)
