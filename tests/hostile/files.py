"""What is handed in instead of a notebook.  All of it is refused, by name."""

import json
import os


def instead(make):
    """Something else in the notebook's place."""
    return lambda exercise: lambda folder: make(folder / f"{exercise.name}.ipynb", exercise)


def text(data):
    return lambda exercise: {f"{exercise.name}.ipynb": data}


def linked(path, exercise):
    course = path.parents[3]
    os.symlink(course / "source" / exercise.name / path.name, path)


def hard_linked(path, exercise):
    os.link(path.parents[3] / "source" / exercise.name / path.name, path)


def folder_linked(path, exercise):
    path.parent.rmdir()
    os.symlink(path.parents[3] / "source" / exercise.name, path.parent)


def huge(path, exercise):
    with open(path, "wb") as file:
        file.truncate(1 << 40)


HAND_INS = {
    "a link to the answers": instead(linked),
    "a hard link to the answers": instead(hard_linked),
    "a folder that is a link": instead(folder_linked),
    "a link to /dev/zero": instead(lambda path, _: os.symlink("/dev/zero", path)),
    "a link to itself": instead(lambda path, _: os.symlink(path, path)),
    "a pipe": instead(lambda path, _: os.mkfifo(path)),
    "a folder": instead(lambda path, _: path.mkdir()),
    "a terabyte": instead(huge),
    "nothing": lambda exercise: {},
    "another name": lambda exercise: {"mine.ipynb": json.dumps(exercise.notebook).encode()},
    "not JSON": text(b"\x00\xff\xfe" * 100),
    "deeply nested": text(b"[" * 1_000_000),
    "a number of a million digits": text(b'{"nbformat": 4, "cells": ' + b"9" * 1_000_000 + b"}"),
    "cells of the wrong kind": text(b'{"nbformat": 4, "cells": [1, null, "x"]}'),
    "six hundred cells": lambda e: e.files({**e.notebook, "cells": e.notebook["cells"] * 60}),
    "another format": lambda e: e.files({**e.notebook, "nbformat": 3}),
    "half a character": lambda e: e.files(
        {**e.notebook, "cells": [{"cell_type": "code", "source": "x = '\ud800'", "metadata": {}}]}
    ),
}
