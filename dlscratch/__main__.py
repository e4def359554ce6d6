"""python -m dlscratch: open the course in JupyterLab.  `python -m dlscratch --help` lists the rest."""

import argparse
import sys

from . import __version__


def main(argv):
    commands = build_parser()
    if not argv or argv[0] not in ("doctor", "open", "-h", "--help", "--version"):
        argv = ["open", *argv]  # `python -m dlscratch 04` opens chapter 04
    options = vars(commands.parse_args(argv))
    return options.pop("run")(**options)


def build_parser():
    parser = argparse.ArgumentParser(
        prog="python -m dlscratch", description="Deep learning from scratch in NumPy: open the course."
    )
    parser.add_argument("--version", action="version", version=f"dlscratch {__version__}")
    commands = parser.add_subparsers(metavar="command")
    add_open(commands)
    add_doctor(commands)
    return parser


def add_open(commands):
    parser = commands.add_parser("open", help="open JupyterLab at a chapter (what happens without a command)")
    parser.add_argument("chapter", nargs="?", default="00", help="its number; 00 unless given")
    parser.add_argument("--port", type=port_number, help="the next free one from 8888 unless given")
    parser.add_argument("--no-browser", dest="browser", action="store_false", help="only print the address")
    parser.set_defaults(run=run_open)


def add_doctor(commands):
    parser = commands.add_parser("doctor", help="say in plain words what is wrong with this installation")
    parser.set_defaults(run=run_doctor)


def run_open(**options):
    from .launch.lab import open_course

    return open_course(**options)


def run_doctor():
    from .launch.doctor import examine

    return examine()


def port_number(text):
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: ports are whole numbers from 1 to 65535")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
