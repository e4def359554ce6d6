"""Which port JupyterLab will listen on."""

import errno
import os
import socket

FIRST, TRIES = 8888, 100


def choose(wanted=None):
    """The port asked for, if it is free; without a wish, the first free one from 8888."""
    if wanted is not None:
        refuse_if_taken(wanted)
        return wanted
    free = next(filter(is_free, range(FIRST, FIRST + TRIES)), None)
    if free is None:
        raise SystemExit(
            f"No free port between {FIRST} and {FIRST + TRIES - 1}: end other Jupyter servers "
            "(`jupyter server list` names them), or choose a port yourself with --port."
        )
    return free


def refuse_if_taken(port):
    problem = open_error(port)
    if problem == errno.EACCES:
        raise SystemExit(f"Port {port} may not be opened by this user: choose one from 1024 to 65535.")
    if problem is not None:
        raise SystemExit(
            f"Port {port} is taken by another program: choose another with --port, "
            "or leave --port out and the next free one is found."
        )


def is_free(port):
    return open_error(port) is None


def open_error(port):
    """None if `port` can be opened on every address of localhost, as JupyterLab will; else the errno."""
    for family, kind, protocol, _, address in socket.getaddrinfo("localhost", port, type=socket.SOCK_STREAM):
        try:
            with socket.socket(family, kind, protocol) as probe:
                if os.name == "posix":  # a port just closed is free; Windows would share a taken one
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
        except OSError as error:
            if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):  # this machine has no IPv6
                return error.errno
    return None
