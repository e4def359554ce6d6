"""The room in which a learner's code runs: bubblewrap, with nothing to reach and nothing to break.

No network, no other process, no user of the machine; of its files only Python, NumPy, system libraries and three files of
this folder, all read-only; 64 MB of disk that vanish.  No capabilities, no further user namespaces.  `worker` sets the
limits on memory, files and processes before it runs anything of a learner's.

Started by root, a first bubblewrap only arranges the files (Python may lie where nobody else may look), then rights are
dropped, and a second one closes the room: the end is the same for every user.  The first one numbers processes of its
own too: whoever drops rights is no longer told that its parent has died, but nothing outlives the first of its numbers.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from functools import cache
from pathlib import Path

import numpy

HERE = Path(__file__).parent
DISK = 64 << 20  # bytes
NOBODY = "65534"
CLOSED = [
    *"--unshare-all --unshare-user --disable-userns --die-with-parent --new-session --cap-drop ALL".split(),
    *f"--uid {NOBODY} --gid {NOBODY} --hostname grader --clearenv".split(),
    *"--setenv HOME /tmp --setenv LANG C.UTF-8 --setenv OPENBLAS_NUM_THREADS 1".split(),
    *"--setenv LD_LIBRARY_PATH /python/lib".split(),
]
DEVICES = ["--dir", "/dev"]
DEVICES += [word for name in ("null", "zero", "urandom") for word in ("--dev-bind", f"/dev/{name}", f"/dev/{name}")]
SPACE = f"--proc /proc --size {DISK} --tmpfs /tmp --chdir /tmp --remount-ro /".split()
BOOT = "import sys; sys.path[1:1] = ['/grader', '/site']; from exercises.grade import worker; worker.main()"


class NoSandbox(RuntimeError):
    """Grading is refused: the sentence says what is missing."""


def start():
    """A worker in a fresh sandbox: a process with stdin and stdout as pipes, and `clock()` that names its processor clock."""
    process = subprocess.Popen(
        command([python(), "-I", "-S", "-B", "-c", BOOT]),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={"PATH": os.defpath},
    )
    process.clock = lambda: clock_of(last_child(process.pid))
    return process


def command(inside):
    bwrap = shutil.which("bwrap") or missing()
    if os.getuid() != 0:
        return [bwrap, *CLOSED, *files(), *DEVICES, *SPACE, "--", *inside]
    drop = f"setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups --inh-caps=-all --no-new-privs".split()
    drop[0] = shutil.which("setpriv") or "setpriv"
    tools = ["--dir", "/tools"]
    tools += [word for tool in (bwrap, drop[0]) for word in ("--ro-bind", tool, f"/tools/{Path(tool).name}")]
    drop[0] = "/tools/setpriv"
    last = "--bind /proc /proc --dir /tmp --die-with-parent --unshare-pid --".split()
    outer = [bwrap, *files(), *tools, *DEVICES, *last]
    return [*outer, *drop, "/tools/bwrap", *CLOSED, "--ro-bind", "/", "/", *DEVICES, *SPACE, "--", *inside]


def python():
    return f"/python/bin/python{sys.version_info.major}.{sys.version_info.minor}"


@cache
def files():
    """What can be seen inside, read-only."""
    base, version = Path(sys.base_prefix), f"python{sys.version_info.major}.{sys.version_info.minor}"
    program = next(p for p in (base / "bin" / version, base / "bin" / "python3") if p.is_file()).resolve()
    seen = {program: f"/python/bin/{version}", sysconfig.get_path("stdlib"): f"/python/lib/{version}"}
    seen |= {library: f"/python/lib/{library.name}" for library in base.glob("lib/libpython*.so*")}
    seen |= {path: path for path in map(Path, ("/usr/lib", "/usr/lib64", "/lib", "/lib64")) if path.is_dir()}
    site = Path(numpy.__file__).parents[1]
    seen |= {site / name: f"/site/{name}" for name in ("numpy", "numpy.libs") if (site / name).is_dir()}
    seen |= {HERE / name: f"/grader/exercises/grade/{name}" for name in ("cells.py", "wire.py", "worker.py")}
    words = [word for path, name in seen.items() for word in ("--ro-bind", str(path), str(name))]
    folders = {str(folder): None for name in seen.values() for folder in reversed(Path(name).parents)}
    return [*[word for folder in folders for word in ("--dir", folder)], *words, *hidden(version)]


def hidden(version):
    """Installed packages, this course perhaps among them, lie beside the standard library."""
    places = Path(sysconfig.get_path("stdlib"), "site-packages"), Path("/usr/lib/python3/dist-packages")
    inside = f"/python/lib/{version}/site-packages", "/usr/lib/python3/dist-packages"
    found = [name for path, name in zip(places, inside, strict=True) if path.is_dir()]
    return [word for name in found for word in ("--tmpfs", name, "--remount-ro", name)]


# ---- is there a sandbox at all? ------------------------------------------------------------------------------------


def require():
    """Do nothing if a sandbox can be had here; else NoSandbox."""
    done = subprocess.run(command([python(), "-I", "-S", "-c", "pass"]), capture_output=True, text=True)
    if done.returncode:
        raise NoSandbox(
            f"Grading needs a sandbox, and bubblewrap cannot make one here: {done.stderr.strip()[-300:]}\n"
            "It needs version 0.8 or newer, and user namespaces: as root, `sysctl -w user.max_user_namespaces=10000` "
            "switches them on; on Debian `kernel.unprivileged_userns_clone=1`, on Ubuntu "
            "`kernel.apparmor_restrict_unprivileged_userns=0` too."
        )


def missing():
    raise NoSandbox(
        "Grading needs a sandbox, and bubblewrap is not installed: `apt install bubblewrap` (Debian, Ubuntu), "
        "`dnf install bubblewrap` (Fedora).  It exists for Linux alone; learners need nothing of this."
    )


# ---- how long has it been at work? ---------------------------------------------------------------------------------


def last_child(pid):
    """The worker itself, below the processes that built its room; it cannot have children."""
    while True:
        try:
            child = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        except OSError:
            return pid
        if not child:
            return pid
        pid = int(child[0])


def clock_of(pid):
    """The clock that counts the processor time of another process, as Linux numbers them; for time.clock_gettime."""
    return (~pid << 3) | 2
