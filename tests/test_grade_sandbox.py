"""The sandbox, as a learner's code finds it."""

import json
import os
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.slow

PROBE = """
import ctypes, json, os, socket, threading, urllib.request
import numpy as np

def tried(f, *args):
    try:
        return repr(f(*args))[:200]
    except BaseException as error:
        return type(error).__name__

def written(path):
    with open(path, "w") as file:
        return file.write("x")

def status(name):
    with open("/proc/self/status") as file:
        return next(line.split()[1:] for line in file if line.startswith(name + ":"))

def unshare():
    return ctypes.CDLL(None, use_errno=True).unshare(0x10000000)

def readable(path):
    with open(path) as file:
        return file.read()

def seen():
    return json.dumps({
        "uid": [os.getuid(), os.geteuid(), os.getgid(), *os.getgroups()],
        "capabilities": [status(name) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")],
        "no new privileges": status("NoNewPrivs"),
        "fork": tried(os.fork),
        "thread": tried(threading.Thread(target=int).start),
        "user namespace": tried(unshare),
        "processes": sorted(name for name in os.listdir("/proc") if name.isdigit()),
        "networks": [name for _, name in socket.if_nameindex()],
        "connect": tried(socket.create_connection, ("127.0.0.1", 22), 1),
        "writable": {path: tried(written, path + "/x") for path in ("/", "/usr/lib", "/python/lib", "/site/numpy", "/grader", "/dev", "/proc")},
        "disk": tried(written, "/tmp/x"),
        "environment": sorted(os.environ),
        "root": sorted(os.listdir("/")),
        "packages": sorted(name for name in os.listdir("/site")),
        "hidden": [tried(os.listdir, path) for path in ("/home", "/root", "/etc", "/srv", "/var")],
        "hosts": tried(readable, "/etc/passwd"),
        "host name": os.uname().nodename,
        "descriptors": len(os.listdir("/proc/self/fd")),
    })
"""


@pytest.fixture(scope="module")
def seen(sandbox):
    test = verdict(sandbox, PROBE, "print(seen())", ["seen"])
    assert test["passed"], test["message"]
    return json.loads(test["output"])


def verdict(sandbox, answer, test, names):
    from exercises.grade.package import package_for
    from exercises.grade.verify import verify

    cells = [
        {"id": "setup", "kind": "locked", "source": "import numpy as np", "tags": []},
        {"id": "answer", "kind": "answer", "source": answer, "tags": []},
        {"id": "test", "kind": "test", "source": test, "tags": []},
    ]
    job = {"assignment": "a", "student": "ada", "secret": "s", "names": names, "may_write": None}
    found = verify(job | {"cells": cells, "package": package_for([])}, sandbox.start)
    return found["tests"]["test"] | {"cells": found["cells"]}


def test_it_is_nobody_and_may_nothing(seen):
    assert set(seen["uid"]) == {65534}
    assert {word for words in seen["capabilities"] for word in words} == {"0000000000000000"}
    assert seen["no new privileges"] == ["1"]


def test_it_has_no_children(seen):
    assert seen["fork"] in ("BlockingIOError", "PermissionError")
    assert seen["thread"] == "RuntimeError"
    assert seen["user namespace"] == "-1"


def test_it_sees_no_other_process_and_no_network(seen):
    assert len(seen["processes"]) <= 2
    assert set(seen["networks"]) <= {"lo"}
    assert seen["connect"] in ("ConnectionRefusedError", "OSError", "TimeoutError")
    assert seen["host name"] == "grader"


def test_it_can_write_to_its_own_disk_alone(seen):
    assert set(seen["writable"].values()) <= {"OSError", "PermissionError", "FileNotFoundError"}
    assert seen["disk"] == "1"


def test_it_sees_no_file_of_the_machine(seen):
    assert set(seen["hidden"]) == {"FileNotFoundError"} and seen["hosts"] == "FileNotFoundError"
    assert set(seen["root"]) <= {"dev", "grader", "lib", "lib64", "proc", "python", "site", "tmp", "tools", "usr"}
    assert set(seen["packages"]) == {"numpy", "numpy.libs"}
    assert set(seen["environment"]) <= {"HOME", "LANG", "OPENBLAS_NUM_THREADS", "LD_LIBRARY_PATH", "PWD", "LC_CTYPE"}


@pytest.mark.parametrize(
    "damage",
    [
        "while True: pass",
        "import signal, time\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: time.sleep(60)",
        "kept = []\nwhile True: kept.append(np.ones(1 << 22))",
        "import os\nos._exit(0)",
        "import ctypes\nctypes.string_at(0)",
        "import sys\nsys.setrecursionlimit(10**9)\ndef f(): f()\nf()",
    ],
)
def test_what_does_damage_ends_and_the_other_cells_count(sandbox, damage):
    from exercises.grade.package import package_for
    from exercises.grade.verify import verify

    sources = {"setup": "import numpy as np", "good": "def g():\n    return 2", "bad": damage}
    cells = [{"id": name, "kind": "answer", "source": text, "tags": []} for name, text in sources.items()]
    cells += [{"id": "test", "kind": "test", "source": "assert g() == 2", "tags": []}]
    job = {"assignment": "a", "student": "ada", "secret": "s", "names": ["g"], "may_write": None, "cells": cells}
    found = verify(job | {"package": package_for([])}, sandbox.start)
    assert found["tests"]["test"]["passed"]
    assert found["cells"]["bad"]["error"]


def test_the_disk_is_small_and_output_is_cut(sandbox):
    answer = """
def fill():
    try:
        for i in range(100):
            with open(f"/tmp/{i}", "wb") as file:
                file.write(bytes(1 << 20))
    except OSError:
        return i

def shout():
    print("x" * 10**7)
"""
    assert verdict(sandbox, answer, "assert 30 < fill() < 65", ["fill"])["passed"]
    assert len(verdict(sandbox, answer, "shout()", ["shout"])["output"]) <= 20_000


def test_nothing_outlives_a_grader_that_is_killed(sandbox):
    """Not even code that is busy, and so does not notice that nobody listens any more."""
    with subprocess.Popen(
        sandbox.command([sandbox.python(), "-I", "-S", "-c", BUSY]), stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"begun\n"
        child = sandbox.last_child(process.pid)
        assert child != process.pid
        process.kill()
    wait_for(lambda: not os.path.exists(f"/proc/{child}"), False)


BUSY = "print('begun', flush=True)\nwhile True: pass"


def wait_for(look, unlike):
    import time

    for _ in range(500):
        if (found := look()) != unlike:
            return found
        time.sleep(0.01)
    raise AssertionError("it never came")


def test_without_bubblewrap_a_sentence_says_what_to_install(sandbox, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(sandbox.NoSandbox, match="apt install bubblewrap"):
        sandbox.require()


def test_without_user_namespaces_a_sentence_says_what_to_switch_on(sandbox, monkeypatch, tmp_path):
    (tmp_path / "bwrap").write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2\nexit 1\n")
    (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert shutil.which("bwrap") == str(tmp_path / "bwrap")
    with pytest.raises(sandbox.NoSandbox, match="user namespaces"):
        sandbox.require()
