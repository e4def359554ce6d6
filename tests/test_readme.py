"""The README's example does what it says, and its links and commands lead somewhere."""

import contextlib
import io
import re
from pathlib import Path

import numpy as np
import pytest

from dlscratch import GradientError, check, ops

REPOSITORY = Path(__file__).resolve().parents[1]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def blocks(language):
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
    return [text for name, text in fenced if name == language]


def run(code):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {})
    return printed.getvalue()


def test_the_example_prints_what_stands_below_it():
    (example,), (output,) = blocks("python"), blocks("")
    assert run(example) == output


def test_the_quoted_diagnosis_is_what_check_answers():
    def layer(x, W, b):
        out, pullback = ops.affine(x, W, b)
        return out, lambda dout: (*pullback(dout)[:2], dout.mean(axis=0))

    (quoted,) = re.findall(r"`(db: [^`]+)`", README)
    with pytest.raises(GradientError) as caught:
        check(layer, "N D, D M, M", rng=np.random.default_rng(0))
    assert one_line(quoted) in one_line(str(caught.value))


def one_line(text):
    return " ".join(text.split())


def test_it_is_short():
    assert len(README.splitlines()) < 120


@pytest.mark.parametrize("target", re.findall(r"\]\((?!https:)([^)]+)\)", README))
def test_every_link_into_the_repository_leads_to_a_file(target):
    assert (REPOSITORY / target).is_file()


def test_every_chapter_that_exists_is_linked_and_no_other():
    linked = set(re.findall(r"\(chapters/([^)]+)\)", README))
    assert linked == {path.name for path in (REPOSITORY / "chapters").glob("[0-9]*.ipynb")}


def test_both_commands_are_one_line_each():
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    assert sum(line.endswith("-m dlscratch") for line in lines) == 1
    assert sum(line.endswith("-m pytest") for line in lines) == 1
