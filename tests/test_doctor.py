"""`python -m dlscratch doctor`: every fault it knows, simulated."""

import importlib
import json
import socket
import sys

import pytest

from dlscratch.launch import chapters, doctor, ports
from dlscratch.launch.lab import lab_environment


@pytest.fixture(autouse=True)
def healthy(tmp_path, monkeypatch):
    """A machine where nothing is wrong: Jupyter's user folders are empty, the chapters are here, a port is free."""
    for name, value in lab_environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "course" / "chapters").mkdir(parents=True)
    (tmp_path / "course" / chapters.FIRST).write_text("{}")
    monkeypatch.setattr(chapters, "PACKAGE", tmp_path / "course" / "dlscratch")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setattr(ports, "FIRST", probe.getsockname()[1])


@pytest.fixture
def diagnose(monkeypatch, capsys):
    """Run one check; return the exit code and what was printed."""

    def diagnose(check):
        monkeypatch.setattr(doctor, "CHECKS", [check])
        return doctor.examine(), " ".join(capsys.readouterr().out.split())

    return diagnose


def test_a_healthy_installation_gives_0(capsys):
    assert doctor.examine() == 0
    out = capsys.readouterr().out
    assert "WRONG" not in out
    assert len(out.split("\n")) >= len(doctor.CHECKS)
    assert "Nothing is wrong" in out


def test_one_fault_is_enough_for_1(monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 10, 14))
    assert doctor.examine() == 1
    assert "1 of these must be mended" in capsys.readouterr().out


def test_an_old_python(diagnose, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 14))
    code, said = diagnose(doctor.python_version)
    assert code == 1
    assert "WRONG Python 3.10.14 is too old" in said


def test_no_virtual_environment_is_only_a_note(diagnose, monkeypatch):
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    code, said = diagnose(doctor.virtual_environment)
    assert code == 0
    assert "note This Python is not in a virtual environment" in said


@pytest.mark.parametrize("name", doctor.PACKAGES)
def test_a_missing_package(diagnose, monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)
    code, said = diagnose(doctor.packages)
    assert code == 1
    assert f"WRONG {name} cannot be imported" in said
    assert f"{sys.executable} -m pip install -r requirements.txt" in said


def test_a_broken_package(diagnose, monkeypatch):
    def broken(name):
        raise ImportError("undefined symbol: PyArray")

    monkeypatch.setattr(importlib, "import_module", broken)
    code, said = diagnose(doctor.packages)
    assert code == 1
    assert "WRONG numpy is installed but broken (undefined symbol: PyArray)" in said


def user_kernel(tmp_path, *argv):
    """Describe a kernel named python3 in the user's own folder, and let it win, as it did before Jupyter 5."""
    folder = tmp_path / "data" / "kernels" / "python3"
    folder.mkdir(parents=True)
    spec = {"argv": [*argv, "-m", "ipykernel_launcher", "-f", "{connection_file}"], "display_name": "Python 3"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    return folder


def test_a_kernel_of_another_environment(diagnose, tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    folder = user_kernel(tmp_path, "/opt/other/bin/python3")
    code, said = diagnose(doctor.kernel_program)
    assert code == 1
    assert f"/opt/other/bin/python3 instead of {sys.executable}" in said
    assert f"{folder}: delete that folder" in said


def test_a_user_kernel_that_this_environment_overrules_is_harmless(diagnose, tmp_path):
    user_kernel(tmp_path, "/opt/other/bin/python3")
    assert diagnose(doctor.kernel_program)[0] == 0


def test_no_kernel_at_all(diagnose, monkeypatch):
    from jupyter_client import kernelspec

    def none(self, name):
        raise kernelspec.NoSuchKernel(name)

    monkeypatch.setattr(kernelspec.KernelSpecManager, "get_kernel_spec", none)
    code, said = diagnose(doctor.kernel_program)
    assert code == 1
    assert "WRONG There is no kernel named python3" in said


def test_a_kernel_that_does_not_start(diagnose, tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    user_kernel(tmp_path, "/opt/other/bin/python3")
    code, said = diagnose(doctor.kernel_answers)
    assert code == 1
    assert "WRONG The kernel python3 does not answer" in said


def test_a_kernel_that_dies_at_once(diagnose, tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    user_kernel(tmp_path, sys.executable, "-c", "raise SystemExit(1)")
    code, said = diagnose(doctor.kernel_answers)
    assert code == 1
    assert "WRONG The kernel python3 does not answer" in said


def test_a_kernel_without_dlscratch(diagnose, monkeypatch):
    question = doctor.QUESTION.replace("import dlscratch", "import dlscratch_of_elsewhere")
    monkeypatch.setattr(doctor, "QUESTION", question)
    code, said = diagnose(doctor.kernel_answers)
    assert code == 1
    assert "cannot import dlscratch (ModuleNotFoundError: No module named 'dlscratch_of_elsewhere')" in said


def test_a_kernel_with_another_dlscratch(diagnose, tmp_path, monkeypatch):
    (tmp_path / "elsewhere" / "dlscratch").mkdir(parents=True)
    (tmp_path / "elsewhere" / "dlscratch" / "__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "elsewhere"))
    code, said = diagnose(doctor.kernel_answers)
    assert code == 1
    assert f"WRONG The kernel imports {tmp_path / 'elsewhere' / 'dlscratch' / '__init__.py'}" in said


def test_a_kernel_in_another_prefix(diagnose, monkeypatch):
    monkeypatch.setattr(sys, "prefix", "/opt/other")
    code, said = diagnose(doctor.kernel_answers)
    assert code == 1
    assert "not in /opt/other" in said


@pytest.mark.parametrize("name", doctor.LAB_EXTENSIONS)
def test_a_missing_lab_extension(diagnose, monkeypatch, name):
    from jupyterlab_server import config

    present = {other: {} for other in doctor.LAB_EXTENSIONS if other != name}
    monkeypatch.setattr(config, "get_federated_extensions", lambda path: present)
    code, said = diagnose(doctor.lab_extensions)
    assert code == 1
    assert f"WRONG JupyterLab lacks the extension {name}" in said


@pytest.mark.parametrize("name", doctor.LAB_EXTENSIONS)
def test_a_disabled_lab_extension(diagnose, tmp_path, name):
    settings = tmp_path / "config" / "labconfig" / "page_config.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"disabledExtensions": {name: True}}))
    code, said = diagnose(doctor.lab_extensions)
    assert code == 1
    assert f"{name} " in said
    assert f"is disabled: run {sys.executable} -m jupyter labextension enable {name}" in said


def test_a_disabled_server_extension(diagnose, tmp_path, monkeypatch):
    off = {"ServerApp": {"jpserver_extensions": {doctor.SERVER_EXTENSION: False}}}
    (tmp_path / "jupyter_server_config.json").write_text(json.dumps(off))
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path))
    code, said = diagnose(doctor.server_extension)
    assert code == 1
    assert "WRONG nbgrader's server extension is not enabled" in said


def test_alembic_out_of_reach(diagnose, monkeypatch):
    monkeypatch.setattr(doctor, "lab_environment", lambda: {"PATH": ""})
    code, said = diagnose(doctor.alembic)
    assert code == 1
    assert "WRONG nbgrader needs the program `alembic`" in said


def test_a_taken_port_is_only_a_note_with_the_port_that_will_be_used(diagnose):
    with socket.socket() as other:
        other.bind(("127.0.0.1", ports.FIRST))
        other.listen()
        code, said = diagnose(doctor.port)
    assert code == 0
    assert f"note Port {ports.FIRST} is taken" in said
    assert "the course will use " in said


def test_no_free_port(diagnose, monkeypatch):
    monkeypatch.setattr(ports, "is_free", lambda port: False)
    code, said = diagnose(doctor.port)
    assert code == 1
    assert "WRONG No free port between" in said


def test_no_chapters(diagnose, tmp_path, monkeypatch):
    monkeypatch.setattr(chapters, "PACKAGE", tmp_path / "site-packages" / "dlscratch")
    monkeypatch.chdir(tmp_path)
    code, said = diagnose(doctor.chapters)
    assert code == 1
    assert "WRONG The chapters are not beside this installation" in said


def test_a_folder_that_cannot_be_written(diagnose, tmp_path, monkeypatch):
    def refuse(dir):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(doctor.tempfile, "TemporaryFile", refuse)
    code, said = diagnose(doctor.writable_folder)
    assert code == 1
    assert f"WRONG Nothing can be saved in {tmp_path / 'course'} (Permission denied)" in said


def test_a_check_that_breaks_does_not_stop_the_others(monkeypatch, capsys):
    def broken():
        raise KeyError("jupyter")
        yield

    monkeypatch.setattr(doctor, "CHECKS", [broken, doctor.python_version])
    assert doctor.examine() == 1
    out = capsys.readouterr().out
    assert "broken: this check itself failed with KeyError: 'jupyter'" in out
    assert "ok  Python 3." in out


def test_examining_writes_nothing_into_the_course(tmp_path):
    doctor.examine()
    assert [p for p in (tmp_path / "course").rglob("*") if p.is_file()] == [tmp_path / "course" / chapters.FIRST]
