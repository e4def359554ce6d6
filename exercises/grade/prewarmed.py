"""A process that has imported NumPy and the package, and forks for each hand-in: a fresh trusted process in milliseconds.

`verify_apart` is what a pool of threads, or a Dask worker, calls: JSON in, JSON out, and nothing is kept in between.
Each thread has such a process of its own.  A hand-in that ends it, whatever the reason, is reported as failed, and
the next one gets a new process.
"""

import json
import os
import resource
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

LIMIT = 720  # seconds for one hand-in: the limits inside end it much earlier
MEMORY = 4 << 30  # bytes for the process that judges one: what a learner's code sends is kept by a test
mine, begun, spare = threading.local(), set(), []


class Failed(RuntimeError):
    """The grader itself failed on this hand-in."""


def verify_apart(job):
    """The verdict on a job, both JSON texts; Failed if the process that judges it is lost."""
    if getattr(mine, "process", None) is None or mine.process.poll() is not None:
        mine.process = spare.pop() if spare else begin()
    try:
        send(mine.process.stdin.fileno(), job.encode())
        answer = receive(mine.process.stdout.fileno())
    except OSError:
        answer = None
    if answer is None:
        end(mine.process)
        raise Failed("the process that judged this hand-in was lost")
    return answer.decode()


def begin_all(number):
    """Processes for so many threads, begun at once."""
    spare.extend(begin() for _ in range(number))


def begin():
    """A process for one thread."""
    root = Path(__file__).parents[2]
    code = f"import sys; sys.path.insert(0, {str(root)!r}); from exercises.grade import prewarmed; prewarmed.main()"
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )
    begun.add(process)
    return process


def end(process):
    begun.discard(process)
    process.kill()
    process.stdin.close()
    process.stdout.close()
    process.wait()


def end_all():
    """Let the processes of all threads go."""
    spare.clear()
    for process in list(begun):
        end(process)


# ---- the process itself --------------------------------------------------------------------------------------------


def main():
    from . import sandbox, verify  # noqa: F401  imported once, for every fork

    inward, outward = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # a stray print must not look like a verdict
    while (job := receive(inward)) is not None:
        send(outward, verdict_of_fork(job, inward))


def verdict_of_fork(job, inward):
    source, sink = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(source)
        in_fork(job, sink)
    os.close(sink)
    try:
        answer = wait_for(source, inward)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(source)
    return answer or json.dumps({"failed": "the process that judged this hand-in ended without a verdict"}).encode()


def in_fork(job, sink):
    from .sandbox import start
    from .verify import verify

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        send(sink, json.dumps(verify(json.loads(job), start)).encode())
    except BaseException as error:
        send(sink, json.dumps({"failed": f"{type(error).__name__}: {error}"}).encode())
    finally:
        os._exit(0)


def wait_for(source, inward):
    """The verdict; None if there is none in time.  Whoever asked may be gone: then nobody waits for it."""
    until = time.monotonic() + LIMIT
    while time.monotonic() < until:
        ready = select.select([source, inward], [], [], 1)[0]
        if source in ready:
            return receive(source)
        if inward in ready:
            break
    return None


# ---- messages ------------------------------------------------------------------------------------------------------


def send(descriptor, data):
    data = memoryview(len(data).to_bytes(8, "little") + data)
    while data:
        data = data[os.write(descriptor, data) :]


def receive(descriptor):
    """The next message, or None at the end."""
    size = exactly(descriptor, 8)
    return None if size is None else exactly(descriptor, int.from_bytes(size, "little"))


def exactly(descriptor, size):
    data = bytearray()
    while len(data) < size:
        if not (part := os.read(descriptor, min(size - len(data), 1 << 20))):
            return None
        data += part
    return bytes(data)
