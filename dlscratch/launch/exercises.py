"""The exercises: released notebooks, and a learner's own copies of them in the folder work/.

Git ignores work/, and nothing here writes into a notebook that is there already.
"""

import os
import shutil
from pathlib import Path

from .chapters import find_course

RELEASE = Path("exercises", "release")


def start(number, *, port=None, browser=True):
    """Copy exercise `number` into work/ unless it is there, and open the copy."""
    from .lab import open_notebook

    course = find_course()
    release = find_release(course, number)
    copy = work_copy(course, release)
    print(taken_up(course, release, copy), flush=True)
    if "JUPYTER_SERVER_ROOT" in os.environ:  # a terminal inside JupyterLab: one JupyterLab is enough
        print("Open it in the file browser on the left.")
        return
    open_notebook(course, copy.relative_to(course), port=port, browser=browser)


def taken_up(course, release, copy):
    """Make the copy if there is none; one sentence says what has happened."""
    name = copy.relative_to(course).as_posix()
    if copy.exists():
        return f"{name} is there already, with your work in it: nothing was copied.  To begin anew, rename it first."
    copy.parent.mkdir(exist_ok=True)
    shutil.copyfile(release, copy)
    return f"{name} is your copy now.  Updates of the course never touch it."


def work_copy(course, release):
    """Where the learner's copy of a released notebook is, or will be."""
    return course / "work" / release.name


def releases(course):
    """The released notebooks in order."""
    return sorted(course.glob(f"{RELEASE.as_posix()}/[0-9][0-9]-*/[0-9][0-9]-*.ipynb"))


def find_release(course, number):
    """The release of exercise "04" (or "4")."""
    found = {path.name[:2]: path for path in releases(course)}
    if (release := found.get(number.zfill(2))) is None:
        listing = "\n".join(f"    {path.stem}" for path in found.values())
        raise SystemExit(f"There is no exercise {number!r}.  These are here:\n{listing}")
    return release
