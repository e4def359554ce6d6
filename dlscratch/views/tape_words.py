"""What a tape says while it is played: the step at hand, the numbers at the end, and what got lost."""

import numpy as np

from .graph import close
from .readout import short
from .tape_player import ARRIVALS, WRONG, final, overwritten, passed_on_again, too_late


def number_or_shape(value):
    return short(value) if np.shape(value) == () else f"{np.shape(value)}"


def sum_in_words(terms, now, found):
    """4 + 4 = 8; where nothing is added, what was before is gone."""
    if len(terms) == 1 or np.shape(now) != ():
        return number_or_shape(now)
    if found.way.arrival == ARRIVALS[1]:
        return f"{short(now)}   ({'; '.join(map(short, terms[:-1]))} lost)" if len(terms) < 4 else short(now)
    text = f"{added(terms)} = {short(now)}"
    return text if len(text) < 25 else f"{len(terms)} terms = {short(now)}"


def added(terms):
    return " + ".join(map(short, terms)).replace("+ -", "- ")


def headline(found):
    """What has just happened, in a few words."""
    rows = found.tape.rows
    if not found.sent:
        return f"noted: {rows[found.at_work].text}" if found.noted else "Nothing noted yet"
    if found.nudges is not None:
        got = final(found.way.sends, 0)
        mark = "" if close(got, found.nudges[0]) else f", right is {short(found.nudges[0])}"
        return f"{rows[0].name} gets {short(got)}{mark}"
    if found.sent == 1:
        return f"the way back begins: 1 for {rows[-1].name}"
    send = found.way.sends[found.sent - 2]
    return f"{rows[send.start].name} sends {number_or_shape(send.amount)} to {rows[send.end].name}"


def say(found):
    lines = [
        f"{found.told[0].upper()}{found.told[1:]} is {short(found.tape.rows[-1].value)}. {rules(found)}",
        happened(found),
    ]
    if found.nudges is not None:
        lines += [*results(found), *losses(found)]
    if found.guess is None:
        lines.append("Lock your prediction to let wrong tapes walk back.")
    else:
        lines.append(verdict(found))
    return "\n".join(lines)


def rules(found):
    arrival = "added" if found.way.arrival == ARRIVALS[0] else "put in the place of the old"
    return f"Back {found.way.order}; what arrives is {arrival}."


def happened(found):
    """The present step in words."""
    hidden = found.way.sends is None
    rows, count = found.tape.rows, "" if hidden else f" of {found.last}"
    step = f"Step {found.noted + found.sent}{count}"
    if not found.noted:
        return f"{step}: the tape holds the leaves alone."
    if not found.sent:
        row = rows[found.at_work]
        return (
            f"{step}, the way there: {row.text} is noted, with its pullback and its value {number_or_shape(row.value)}."
        )
    if hidden:
        return f"{step}: the way back is hidden."
    if found.sent == 1:
        return f"{step}, the way back begins with 1, the slope of {rows[-1].name} with respect to itself."
    send = found.way.sends[found.sent - 2]
    start, end = rows[send.start].name, rows[send.end].name
    return f"{step}, the way back: {start} sends {number_or_shape(send.amount)} to {end}, {received(send, end)}."


def received(send, end):
    if send.before is None:
        return "the first that arrives there"
    if np.shape(send.after) != ():
        return "where something lay already"
    if send.after is send.amount:
        return f"and the {short(send.before)} that lay there is lost"
    return f"and {added([send.before, send.amount])} = {short(send.after)} lies there now"


def results(found):
    """For each leaf what it got, and what a nudge says."""
    names = [row.name for row in found.tape.rows]
    for k, nudge in enumerate(found.nudges):
        yield f"The end: {names[k]} gets {short(final(found.way.sends, k))}{judged(found, k, nudge)}."


def judged(found, k, nudge):
    got = final(found.way.sends, k)
    if not np.isfinite([got, nudge]).all():
        return ""
    return ": right" if close(got, nudge) else f": wrong, a nudge says {short(nudge)}"


def losses(found):
    """What the bookkeeping did wrong; or that it did nothing wrong, and yet the numbers are."""
    rows, sends = found.tape.rows, found.way.sends
    lost = overwritten(sends)
    for send in lost[:2]:
        yield f"Lost at {rows[send.end].name}: {number_or_shape(send.before)}, overwritten."
    if len(lost) > 2:
        yield f"Overwritten later: {len(lost) - 2} more."
    if again := passed_on_again(sends):
        counts = ", ".join(f"{rows[row].name} {times} times" for row, times in sorted(again.items()))
        yield f"Passed on more than once, each time all that lay there: {counts}."
    for send in too_late(found.tape, sends):
        yield f"{number_or_shape(send.amount)} reached {rows[send.end].name} too late: it had passed on already."
    if found.way.right and any("wrong" in judged(found, k, nudge) for k, nudge in enumerate(found.nudges)):
        yield (
            "Order and sums are right. So the pullback of an operation is wrong (check each), "
            "or something was computed off the tape."
        )


def verdict(found):
    """What the two wrong tapes give where the guess was made, and what was predicted."""
    leaves = {name: value for name, value in found.guess.items() if name not in (*WRONG, "expression")}
    gives = [f"{rule} gives {short(found.answers[rule])}, you said {short(found.guess[rule])}" for rule in WRONG]
    return f"Your prediction for {told(found.guess.get('expression'), leaves)}: {'; '.join(gives)}."


def told(expression, leaves):
    """squares x · x, x = a · a at a = 2"""
    numbers = ", ".join(f"{name} = {short(value)}" for name, value in leaves.items())
    return f"{expression or 'your function'} at {numbers}"
