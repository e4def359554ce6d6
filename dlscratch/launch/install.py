"""Make the virtual environment .venv and install the course into it; when that is done already, do nothing.

    python3 dlscratch/launch/install.py          what learners need
    python3 dlscratch/launch/install.py test     and what the tests need

Runs before anything is installed: the standard library alone, and a syntax that older Pythons can read.
"""

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
VENV = REPOSITORY / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "installed.json"  # written at the end, so that a broken installation is done again
OLDEST = (3, 11)


def main(argv):
    refuse_old_python(sys.version_info)
    if argv not in ([], ["test"]):
        sys.exit(__doc__)
    done, wanted = read_stamp(), {"extent": "test" if argv == ["test"] else "course", "files": digest()}
    moved = done and done["folder"] != str(REPOSITORY)  # the programs in .venv hold the folder's name
    if covers(done, wanted) and not moved and PYTHON.exists():
        return
    if moved or not PYTHON.exists():
        make_environment()
    print("Installing the course into .venv: about 500 MB, a minute or two, once.", flush=True)
    STAMP.unlink(missing_ok=True)
    run(PYTHON, "-m", "pip", "install", "--disable-pip-version-check", *requirements(wanted["extent"]))
    STAMP.write_text(json.dumps(dict(wanted, folder=str(REPOSITORY))))


def read_stamp():
    try:
        return json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return None


def covers(done, wanted):
    """Whether the last installation came from these very files and left nothing out."""
    return bool(done) and done["files"] == wanted["files"] and done["extent"] in (wanted["extent"], "test")


def digest():
    """Changes whenever a list of packages changes."""
    lists = [REPOSITORY.joinpath(name).read_bytes() for name in ("requirements.txt", "pyproject.toml")]
    return hashlib.sha256(b"".join(lists)).hexdigest()


def refuse_old_python(version):
    if version[:2] < OLDEST:
        sys.exit(
            "The course needs Python 3.11 or newer; this is Python {}.{}.  Run the command with a newer one, "
            "for instance python3.13 in the place of python3.".format(*version[:2])
        )


def make_environment():
    if importlib.util.find_spec("ensurepip") is None:
        sys.exit(
            "This Python cannot make a virtual environment.  On Debian and Ubuntu, first run "
            "sudo apt install python3-venv, then this command again."
        )
    run(sys.executable, "-m", "venv", "--clear", VENV)


def requirements(wanted):
    return ["-r", "requirements.txt"] + (["-e", ".[test]"] if wanted == "test" else [])


def run(*command):
    """Run in the repository; if it fails, end with its exit code: what it printed says why."""
    code = subprocess.call([str(word) for word in command], cwd=str(REPOSITORY))
    if code:
        sys.exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
