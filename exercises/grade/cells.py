"""Run the source of a notebook's cell outside of a notebook, on either side of the line to a worker."""

import ast
import re
import warnings

UNREADABLE = SyntaxError, ValueError, RecursionError, MemoryError, OverflowError  # what a source can end a parser with
OF_A_NOTEBOOK = re.compile(r"( *)(%%?[a-zA-Z]|!|\?|[\w.]+\?\??\s*$|[\w, ]+= *[%!][a-zA-Z])")


def plain_python(source):
    """Without the lines that only a notebook understands: magics, shell commands, questions."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a learner's code: nobody who grades can do anything about it
            compile(source, "", "exec")
    except SyntaxError:
        lines = [(OF_A_NOTEBOOK.match(line), line) for line in source.split("\n")]
        return "\n".join(f"{magic[1]}pass" if magic else line for magic, line in lines)
    except UNREADABLE:
        pass
    return source


def run(source, name, space):
    """Execute it statement by statement: what cannot be imported here is said in the end, and may not be needed."""
    statements, missing = ast.parse(source, name).body, None
    future = [node for node in statements if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    for node in statements:
        code = compile(ast.Module([*future, node], []), name, "exec")
        try:
            exec(code, space)
        except ImportError as error:
            if not isinstance(node, ast.Import | ast.ImportFrom) and error is not missing:
                raise
            missing = missing or error
            for alias in getattr(node, "names", ()):
                space.setdefault(alias.asname or alias.name.partition(".")[0], Missing(missing))
    if missing:
        raise missing


class Missing:
    """Stands for what could not be imported: to use it is the same error again."""

    def __init__(self, error):
        self.__dict__["error"] = error

    def _refuse(self, *_, **__):
        raise self.__dict__["error"]

    __getattr__ = __setattr__ = __call__ = __getitem__ = __iter__ = _refuse
