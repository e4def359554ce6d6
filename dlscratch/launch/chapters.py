"""Where the chapters are.  They are notebooks beside the package, not inside it."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
FIRST = Path("chapters", "00-start-here.ipynb")

NOT_HERE = f"""\
The chapters are not here: this dlscratch is installed at {PACKAGE}
without them.  They are in the dlscratch repository, in its folder `chapters`.
Get the repository (`git clone`, or the download button of its page), go into its folder, and run
    python -m dlscratch
there; or run the command from any folder that holds {FIRST.as_posix()}."""


def course_folder():
    """The folder that holds chapters/: the one beside this package, else the current one or one above it."""
    here = Path.cwd()
    for folder in (PACKAGE.parent, here, *here.parents):
        if (folder / FIRST).is_file():
            return folder
    return None


def find_course():
    folder = course_folder()
    if folder is None:
        raise SystemExit(NOT_HERE)
    return folder


def find_chapter(course, number):
    """The notebook of chapter "04" (or "4"), relative to the course's folder."""
    names = {path.name[:2]: path for path in sorted((course / "chapters").glob("[0-9][0-9]-*.ipynb"))}
    chapter = names.get(number.zfill(2))
    if chapter is None:
        listing = "\n".join(f"    {path.stem}" for path in names.values())
        raise SystemExit(f"Chapter {number!r} is not written yet, or there is none.  These are here:\n{listing}")
    return chapter.relative_to(course)
