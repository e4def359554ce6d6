"""Make `release/`, the notebooks without answers and hidden tests, from `source/`.

    python -m exercises.release            # write release/ anew
    python -m exercises.release --check    # write nothing; exit 1 and name what is stale

Both work in a temporary copy of the course: your gradebook is neither needed nor touched.
"""

import argparse
import json
import os
import shutil
import sys
import sysconfig
from pathlib import Path
from tempfile import TemporaryDirectory

COURSE = Path(__file__).parent


def release():
    """Replace release/ by what source/ gives now."""
    files = build()
    shutil.rmtree(COURSE / "release", ignore_errors=True)
    for name, text in files.items():
        path = COURSE / "release" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return sorted(files)


def stale():
    """One sentence for each file in release/ that is not what source/ gives now."""
    return list(differences(build(), read_all(COURSE / "release")))


def differences(fresh, present):
    for name in sorted(fresh.keys() | present.keys()):
        if name not in present:
            yield f"release/{name} is missing"
        elif name not in fresh:
            yield f"release/{name} comes from nothing in source/"
        elif content(name, fresh[name]) != content(name, present[name]):
            yield f"release/{name} is stale: source/{name} has changed since it was made"


def build():
    """{path below release/: text}, made in a temporary copy of the course."""
    with TemporaryDirectory() as folder:
        course = copy_course(folder)
        generate(course)
        return read_all(course / "release")


def copy_course(to):
    """The settings and the sources, without anybody's submissions and grades."""
    course = Path(to, "exercises")
    course.mkdir()
    shutil.copy(COURSE / "nbgrader_config.py", course)
    shutil.copytree(COURSE / "source", course / "source", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    return course


def generate(course):
    """Run `nbgrader generate_assignment --force` for each assignment."""
    nbgrader = open_course(course)
    for name in assignments(course):
        result = nbgrader.generate_assignment(name)
        if not result["success"]:
            raise RuntimeError(f"nbgrader cannot make the release of {name}:\n{result['log']}\n{result['error']}")


def assignments(course=COURSE):
    return sorted(path.name for path in Path(course, "source").iterdir() if path.is_dir())


def open_course(course, settings=None):
    """nbgrader's Python interface, with the settings of that folder."""
    from nbgrader.apps import NbGraderAPI  # takes more than a second to import
    from traitlets.config import PyFileConfigLoader

    find_programs()
    settings = settings or PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
    return NbGraderAPI(config=settings)


def find_programs():
    """nbgrader starts `alembic` by name for a new gradebook; it need not be on the PATH."""
    scripts, path = sysconfig.get_path("scripts"), os.environ["PATH"].split(os.pathsep)
    os.environ["PATH"] = os.pathsep.join([scripts, *[folder for folder in path if folder != scripts]])


def read_all(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file() and ".ipynb_checkpoints" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files}


def content(name, text):
    """What counts: line ends and indentation of a notebook's JSON do not."""
    return json.loads(text) if name.endswith(".ipynb") else text


def main():
    parser = argparse.ArgumentParser(prog="python -m exercises.release", description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 and name what is stale")
    if not parser.parse_args().check:
        print(*[f"release/{name}" for name in release()], sep="\n")
        return
    if problems := stale():
        print(*problems, "Run `python -m exercises.release`, and commit the result.", sep="\n")
        sys.exit(1)
    print("release/ is up to date")


if __name__ == "__main__":
    main()
