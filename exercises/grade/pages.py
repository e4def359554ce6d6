"""Pages of feedback, as nbgrader makes them: what is open for one hand-in stays open for the next."""

from functools import lru_cache

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


class Exporter(HTMLExporter):
    """nbconvert's, but for its last step.

    That step parses each page anew, to say of pictures without a description that they have none, and takes two
    thirds of the time.  The outputs of a graded notebook are plain text.
    """

    def __init__(self, **settings):
        super().__init__(**settings)
        highlight = lru_cache(256)(Highlight2HTML(pygments_lexer="ipython3", parent=self))
        self.register_filter("highlight_code", lambda source, **_: highlight(source))

    def from_notebook_node(self, nb, resources=None, **options):
        resources = self._init_resources(resources)
        widgets = WidgetsDataTypeFilter(notebook_metadata=nb.metadata, parent=self, resources=resources)
        self.register_filter("filter_data_type", widgets)
        return super(HTMLExporter, self).from_notebook_node(nb, resources, **options)
