"""`python -m dlscratch`: where it looks, what it starts, and what it says when something is wrong."""

import importlib
import os
import shutil
import socket
import subprocess
import sys
import types
from pathlib import Path

import pytest
from lab import free_port

import dlscratch
from dlscratch.__main__ import main
from dlscratch.launch import chapters, install, lab, ports

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture
def started(monkeypatch):
    """The flags JupyterLab was started with; nothing is started."""
    flags = []
    app = types.SimpleNamespace(launch_instance=flags.extend)
    monkeypatch.setitem(sys.modules, "jupyterlab.labapp", types.SimpleNamespace(LabApp=app))
    monkeypatch.setattr(lab, "leave", lambda code: None)
    for name in lab.lab_environment():
        monkeypatch.setenv(name, os.environ.get(name, ""))  # put back afterwards what open_course changes
    return flags


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A current folder with two chapters, for a package that has none beside it."""
    (tmp_path / "chapters").mkdir()
    for name in ("00-start-here", "07-optimizers"):
        (tmp_path / "chapters" / f"{name}.ipynb").write_text("{}")
    monkeypatch.setattr(chapters, "PACKAGE", tmp_path / "site-packages" / "dlscratch")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def taken():
    """A port that another program listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


# what is opened


def test_without_arguments_chapter_00_opens_with_the_course_as_root(started, folder):
    main(["--no-browser"])
    assert f"--ServerApp.root_dir={folder}" in started
    assert "--LabApp.default_url=/lab/tree/chapters/00-start-here.ipynb" in started
    assert "--no-browser" in started


@pytest.mark.parametrize("number", ["07", "7"])
def test_a_number_opens_that_chapter(started, folder, number):
    main([number])
    assert "--LabApp.default_url=/lab/tree/chapters/07-optimizers.ipynb" in started
    assert "--no-browser" not in started


def test_programs_of_this_python_come_first_on_the_path(started, folder):
    main([])
    assert os.environ["PATH"].split(os.pathsep)[0] == os.path.dirname(sys.executable)


def test_an_unknown_chapter_is_answered_with_the_list(started, folder):
    with pytest.raises(SystemExit, match=r"Chapter '42' is not written(.|\n)*00-start-here\n *07-optimizers"):
        main(["42"])
    assert started == []


def test_the_chapters_of_this_repository_are_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert chapters.course_folder() == REPOSITORY


def test_chapters_are_found_from_a_folder_below(folder, monkeypatch):
    monkeypatch.chdir(folder / "chapters")
    assert chapters.course_folder() == folder


def test_without_chapters_it_says_where_they_are(tmp_path):
    """As installed from a wheel: the package alone, in another folder."""
    shutil.copytree(Path(dlscratch.__file__).parent, tmp_path / "site" / "dlscratch")
    env = os.environ | {"PYTHONPATH": str(tmp_path / "site")}
    run = [sys.executable, "-m", "dlscratch"]
    result = subprocess.run(run, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert str(tmp_path / "site" / "dlscratch") in result.stderr
    assert "dlscratch repository" in result.stderr
    assert "Traceback" not in result.stderr


def test_without_jupyterlab_it_says_how_to_install_it(started, folder, monkeypatch):
    monkeypatch.setattr(lab.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="JupyterLab is not installed.*pip install -r requirements.txt"):
        main([])
    assert started == []


def test_without_both_the_chapters_come_first(folder, monkeypatch):
    """The repository has the list of what to install."""
    monkeypatch.setattr(lab.importlib.util, "find_spec", lambda name: None)
    (folder / chapters.FIRST).unlink()
    with pytest.raises(SystemExit, match="The chapters are not here"):
        main([])


def test_opening_the_course_loads_no_jupyter_before_it_is_needed():
    program = "import sys, dlscratch.__main__; print([m for m in sys.modules if m.startswith('jupyter')])"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"


# how it ends

ENDINGS = {
    "by itself": ("pass", 0),
    "with an exit code": ("sys.exit(3)", 3),
    "by Ctrl-C before the server is there": ("raise KeyboardInterrupt", 130),
    "with a thread that waits for ever": ("threading.Thread(target=threading.Event().wait).start()", 0),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_it_ends_with_jupyterlab_and_quietly(folder, ending):
    what, code = ENDINGS[ending]
    (folder / "jupyterlab").mkdir()
    (folder / "jupyterlab" / "__init__.py").touch()
    program = f"import sys, threading\nclass LabApp:\n    def launch_instance(flags):\n        {what}\n"
    (folder / "jupyterlab" / "labapp.py").write_text(program)
    env = os.environ | {"PYTHONPATH": str(folder)}
    run = [sys.executable, "-m", "dlscratch", "--no-browser"]
    result = subprocess.run(run, env=env, capture_output=True, text=True, timeout=30, check=False)
    assert (result.returncode, result.stderr) == (code, "")
    assert result.stdout == "Opening chapters/00-start-here.ipynb in JupyterLab.  Ctrl-C here ends it.\n"


# ports


def test_a_free_port_that_was_asked_for_is_used(started, folder):
    port = free_port()
    main(["--port", str(port)])
    assert f"--ServerApp.port={port}" in started


def test_a_taken_port_that_was_asked_for_is_an_error(started, folder, taken):
    with pytest.raises(SystemExit, match=f"Port {taken} is taken.*another with --port"):
        main(["--port", str(taken)])
    assert started == []


def test_without_a_wish_a_taken_port_is_passed_over(monkeypatch, taken):
    monkeypatch.setattr(ports, "FIRST", taken)
    assert ports.choose() > taken


def test_no_free_port_at_all_is_an_error(monkeypatch, taken):
    monkeypatch.setattr(ports, "FIRST", taken)
    monkeypatch.setattr(ports, "TRIES", 1)
    with pytest.raises(SystemExit, match=f"No free port between {taken} and {taken}.*--port"):
        ports.choose()


@pytest.mark.parametrize("text", ["eighty", "0", "65536", "8e3", "²"])
def test_what_is_no_port_is_refused(text, capsys):
    with pytest.raises(SystemExit):
        main(["--port", text])
    assert "not a port" in capsys.readouterr().err


# the README's first command: making .venv


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """The commands that install.py would run, in a repository of its own; nothing is run."""
    for name in ("requirements.txt", "pyproject.toml"):
        (tmp_path / name).write_text("")
    ran = []

    def run(*command):
        ran.append(" ".join(map(str, command[1:3])))
        install.PYTHON.parent.mkdir(parents=True, exist_ok=True)
        install.PYTHON.touch()

    monkeypatch.setattr(install, "REPOSITORY", tmp_path)
    monkeypatch.setattr(install, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(install, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(install, "STAMP", tmp_path / ".venv" / "installed.json")
    monkeypatch.setattr(install, "run", run)
    return ran


def test_the_first_run_makes_an_environment_and_installs(commands, capsys):
    install.main([])
    assert commands == ["-m venv", "-m pip"]
    assert "once" in capsys.readouterr().out


def test_the_second_run_does_nothing(commands):
    install.main([])
    install.main([])
    assert commands == ["-m venv", "-m pip"]


def test_the_tests_need_more_and_the_course_then_no_less(commands):
    for argv in ([], ["test"], [], ["test"]):
        install.main(argv)
    assert commands == ["-m venv", "-m pip", "-m pip"]


def test_changed_requirements_are_installed(commands, tmp_path):
    install.main([])
    (tmp_path / "requirements.txt").write_text("numpy>=3")
    install.main([])
    assert commands == ["-m venv", "-m pip", "-m pip"]


def test_in_a_moved_folder_the_environment_is_made_anew(commands, tmp_path, monkeypatch):
    install.main([])
    monkeypatch.setattr(install, "REPOSITORY", tmp_path / ".." / tmp_path.name)
    install.main([])
    assert commands == ["-m venv", "-m pip"] * 2


def test_an_interrupted_installation_is_done_again(commands, monkeypatch):
    def interrupt(*command):
        raise KeyboardInterrupt

    install.main([])
    (install.REPOSITORY / "requirements.txt").write_text("numpy>=3")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(install, "run", interrupt)
        install.main([])
    (install.REPOSITORY / "requirements.txt").write_text("")  # as it was at the last whole installation
    install.main([])
    assert commands == ["-m venv", "-m pip", "-m pip"]


@pytest.mark.parametrize("version", [(3, 8, 1), (3, 10, 14)])
def test_an_old_python_is_refused(version):
    with pytest.raises(SystemExit, match=f"3.11 or newer; this is Python 3.{version[1]}"):
        install.refuse_old_python(version)


def test_a_python_without_venv_says_what_to_install(commands, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="sudo apt install python3-venv"):
        install.main([])
