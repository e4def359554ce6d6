"""The course as a learner opens it: `python -m dlscratch`, a real server, a real browser."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lab import PATIENCE, Server, free_port, outside_requests, private_jupyter, stop

pytestmark = pytest.mark.slow
REPOSITORY = Path(__file__).resolve().parents[1]
LOCAL = {"None", "localhost", "127.0.0.1", "::1"}

SPY = """\
import sys

def spy(event, arguments):
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    with open({log!r}, "a") as log:
        print(host, file=log)

sys.addaudithook(spy)
"""


@pytest.fixture(scope="module", params=["none", "true"], ids=["new user", "user who once asked for news"])
def opened(tmp_path_factory, request):
    """`python -m dlscratch` in a copy of the course; every Python in it notes the hosts it speaks to."""
    folder = tmp_path_factory.mktemp("opened")
    for part in ("dlscratch", "chapters"):
        shutil.copytree(REPOSITORY / part, folder / "course" / part)
    set_news(folder / "jupyter", request.param)
    (folder / "sitecustomize.py").write_text(SPY.format(log=str(folder / "hosts.txt")))
    env = private_jupyter(folder / "jupyter") | {"PYTHONPATH": str(folder)}
    port = free_port()
    command = [sys.executable, "-m", "dlscratch", "--no-browser", "--port", str(port)]
    with open(folder / "printed.txt", "w") as log:
        process = subprocess.Popen(command, cwd=folder / "course", env=env, stdout=log, stderr=log)
    try:
        yield Server(f"http://127.0.0.1:{port}", "", folder / "course"), process, folder
    finally:
        stop(process)


def set_news(jupyter, wish):
    """The user's own JupyterLab setting; "none", the default, is what makes the popup ask."""
    settings = jupyter / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(json.dumps({"fetchNews": wish}))


def address(folder):
    """The address that was printed for the learner, once it is there."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = re.search(r"http://127\S+", (folder / "printed.txt").read_text())
        if found:
            return found.group()
        time.sleep(0.1)
    raise TimeoutError((folder / "printed.txt").read_text())


def test_chapter_00_opens_with_its_kernel_and_nothing_else(opened, page):
    server, _, folder = opened
    outside = outside_requests(page, server)
    page.goto(address(folder))
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell")
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='idle']")
    page.wait_for_timeout(5000)  # time enough for a popup or a late request
    assert page.locator(".lm-TabBar-tabLabel", has_text="00-start-here.ipynb").is_visible()
    assert page.locator(".jp-BreadCrumbs-item", has_text="chapters").is_visible()  # the root lies above it
    assert page.locator(".Toastify__toast, .jp-Dialog").count() == 0
    assert outside == []


def test_no_python_of_it_speaks_to_another_host(opened):
    hosts = set((opened[2] / "hosts.txt").read_text().split())
    assert hosts
    assert hosts <= LOCAL


def test_opening_writes_nothing_beside_the_chapters(opened):
    made = {p.name for p in (opened[2] / "course").rglob("*") if p.is_file() and p.suffix != ".pyc"}
    kept = {p.name for part in ("dlscratch", "chapters") for p in (REPOSITORY / part).rglob("*")}
    assert {name for name in made - kept if "-checkpoint" not in name} == set()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send to another process")
def test_ctrl_c_ends_it_quietly(opened):
    _, process, folder = opened
    before = printed(folder)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=PATIENCE) == 0
    assert "Traceback" not in (folder / "printed.txt").read_text()
    assert printed(folder) == before


def printed(folder):
    """Without what kernels say: one that was about to start when the server ended says that it goes, too."""
    lines = (folder / "printed.txt").read_text().splitlines()
    return [line for line in lines if not line.startswith("[IPKernelApp]")]
