"""Open JupyterLab on a chapter, with the course's folder as its root."""

import importlib.util
import os
import sys
import sysconfig
from pathlib import Path

from . import ports
from .chapters import find_chapter, find_course

CONFIG = Path(__file__).parent / "jupyter"  # turns the news popup off: JupyterLab has no flag for that

OFFLINE = (  # JupyterLab asks no other host for news, updates or extensions
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
)


def open_course(chapter="00", *, port=None, browser=True):
    """Serve the course, opened at a chapter, until Ctrl-C."""
    course = find_course()
    open_notebook(course, find_chapter(course, chapter), port=port, browser=browser)


def open_notebook(course, notebook, *, port=None, browser=True):
    """Serve the course, opened at a notebook (its path below the course's folder), until Ctrl-C."""
    require_jupyterlab()
    flags = lab_flags(course, notebook, ports.choose(port), browser)
    os.environ |= lab_environment()
    print(f"Opening {notebook.as_posix()} in JupyterLab.  Ctrl-C here ends it.", flush=True)
    leave(serve(flags))


def serve(flags):
    """Run JupyterLab until it ends; its exit code."""
    try:
        from jupyterlab.labapp import LabApp

        LabApp.launch_instance(flags)
    except KeyboardInterrupt:  # Ctrl-C before the server was there
        return 130
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def leave(code):
    """End at once: when the server has ended, an idle thread of it may be left, and Python would wait for ever."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def require_jupyterlab():
    if importlib.util.find_spec("jupyterlab") is None:
        raise SystemExit(
            "JupyterLab is not installed for this Python.  In the dlscratch repository: "
            "python -m pip install -r requirements.txt"
        )


def lab_flags(course, notebook, port, browser):
    flags = [
        f"--ServerApp.root_dir={course}",
        f"--LabApp.default_url=/lab/tree/{notebook.as_posix()}",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--ServerApp.answer_yes=True",  # Ctrl-C ends the server without a question
        "--Application.log_level=ERROR",
        *OFFLINE,
    ]
    if not browser:
        flags.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        flags.append("--allow-root")  # a container's only user is root
    return flags


def lab_environment():
    """What differs from the shell's environment: this Python's programs come first, so does its kernel."""
    return {
        "PATH": joined(sysconfig.get_path("scripts"), "PATH"),  # nbgrader calls `alembic` by name
        "JUPYTER_CONFIG_PATH": joined(CONFIG, "JUPYTER_CONFIG_PATH"),
        "JUPYTER_PREFER_ENV_PATH": os.environ.get("JUPYTER_PREFER_ENV_PATH", "1"),
    }


def joined(first, variable):
    """`first`, then what the variable holds already, as a search path."""
    return os.pathsep.join(filter(None, [str(first), os.environ.get(variable)]))
