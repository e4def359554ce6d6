"""Execute the chapters and store what they print, in a form that is the same after every run.

    python tests/notebooks.py [NAME ...]            execute and write
    python tests/notebooks.py --check [NAME ...]    execute a copy; name the stale chapters, exit 1 if there are any

NAME is a chapter's number (00), its file name or its path; without one, all chapters.

Kept: source, cell ids, tags, outputs, execution counts. Dropped, since they differ from run to run or from machine
to machine: times, ids and states of widgets, other metadata. A stale chapter is one whose code has changed since
it was executed, or that prints something else today. Pictures are not compared: their pixels depend on versions.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

REPOSITORY = Path(__file__).resolve().parents[1]
CHAPTERS = REPOSITORY / "chapters"
KERNEL = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
WIDGET = "application/vnd.jupyter.widget-view+json"
# Warnings are errors, except one that a kernel of Python 3.12 or 3.13 gives at its start.
STRICT = "error,ignore:There is no current event loop:DeprecationWarning"
KERNELS = {"PYTHONWARNINGS": STRICT, "OPENBLAS_NUM_THREADS": "1"}  # threads that wait for work cost more than they do


def main(argv):
    parser = argparse.ArgumentParser(description="Execute the chapters, or say which ones are stale.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a chapter is stale")
    parser.add_argument("names", nargs="*", metavar="NAME", help="00, a file name or a path; all unless given")
    options = parser.parse_args(argv)
    paths = find(options.names)
    return check(paths) if options.check else execute(paths)


def execute(paths):
    for path in paths:
        write(executed(read(path), path.parent), path)
        print(f"{path.name}: executed")
    return 0


def check(paths):
    reasons = {path.name: stale(path) for path in paths}
    for name, reason in reasons.items():
        print(f"{name}: {'STALE, ' + reason if reason else 'up to date'}")
    return 1 if any(reasons.values()) else 0


def stale(path):
    """Why the stored outputs are not those of the stored code, or None."""
    stored = read(path)
    if changed_since_executed(stored):
        return "its code has changed since it was executed"
    fresh = executed(read(path), path.parent)
    for old, new in zip(stored.cells, fresh.cells, strict=True):
        if words(old) != words(new):
            return f"cell {old.id} prints something else today"
    return None


def executed(notebook, folder):
    """The notebook with fresh outputs, normalised; an error in a cell without the tag raises-exception is raised."""
    with tempfile.TemporaryDirectory() as profile:  # not the user's own IPython settings
        env = os.environ | KERNELS | {"IPYTHONDIR": profile}
        place = {"metadata": {"path": str(folder)}}
        client = NotebookClient(notebook, record_timing=False, coalesce_streams=True, timeout=600, resources=place)
        client.execute(env=env, stderr=subprocess.DEVNULL)  # the kernel's own log
    notebook.metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    notebook.metadata["executed_source"] = source_hash(notebook)
    for cell in notebook.cells:
        normalise(cell)
    return notebook


def normalise(cell):
    cell.metadata = {key: cell.metadata[key] for key in ("tags",) if key in cell.metadata}
    for output in cell.get("outputs", ()):
        output.get("data", {}).pop(WIDGET, None)
        if "traceback" in output:
            output.traceback = [relative(line) for line in output.traceback]


def relative(text):
    """Paths as seen from the repository; IPython writes ~ for the home folder."""
    root = str(REPOSITORY) + os.sep
    return text.replace(root, "").replace(root.replace(str(Path.home()), "~", 1), "")


def words(cell):
    """What a cell prints, without pictures."""
    return [
        {key: value for key, value in output.get("data", output).items() if key not in ("image/png", "traceback")}
        for output in cell.get("outputs", ())
    ]


def changed_since_executed(notebook):
    return notebook.metadata.get("executed_source") != source_hash(notebook)


def source_hash(notebook):
    code = "\0".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    return hashlib.sha256(code.encode()).hexdigest()


def read(path):
    return nbformat.read(path, as_version=4)


def write(notebook, path):
    nbformat.validate(notebook)
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        nbformat.write(notebook, file)


def find(names):
    """The chapters with these names, in order."""
    every = sorted(CHAPTERS.glob("*.ipynb"))
    for name in names:
        if not any(matches(path, name) for path in every):
            sys.exit(f"no chapter {name!r}; there are: {', '.join(path.name for path in every)}")
    return [path for path in every if not names or any(matches(path, name) for name in names)]


def matches(path, name):
    return name == path.name[:2] or Path(name).name in (path.name, path.stem)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
