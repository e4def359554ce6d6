"""Many hand-ins at once, over any `concurrent.futures.Executor`: processes of this machine, or a Dask cluster.

Jobs are made when there is room for them, so that a class of five thousand takes no more memory than one of five.
"""

import contextlib
import json
from concurrent.futures import FIRST_COMPLETED, CancelledError, ThreadPoolExecutor, wait

from .prewarmed import begin_all, end_all, verify_apart

RETRIES = 3  # of a hand-in whose process or Dask worker is lost


@contextlib.contextmanager
def executor_for(jobs, scheduler=None):
    """(an executor, how many hand-ins to keep it busy with)"""
    if scheduler is None:
        with ThreadPoolExecutor(jobs) as executor:  # a thread waits, its process works
            try:
                begin_all(jobs)
                yield executor, 2 * jobs
            finally:
                executor.shutdown(wait=False, cancel_futures=True)
                end_all()  # a thread that still waits then stops waiting
        return
    with cluster(scheduler) as client:
        workers = sum(client.nthreads().values()) or 1
        yield client.get_executor(retries=RETRIES, pure=False), 2 * workers


def cluster(scheduler):
    try:
        from distributed import Client

        return Client(scheduler)
    except (ImportError, OSError, ValueError) as error:
        raise LookupError(f"no Dask cluster at {scheduler}: {error}") from None


def error_in(future):
    try:
        return future.exception()
    except CancelledError:  # nobody here cancels: the scheduler has
        raise LookupError("the Dask cluster is gone; what has been graded stays: grade again") from None


def verdicts(executor, room, jobs):
    """Yield (name, verdict or {"failed": why}) as they come.  jobs: an iterator of (name, job)."""
    running, jobs = {}, iter(jobs)
    while True:
        for name, job in jobs:
            running[executor.submit(verify_apart, json.dumps(job))] = name, job, RETRIES
            if len(running) >= room:
                break
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            name, job, left = running.pop(future)
            error = error_in(future)
            if error is not None and left:
                running[executor.submit(verify_apart, json.dumps(job))] = name, job, left - 1
            else:
                yield name, {"failed": f"{type(error).__name__}: {error}"} if error else json.loads(future.result())
