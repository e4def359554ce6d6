"""python -m dlscratch doctor: examine this installation and say in plain words what is wrong with it.

Each check yields findings: (OK, NOTE or WRONG, a sentence).  A NOTE is worth knowing and stops nothing.
"""

import importlib
import importlib.metadata
import json
import os
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path

from . import ports
from .chapters import course_folder
from .install import OLDEST
from .lab import lab_environment

OK, NOTE, WRONG = "ok", "note", "WRONG"
INSTALL = f"in the repository's folder, run {sys.executable} -m pip install -r requirements.txt"
ENABLE_LAB = f"{sys.executable} -m jupyter labextension enable"
ENABLE_SERVER = f"{sys.executable} -m jupyter server extension enable"
PACKAGES = "numpy", "matplotlib", "jupyterlab", "ipywidgets", "nbgrader"
LAB_EXTENSIONS = {
    "@jupyter-widgets/jupyterlab-manager": "sliders and other widgets",
    "@jupyter/nbgrader": "the Validate button",
}
SERVER_EXTENSION = "nbgrader.server_extensions.validate_assignment"
KERNEL_PATIENCE = 60  # seconds


def examine():
    """Print every finding; return 1 if anything is wrong, else 0."""
    os.environ |= lab_environment()  # look at what the course will see when it is opened
    wrong = 0
    for check in CHECKS:
        for mark, sentence in findings(check):
            print(f"{mark:>5}  {sentence}", flush=True)
            wrong += mark == WRONG
    healthy = "Nothing is wrong: python -m dlscratch opens the course."
    print(f"\n{wrong} of these must be mended." if wrong else f"\n{healthy}")
    return int(wrong > 0)


def findings(check):
    try:
        yield from check()
    except Exception as error:  # a broken package can raise anything; the other checks still run
        name, problem = check.__name__.replace("_", " "), f"{type(error).__name__}: {error}"
        yield WRONG, f"{name}: this check itself failed with {problem}.  Install again: {INSTALL}"


def python_version():
    version = "{}.{}.{}".format(*sys.version_info)
    if sys.version_info[:2] < OLDEST:
        yield WRONG, f"Python {version} is too old: run the README's command with Python 3.11 or newer."
    else:
        yield OK, f"Python {version} at {sys.executable}"


def virtual_environment():
    if sys.prefix == sys.base_prefix and "CONDA_PREFIX" not in os.environ:
        yield NOTE, "This Python is not in a virtual environment; the README's first command makes one."
    else:
        yield OK, f"virtual environment {sys.prefix}"


def packages():
    for name in PACKAGES:
        try:
            importlib.import_module(name)
            yield OK, f"{name} {importlib.metadata.version(name)}"
        except ModuleNotFoundError as error:
            yield WRONG, f"{name} cannot be imported ({error}): {INSTALL}"
        except ImportError as error:
            yield WRONG, f"{name} is installed but broken ({error}): {INSTALL} --force-reinstall"


def kernel_program():
    """The kernel that notebooks ask for, `python3`, must be this Python and not another environment's."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    from jupyter_client.manager import KernelManager

    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        yield WRONG, f"There is no kernel named python3: {INSTALL}"
        return
    program = KernelManager(kernel_name="python3").format_kernel_cmd()[0]
    if same_program(program, sys.executable):
        yield OK, f"the kernel python3 starts {program}"
    else:
        yield (
            WRONG,
            (
                f"The kernel python3 starts another Python: {program} instead of {sys.executable}.  "
                f"It is described in {spec.resource_dir}: delete that folder, or move it elsewhere."
            ),
        )


def same_program(one, other):
    """Whether two paths name one environment's Python: python, python3 and python3.11 lie side by side."""
    one = shutil.which(one) or one
    return Path(one).parent.resolve() == Path(other).parent.resolve()


def kernel_answers():
    """Start the kernel as a notebook would, and ask it which Python and which dlscratch it has."""
    import dlscratch

    course = course_folder()
    answer = ask_kernel(QUESTION, cwd=str(course / "chapters") if course else tempfile.gettempdir())
    if answer is None:
        yield WRONG, f"The kernel python3 does not answer within {KERNEL_PATIENCE} seconds: {INSTALL}"
    elif "error" in answer:
        yield WRONG, f"The kernel runs, but cannot import dlscratch ({answer['error']}): {INSTALL}"
    elif answer["prefix"] != sys.prefix:
        yield WRONG, f"The kernel runs in {answer['prefix']}, not in {sys.prefix}: see the line above."
    elif answer["file"] != dlscratch.__file__:
        yield WRONG, f"The kernel imports {answer['file']}, not {dlscratch.__file__}: {INSTALL}"
    else:
        yield OK, f"a kernel starts, answers, and imports dlscratch from {Path(answer['file']).parent}"


QUESTION = """\
import json, sys
try:
    import dlscratch
    answer = {"prefix": sys.prefix, "file": dlscratch.__file__}
except Exception as error:
    answer = {"prefix": sys.prefix, "error": f"{type(error).__name__}: {error}"}
print(json.dumps(answer))
"""


def ask_kernel(code, cwd):
    """What the code prints, read as JSON; None if the kernel does not start or does not answer in time."""
    from subprocess import DEVNULL

    from jupyter_client.manager import start_new_kernel

    printed = []
    try:
        manager, client = start_new_kernel(KERNEL_PATIENCE, stdout=DEVNULL, stderr=DEVNULL, cwd=cwd)
    except (RuntimeError, OSError):
        return None
    try:
        client.execute_interactive(code, timeout=KERNEL_PATIENCE, output_hook=printed.append)
    except TimeoutError:
        return None
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    stdout = [m["content"]["text"] for m in printed if m["content"].get("name") == "stdout"]
    return json.loads("".join(stdout))


def lab_extensions():
    from jupyter_core.paths import jupyter_path
    from jupyterlab_server.config import get_federated_extensions, get_static_page_config

    present = get_federated_extensions(jupyter_path("labextensions"))
    disabled = get_static_page_config(level="all").get("disabledExtensions", {})
    for name, gives in LAB_EXTENSIONS.items():
        if name not in present:
            yield WRONG, f"JupyterLab lacks the extension {name} ({gives}): {INSTALL} --force-reinstall"
        elif disabled.get(name):
            yield WRONG, f"JupyterLab's extension {name} ({gives}) is disabled: run {ENABLE_LAB} {name}"
        else:
            yield OK, f"JupyterLab's extension {name} ({gives})"


def server_extension():
    from jupyter_core.paths import jupyter_config_path
    from jupyter_server.services.config.manager import ConfigManager

    config = ConfigManager(read_config_path=jupyter_config_path()).get("jupyter_server_config")
    enabled = config.get("ServerApp", {}).get("jpserver_extensions", {})
    if any(name in ("nbgrader", SERVER_EXTENSION) and on for name, on in enabled.items()):
        yield OK, "nbgrader's server extension is enabled"
    else:
        yield WRONG, f"nbgrader's server extension is not enabled: run {ENABLE_SERVER} {SERVER_EXTENSION}"


def alembic():
    found = shutil.which("alembic")
    if found is None:
        yield WRONG, f"nbgrader needs the program `alembic`, and it is not in {scripts_folder()}: {INSTALL}"
    else:
        yield OK, f"alembic at {found}"


def scripts_folder():
    return sysconfig.get_path("scripts")


def port():
    if ports.is_free(ports.FIRST):
        yield OK, f"port {ports.FIRST} is free"
        return
    try:
        yield NOTE, f"Port {ports.FIRST} is taken by another program; the course will use {ports.choose()}."
    except SystemExit as error:
        yield WRONG, str(error)


def chapters():
    course = course_folder()
    if course is None:
        yield (
            WRONG,
            (
                "The chapters are not beside this installation, nor in the current folder: "
                "go into the folder of the dlscratch repository and run this again."
            ),
        )
    else:
        count = len(list((course / "chapters").glob("[0-9][0-9]-*.ipynb")))
        yield OK, f"{count} chapter{'s' * (count != 1)} in {course / 'chapters'}"


def writable_folder():
    """JupyterLab saves notebooks where they are, and exercises are done in a folder beside the chapters."""
    course = course_folder()
    if course is None:
        return
    try:
        with tempfile.TemporaryFile(dir=course / "chapters"):
            yield OK, f"{course} can be written"
    except OSError as error:
        yield WRONG, f"Nothing can be saved in {course} ({error.strerror}): copy it to a folder of your own."


CHECKS = (
    python_version,
    virtual_environment,
    packages,
    kernel_program,
    kernel_answers,
    lab_extensions,
    server_extension,
    alembic,
    port,
    chapters,
    writable_folder,
)
