"""What every chapter keeps to, and the script that executes them.  nbval compares the outputs themselves."""

import ast
import re
from collections import Counter
from pathlib import Path

import nbformat
import notebooks
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

PATHS = sorted(notebooks.CHAPTERS.glob("*.ipynb"))
MACHINE = re.compile(r"/(home|root|tmp|work|Users|mnt)/|[A-Z]:\\|ipykernel_\d|\b0x[0-9a-fA-F]{6,}")
FIVE_DESIGNS = "08"  # writes out again what earlier chapters wrote: that is its subject


def code_cells(chapter):
    return [cell for cell in chapter.cells if cell.cell_type == "code"]


def code_lines(cell):
    return [line for line in cell.source.splitlines() if line.strip()]


def outputs(chapter):
    return [(cell, output) for cell in code_cells(chapter) for output in cell.outputs]


def prose(chapter):
    return "\n\n".join(cell.source for cell in chapter.cells if cell.cell_type == "markdown")


def words(text):
    """Words as a reader counts them: no formulas, no addresses of links, no tags, no numbers."""
    text = re.sub(r"\$\$.*?\$\$|\$[^$]*\$|\]\([^)]*\)|<[^>]*>", " ", text, flags=re.DOTALL)
    return re.findall(r"[A-Za-z][A-Za-z'-]*", text)


# Each rule yields what is wrong with a chapter.


def short_cells(chapter):
    return [f"{c.id}: {len(code_lines(c))} lines" for c in code_cells(chapter) if len(code_lines(c)) > 15]


def narrow_lines(chapter):
    """A line of 100 characters still fits into JupyterLab beside its file browser, on a small screen."""
    return [f"{c.id}: {line}" for c in code_cells(chapter) for line in code_lines(c) if len(line) > 100]


def enough_code_and_prose(chapter):
    lines = sum(len(code_lines(cell)) for cell in code_cells(chapter))
    ratio = len(words(prose(chapter))) / max(lines, 1)
    if not 40 <= lines <= 150:
        yield f"{lines} lines of code"
    if not 8 <= ratio <= 20:
        yield f"{ratio:.1f} words of prose for each line of code"


def one_title_and_no_level_left_out(chapter):
    levels = [len(marks) for marks in re.findall(r"^(#+) ", prose(chapter), re.MULTILINE)]
    if levels[:1] != [1] or levels.count(1) != 1:
        yield f"levels {levels}: a chapter begins with its only title"
    yield from (f"a level {b} follows a level {a}" for a, b in zip(levels, levels[1:], strict=False) if b > a + 1)


def ids_are_fixed_names(chapter):
    ids = [cell.id for cell in chapter.cells]
    yield from (f"{name} stands twice" for name, count in Counter(ids).items() if count > 1)
    yield from (f"{name} is not a name" for name in ids if not re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", name))


def executed_from_top_to_bottom(chapter):
    counts = [cell.execution_count for cell in code_cells(chapter)]
    return [] if counts == list(range(1, len(counts) + 1)) else [f"counts {counts}"]


def executed_as_it_stands(chapter):
    return ["its code has changed since"] if notebooks.changed_since_executed(chapter) else []


def nothing_of_a_machine(chapter):
    yield from (f"metadata {key}" for key in set(chapter.metadata) - {"kernelspec", "language_info", "executed_source"})
    yield from (f"{c.id}: metadata {key}" for c in chapter.cells for key in set(c.metadata) - {"tags"})
    yield from (f"{c.id}: a widget's id" for c, o in outputs(chapter) if notebooks.WIDGET in o.get("data", {}))
    text = "\n".join(
        cell.source + str([without_pictures(o) for o in cell.get("outputs", ())]) for cell in chapter.cells
    )
    yield from (found[0] for found in MACHINE.finditer(text))


def without_pictures(output):
    return {**output, "data": {k: v for k, v in output.get("data", {}).items() if k != "image/png"}}


def pictures_are_described(chapter):
    for cell, output in outputs(chapter):
        if "image/png" in output.get("data", {}):
            alt = output.metadata.get("image/png", {}).get("alt", "")
            if len(alt) < 20 or alt != output.data["text/plain"]:
                yield f"{cell.id}: {alt!r}"


def no_errors_but_those_on_purpose(chapter):
    for cell, output in outputs(chapter):
        meant = "raises-exception" in cell.metadata.get("tags", ())
        if output.output_type == "error" and not meant or output.get("name") == "stderr":
            yield cell.id


def a_mistake_and_a_prediction(chapter):
    if not any(output.output_type == "error" for _, output in outputs(chapter)):
        yield "no mistake is shown on purpose"
    if not re.search(r"\bpredict", prose(chapter), re.IGNORECASE):
        yield "no prediction is asked for"


def numbers_are_short(chapter):
    """Four significant digits are the same on every platform; more may not be. Source that is shown has any number."""
    for cell, output in [pair for pair in outputs(chapter) if "inspect.getsource" not in pair[0].source]:
        text = output.get("text", "") + output.get("data", {}).get("text/plain", "")
        for number in re.findall(r"\d+\.\d+", text):
            if len(number.replace(".", "").lstrip("0")) > 4:
                yield f"{cell.id}: {number}"


def no_semicolon_at_the_end(chapter):
    return [cell.id for cell in code_cells(chapter) if cell.source.rstrip().endswith(";")]


def links_lead_somewhere(chapter):
    targets = re.findall(r"\]\(([^)#]+)\)", prose(chapter))
    local = [target for target in targets if not target.startswith("http")]
    return [target for target in local if not (notebooks.CHAPTERS / target).exists()]


RULES = [
    short_cells,
    narrow_lines,
    enough_code_and_prose,
    one_title_and_no_level_left_out,
    ids_are_fixed_names,
    executed_from_top_to_bottom,
    executed_as_it_stands,
    nothing_of_a_machine,
    pictures_are_described,
    no_errors_but_those_on_purpose,
    a_mistake_and_a_prediction,
    numbers_are_short,
    no_semicolon_at_the_end,
    links_lead_somewhere,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_chapter_keeps_the_rules(path, rule):
    assert list(rule(notebooks.read(path))) == []


def longhand(chapter):
    """The names that a chapter defines."""
    trees = [ast.parse(cell.source) for cell in code_cells(chapter)]
    return {node.name for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def written_twice(chapters):
    """chapters {name: notebook} -> the names that two of them define."""
    names = Counter(
        name for stem, chapter in chapters.items() for name in longhand(chapter) if stem[:2] != FIVE_DESIGNS
    )
    return sorted(name for name, count in names.items() if count > 1)


def test_longhand_is_written_once_in_the_course():
    assert written_twice({path.stem: notebooks.read(path) for path in PATHS}) == []


# The rules themselves: a chapter that breaks one is found out.


def chapter(*cells, **metadata):
    return nbformat.from_dict({"cells": cells, "metadata": metadata})


def code(source="1", *results, id="made-here", **metadata):
    return new_code_cell(source, outputs=list(results), id=id, metadata=metadata)


def shown(text, **data):
    return new_output("execute_result", data={"text/plain": text, **data}, execution_count=1)


PICTURE = {"image/png": "iVBORw0KGgo="}
BROKEN = {
    "a long cell": (short_cells, chapter(code("x = 1\n" * 16))),
    "a wide line": (narrow_lines, chapter(code("x" * 101))),
    "little code": (enough_code_and_prose, chapter(code("x = 1\n" * 39), new_markdown_cell("word " * 400))),
    "little prose": (enough_code_and_prose, chapter(code("x = 1\n" * 50), new_markdown_cell("word " * 399))),
    "much prose": (enough_code_and_prose, chapter(code("x = 1\n" * 50), new_markdown_cell("word " * 1001))),
    "no title": (one_title_and_no_level_left_out, chapter(new_markdown_cell("## Two"))),
    "two titles": (one_title_and_no_level_left_out, chapter(new_markdown_cell("# One\n\n# One"))),
    "a skipped level": (one_title_and_no_level_left_out, chapter(new_markdown_cell("# One\n\n### Three"))),
    "a random id": (ids_are_fixed_names, chapter(code(id="3f2a-9c"))),
    "an id twice": (ids_are_fixed_names, chapter(code(id="same-id"), code(id="same-id"))),
    "not executed": (executed_from_top_to_bottom, chapter(code())),
    "changed": (executed_as_it_stands, chapter(code(), executed_source="0")),
    "widget state": (nothing_of_a_machine, chapter(widgets={})),
    "a widget's id": (nothing_of_a_machine, chapter(code("1", shown("1", **{notebooks.WIDGET: {}})))),
    "times": (nothing_of_a_machine, chapter(code(execution={}))),
    "a path": (nothing_of_a_machine, chapter(code("1", shown("/home/me/x.py")))),
    "an address": (nothing_of_a_machine, chapter(code("1", shown("<object at 0x7f00aa11bb22>")))),
    "a nameless picture": (pictures_are_described, chapter(code("1", shown("<Figure>", **PICTURE)))),
    "an error": (no_errors_but_those_on_purpose, chapter(code("1", new_output("error", ename="E", evalue="")))),
    "a warning": (no_errors_but_those_on_purpose, chapter(code("1", new_output("stream", name="stderr", text="w")))),
    "no mistake": (a_mistake_and_a_prediction, chapter(new_markdown_cell("Predict."))),
    "a long number": (numbers_are_short, chapter(code("1", shown("0.12345")))),
    "a semicolon": (no_semicolon_at_the_end, chapter(code("x;"))),
    "a dead link": (links_lead_somewhere, chapter(new_markdown_cell("[a](nowhere.ipynb)"))),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_chapter_is_found_out(name):
    rule, broken = BROKEN[name]
    assert list(rule(broken))


def test_a_name_defined_in_two_chapters_is_found_out():
    one, two = chapter(code("def f(): pass")), chapter(code("class f: pass"), code("def g(): pass"))
    assert written_twice({"01-a": one, "02-b": two}) == ["f"]
    assert written_twice({"01-a": one, "08-b": two}) == []


# The script that executes chapters.


@pytest.fixture
def small(tmp_path):
    """A chapter with everything that differs from run to run: a widget, a progress bar, an error with its path."""
    source = [
        "import ipywidgets\nipywidgets.IntSlider()",
        "for i in range(3):\n    print('\\r', i, end='', flush=True)",
        "import dlscratch, numpy as np\ndlscratch.data.line(-1, rng=0)",
    ]
    cells = [new_code_cell(s, id=f"cell-{i}") for i, s in enumerate(source)]
    cells[2].metadata["tags"] = ["raises-exception"]
    path = tmp_path / "00-small.ipynb"
    notebooks.write(new_notebook(cells=cells, metadata={"kernelspec": notebooks.KERNEL}), path)
    return path


def test_two_executions_leave_the_same_bytes(small):
    notebooks.execute([small])
    once = small.read_bytes()
    notebooks.execute([small])
    assert small.read_bytes() == once
    assert list(nothing_of_a_machine(notebooks.read(small))) == []
    assert notebooks.stale(small) is None


def test_a_chapter_whose_code_has_changed_is_stale(small, capsys):
    notebooks.execute([small])
    stored = notebooks.read(small)
    stored.cells[1].source += "\n"
    notebooks.write(stored, small)
    assert notebooks.check([small]) == 1
    assert "00-small.ipynb: STALE, its code has changed since it was executed" in capsys.readouterr().out


def test_a_chapter_that_prints_something_else_is_stale(small):
    notebooks.execute([small])
    stored = notebooks.read(small)
    stored.cells[1].outputs[0].text = " 3"
    notebooks.write(stored, small)
    assert notebooks.stale(small) == "cell cell-1 prints something else today"


def test_paths_are_told_as_seen_from_the_repository():
    inside = Path("dlscratch", "ops.py")
    assert notebooks.relative(f"File {notebooks.REPOSITORY / inside}:3") == f"File {inside}:3"


def test_an_unknown_chapter_is_named():
    with pytest.raises(SystemExit, match="no chapter '99'; there are: 00-start-here.ipynb"):
        notebooks.find(["99"])


def test_chapters_are_found_by_number_name_and_path():
    for name in ["00", "00-start-here", "00-start-here.ipynb", "chapters/00-start-here.ipynb"]:
        assert [path.name for path in notebooks.find([name])] == ["00-start-here.ipynb"]


def test_chapters_are_valid_notebooks():
    for path in PATHS:
        nbformat.validate(notebooks.read(path))
