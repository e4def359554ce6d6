"""A real JupyterLab in a real browser.

    with lab_server(folder) as server, browser_page() as page:
        errors = console_errors(page)
        open_notebook(page, server, "chapters/00-start-here.ipynb")
        run_all(page)
        assert output_errors(page) == [] and errors == []

The server keeps its settings, sessions and logs in a folder of its own and never sees the user's.  JupyterLab
saves notebooks by itself, so `folder` is a copy, never the repository.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from dlscratch.launch.lab import OFFLINE, lab_environment

CHROMIUM_FLAGS = [
    *("--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
PATIENCE = 60  # seconds; a busy machine is slow, not wrong


@dataclass
class Server:
    url: str  # http://127.0.0.1:port
    token: str
    root: Path

    def page_url(self, path):
        """The address that opens `path` alone, whatever was open before."""
        return f"{self.url}/lab/tree/{path}?reset&token={self.token}"


@contextmanager
def lab_server(root, *options):
    """JupyterLab with `root` as its folder, on a free port.  options: more flags for JupyterLab."""
    port, token = free_port(), "for-tests-only"
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", *options]
    command += [f"--ServerApp.root_dir={root}", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    command += ["--ServerApp.ip=127.0.0.1", f"--IdentityProvider.token={token}"]
    command += ["--LabApp.expose_app_in_browser=True", *OFFLINE]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as private:
        log = Path(private, "server.log")
        with log.open("w") as sink:
            env = private_jupyter(private)
            process = subprocess.Popen(command, env=env, stdout=sink, stderr=sink)
        try:
            server = Server(f"http://127.0.0.1:{port}", token, Path(root))
            wait_until_up(server, process, log)
            yield server
        finally:
            stop(process)


def private_jupyter(folder):
    """The environment with every Jupyter folder below `folder`: nothing of the user's is read or written."""
    own = {
        "JUPYTER_CONFIG_DIR": f"{folder}/config",
        "JUPYTER_DATA_DIR": f"{folder}/data",
        "JUPYTER_RUNTIME_DIR": f"{folder}/runtime",
        "JUPYTERLAB_SETTINGS_DIR": f"{folder}/settings",
        "JUPYTERLAB_WORKSPACES_DIR": f"{folder}/workspaces",
        "IPYTHONDIR": f"{folder}/ipython",
    }
    env = os.environ | lab_environment() | own
    env.pop("PYTHONWARNINGS", None)  # as on a learner's machine
    return env


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_up(server, process, log):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{server.url}/api/status?token={server.token}", timeout=5).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"JupyterLab does not answer on {server.url}:\n{log.read_text()}")


def stop(process):
    """Ask the server to end, so that it ends its kernels; insist if it does not."""
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def browser_page(**options):
    """A page in a fresh headless Chromium.  options: those of Playwright's new_page, such as viewport=."""
    playwright = pytest.importorskip("playwright.sync_api", reason="missing part: playwright")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS, chromium_sandbox=False)
        page = browser.new_page(**options)
        page.set_default_timeout(PATIENCE * 1000)
        yield page
        browser.close()


def chromium():
    """The browser's path: $DLSCRATCH_CHROMIUM, or the system's own."""
    names = "chromium", "chromium-browser", "google-chrome"
    found = os.environ.get("DLSCRATCH_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    return found or pytest.skip("missing part: chromium")


def open_notebook(page, server, path):
    """Open a notebook and wait until its kernel can take work: a Run All before that is silently lost."""
    if not (server.root / path).is_file():
        raise FileNotFoundError(f"open_notebook: {path} is not in {server.root}, the folder of this server")
    page.goto(server.page_url(path))
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell")
    page.wait_for_function(KERNEL_IS_IDLE)


def run_all(page, *, timeout=300):
    """Run All, and wait for the last cell, or for an error that stops the others.  timeout: seconds."""
    page.evaluate(RUN_ALL)
    page.wait_for_function("window.ranAll === true", timeout=timeout * 1000)
    page.wait_for_function(EVERY_CELL_HAS_RUN, timeout=timeout * 1000)  # what the command promises can come too early
    page.wait_for_function(KERNEL_IS_IDLE)


def live_widgets(page):
    """All widgets with a picture, once each of them stands on the page: outputs are rendered some time after a run."""
    wanted = page.evaluate(WIDGETS_IN_OUTPUTS)
    page.wait_for_function(f"document.querySelectorAll('{WIDGET}').length === {wanted}")
    return page.locator(WIDGET).all()


def output_errors(page):
    """What the cells raised, except cells tagged raises-exception: ["NameError: ...", ...]."""
    return page.evaluate(OUTPUT_ERRORS)


def console_errors(page):
    """A list that fills with the page's errors from now on."""
    found = []
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("console", lambda message: message.type == "error" and found.append(message.text))
    return found


def outside_requests(page, server):
    """A list that fills with requests to any other host from now on."""
    found, home = [], (server.url, server.url.replace("http", "ws", 1), "data:", "blob:")
    page.on("request", lambda request: request.url.startswith(home) or found.append(request.url))
    page.on("websocket", lambda socket: socket.url.startswith(home) or found.append(socket.url))
    return found


WIDGET = ".jp-OutputArea .widget-hbox:has(> .widget-image)"

WIDGETS_IN_OUTPUTS = """() => [...window.jupyterapp.shell.currentWidget.context.model.cells]
    .filter(cell => cell.type === 'code')
    .flatMap(cell => cell.outputs.toJSON())
    .filter(output => output.data?.['application/vnd.jupyter.widget-view+json'] && output.data['image/png'])
    .length"""

KERNEL_IS_IDLE = """() => {
    const kernel = window.jupyterapp?.shell.currentWidget?.context?.sessionContext?.session?.kernel;
    return kernel?.connectionStatus === 'connected' && kernel?.status === 'idle';
}"""

RUN_ALL = """() => {
    window.ranAll = false;
    const run = window.jupyterapp.commands.execute('notebook:run-all-cells');
    void run.finally(() => { window.ranAll = true; });
}"""

EVERY_CELL_HAS_RUN = """() => {
    const cells = [...window.jupyterapp.shell.currentWidget.context.model.cells].filter(cell => cell.type === 'code');
    const ran = cell => cell.executionCount !== null && cell.executionState !== 'running';
    const stopped = cell => !(cell.getMetadata('tags') ?? []).includes('raises-exception')
        && cell.outputs.toJSON().some(output => output.output_type === 'error');
    return cells.some(stopped) || cells.every(cell => !cell.sharedModel.getSource().trim() || ran(cell));
}"""

OUTPUT_ERRORS = """() => [...window.jupyterapp.shell.currentWidget.context.model.cells]
    .filter(cell => cell.type === 'code' && !(cell.getMetadata('tags') ?? []).includes('raises-exception'))
    .flatMap(cell => cell.outputs.toJSON())
    .filter(output => output.output_type === 'error')
    .map(output => `${output.ename}: ${output.evalue}`)"""
