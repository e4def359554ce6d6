"""Settings and fixtures for all tests."""

import os
import shutil
import sys
from pathlib import Path

import hypothesis
import pytest
from lab import browser_page, lab_server
from notebooks import KERNELS

REPOSITORY = Path(__file__).resolve().parents[1]

os.environ |= KERNELS  # reaches the kernels of nbval, which `-W error` does not

hypothesis.settings.register_profile("course", database=None, deadline=None)  # leaves no files behind
hypothesis.settings.load_profile("course")


@pytest.fixture(scope="session")
def course(tmp_path_factory):
    """A copy of the chapters that a test may run and save."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copytree(REPOSITORY / "chapters", folder / "chapters")
    return folder


@pytest.fixture(scope="session")
def lab(course):
    """JupyterLab on the copied chapters."""
    with lab_server(course) as server:
        yield server


@pytest.fixture(scope="module")
def sandbox():
    """The grader's sandbox, where this machine can make one; without it nothing can be graded."""
    sys.path.insert(0, str(REPOSITORY))
    try:
        from exercises.grade import sandbox

        sandbox.require()
        yield sandbox
    except sandbox.NoSandbox as error:
        pytest.skip(f"missing part: {error}")
    finally:
        sys.path.remove(str(REPOSITORY))


@pytest.fixture
def page():
    """A page in a fresh browser."""
    with browser_page(viewport={"width": 1280, "height": 900}) as page:
        yield page


@pytest.hookimpl(tryfirst=True)  # before pytest looks at the marks
def pytest_collection_modifyitems(items):
    """What takes seconds an exercise is run for one exercise at once, and for the others with the slow tests."""
    for item in items:
        chosen = item.callspec.params.get("assignment") if hasattr(item, "callspec") else None
        if chosen and "graded" in getattr(item, "fixturenames", ()) and not chosen.startswith("00"):
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport():
    """Under DLSCRATCH_CI=1 a test skipped because a part of the machine is missing has failed."""
    outcome = yield
    fail_if_part_is_missing(outcome.get_result())


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report():
    outcome = yield
    fail_if_part_is_missing(outcome.get_result())


def fail_if_part_is_missing(report):
    """`pytest.skip("missing part: chromium")` is how a test says so; importorskip has its own words."""
    if os.environ.get("DLSCRATCH_CI") != "1" or not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = str(report.longrepr[-1]) if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if "missing part" in reason or "could not import" in reason:
        report.outcome, report.longrepr = "failed", f"{reason} (and DLSCRATCH_CI=1 asks for every part)"
