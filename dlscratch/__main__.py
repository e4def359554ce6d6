"""python -m dlscratch: open the course in JupyterLab.  `python -m dlscratch --help` lists the rest."""

import argparse
import os
import sys

from . import __version__


def main(argv):
    commands = build_parser()
    if not argv or argv[0] not in (*COMMANDS, "-h", "--help", "--version"):
        argv = ["open", *argv]  # `python -m dlscratch 04` opens chapter 04
    options = vars(commands.parse_args(argv))
    return options.pop("run")(**options)


def build_parser():
    parser = argparse.ArgumentParser(
        prog="python -m dlscratch", description="Deep learning from scratch in NumPy: open the course."
    )
    parser.add_argument("--version", action="version", version=f"dlscratch {__version__}")
    commands = parser.add_subparsers(metavar="command")
    for name, (add, text) in COMMANDS.items():
        add(commands.add_parser(name, help=text, description=text))
    return parser


def add_open(parser):
    parser.add_argument("chapter", nargs="?", default="00", help="its number; 00 unless given")
    add_place(parser)
    parser.set_defaults(run=run_open)


def add_start(parser):
    parser.add_argument("number", help="the exercise's number, such as 04")
    add_place(parser)
    parser.set_defaults(run=run_start)


def add_progress(parser):
    parser.add_argument("number", nargs="?", help="an exercise's number lists each of its tests")
    parser.set_defaults(run=run_progress)


def add_doctor(parser):
    parser.set_defaults(run=run_doctor)


def add_place(parser):
    parser.add_argument("--port", type=port_number, help="the next free one from 8888 unless given")
    parser.add_argument("--no-browser", dest="browser", action="store_false", help="only print the address")


def run_open(**options):
    from .launch.lab import open_course

    return open_course(**options)


def run_start(**options):
    from .launch.exercises import start

    return start(**options)


def run_progress(**options):
    from .launch.standing import progress

    return progress(**options)


def run_doctor():
    from .launch.doctor import examine

    return examine()


def port_number(text):
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: ports are whole numbers from 1 to 65535")
    return int(text)


COMMANDS = {
    "open": (add_open, "open JupyterLab at a chapter (what happens without a command)"),
    "start": (add_start, "copy an exercise into the folder work/, unless it is there, and open it"),
    "progress": (add_progress, "say which tests of your exercises pass"),
    "doctor": (add_doctor, "say in plain words what is wrong with this installation"),
}

if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except BrokenPipeError:  # whoever reads has read enough, as in `... progress | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
