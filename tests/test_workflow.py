"""What the server runs, and what it leaves out, is written down truly."""

import re
from pathlib import Path

TESTS = Path(__file__).parent
WORKFLOW = (TESTS.parent / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")


def test_the_workflow_names_every_file_of_browser_tests_and_no_other():
    named = set(re.findall(r"--ignore=tests/(\S+)", WORKFLOW))
    files = {path.name: path.read_text(encoding="utf-8") for path in TESTS.glob("test_*.py")}
    whole_file = re.compile(r"^pytestmark = .*pytest\.mark\.slow", re.MULTILINE)
    assert named == {name for name, text in files.items() if whole_file.search(text)}


def test_the_workflow_tries_every_python_that_the_package_promises():
    assert re.findall(r"python: (\[.*\])", WORKFLOW) == ['["3.11", "3.12", "3.13", "3.14"]'] * 2
