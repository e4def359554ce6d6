"""Run the source of a notebook's cell outside of a notebook, on either side of the line to a worker."""

import ast


def plain_python(source):
    """Without the lines that only a notebook understands: magics, shell commands, questions."""
    try:
        compile(source, "", "exec")
    except SyntaxError:
        lines = source.split("\n")
        return "\n".join("" if line.lstrip()[:1] in "%!?" or line.rstrip()[-1:] == "?" else line for line in lines)
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
            if not isinstance(node, ast.Import | ast.ImportFrom):
                raise
            missing = missing or error
    if missing:
        raise missing
