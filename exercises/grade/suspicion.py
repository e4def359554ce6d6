"""What a person should look at: marks say nothing about it, since values cannot show how a gradient was derived.

Sources are read, never run.  Names are followed through plain code: definitions, helpers, `f = value`, `partial`.
"""

import ast
import warnings
from functools import cached_property

NUMERIC = {"numeric_gradient", "approx_fprime", "approx_derivative", "jacobian"}
BACK = "back", "grad", "vjp"
INSIDES = set(
    """_getframe currentframe tb_frame __traceback__ f_back f_locals f_globals gi_frame get_objects get_referrers
    get_referents getclosurevars __closure__ cell_contents __code__ __globals__ __defaults__ __kwdefaults__ __func__
    __setattr__ __subclasses__ globals import_module reload settrace setprofile ctypes __main__
    sys.modules""".split()
)
BY_TEXT = {"exec", "eval"}  # the functions, not a method of that name
OURS = set("ops ops_image ops_sequence layers losses optim training autograd nn".split())  # modules with answers
ASKED = set("check explain check_optimizer check_autograd numeric_gradient GradientError".split())  # for whoever tests
PLACES = "exercises.grade", "/proc/self"
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
LONGEST, MOST = 100_000, 20  # characters; flags
SETTERS = "setattr", "delattr", "__setattr__"
LOOKS = 8  # at a node, on the average: the answers of the course need 3


class Tired(Exception):
    pass


def flags_of(sources, locked=()):
    """Sentences about learners' cells.  locked: the sources of the instructor's locked cells."""
    sources = list(sources)
    if sum(map(len, sources)) > LONGEST:
        return [f"more than {LONGEST} characters of code: nobody has looked through them"]
    code, found = Code(sources), []
    try:
        given = Code(locked)
        found += [*anew(code, given), *changed(code, given), *beside(code, given), *insides(code)]
        found += measured(code)
    except (Tired, RecursionError):
        found.append("its functions are entangled: they could not be looked through")
    found = sorted(set(found))
    return found[:MOST] + [f"and {len(found) - MOST} more"] * (len(found) > MOST)


# ---- reading -------------------------------------------------------------------------------------------------------


class Scope:
    """A function, a class, or all cells together: the nodes in it, but not in a scope within it, and what it binds."""

    def __init__(self, node=None, outer=None):
        self.node, self.outer, self.nodes, self.inner, self.bound, self.shared = node, outer, [], [], {}, set()
        self.home = self if isinstance(node, ast.ClassDef) else outer and outer.home  # the class it is in
        self.method = self if outer and outer is outer.home else outer and outer.method
        self.name = (getattr(node, "name", None) or getattr(node, "label", "a lambda"))[:40]
        given = node.args if isinstance(node, FUNCTION) else ast.arguments([], [], None, [], [], None, [])
        self.params = [arg.arg for arg in [*given.posonlyargs, *given.args, *given.kwonlyargs]]

    @cached_property
    def nudges(self):
        """Is one entry of an array set, and set again?"""
        stored = [ast.dump(n) for n in self.nodes if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store)]
        return len({*stored}) < len(stored)

    @cached_property
    def returned(self):
        """The values that a function may return, and what it returns beside them."""
        ends = [n.value for n in self.nodes if isinstance(n, ast.Return) and n.value]
        ends = [self.node.body] if isinstance(self.node, ast.Lambda) else ends
        wholes = [getattr(whole, "elts", None) or [whole] for end in distinct(ends) for whole in values_of(end, self)]
        values = [value for out in distinct([whole[0] for whole in wholes]) for value in values_of(out, self)]
        return values, distinct([node for whole in wholes for node in whole[1:]])


class Code:
    """Cells, read in their order, each node once."""

    def __init__(self, sources):
        self.top, self.scopes, self.size, self.looks = Scope(), [], 0, 0
        waiting = [(tree, self.top) for tree in reversed([*map(parsed, sources)])]
        while waiting:
            node, scope = waiting.pop()
            self.size += 1
            scope.nodes.append(node)
            for name, value, where in bindings(node, scope):
                (self.top if name in scope.shared else where).bound.setdefault(name, []).append((value, scope))
            if isinstance(node, FUNCTION | ast.ClassDef):
                node.scope = Scope(node, scope)
                scope.inner.append(node.scope)
                self.scopes.append(scope := node.scope)
            waiting += [(child, scope) for child in reversed([*ast.iter_child_nodes(node)])]

    def nodes(self):
        return (node for scope in [self.top, *self.scopes] for node in scope.nodes)

    def look(self, things):
        for thing in things:
            self.looks += 1
            if self.looks > 1000 + LOOKS * self.size:
                raise Tired
            yield thing

    def meant(self, expression, scope):
        """What an expression names: scopes, and names from elsewhere."""
        seen, waiting = set(), [(expression, scope)]
        for node, where in self.look(drained(waiting)):
            if node is None or id(node) in seen:
                continue
            seen.add(id(node))
            if hasattr(node, "scope"):
                yield node.scope
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("partial", "staticmethod"):
                waiting += [(first, where) for first in node.args[:1]]
            elif isinstance(node, ast.Attribute):
                home = where.home if getattr(node.value, "id", None) in own_names(where) else None
                waiting += home.bound.get(node.attr, ()) if home else ()
                yield from () if home else (node.attr,)
            elif isinstance(node, ast.Name):
                holder = where
                while holder and (node.id not in holder.bound or (holder.home is holder and holder is not where)):
                    holder = next(self.look([holder.outer]))
                waiting += holder.bound[node.id] if holder else ()
                yield from () if holder else (node.id,)

    def within(self, node):
        """The nodes of an expression, without those of its lambdas."""
        waiting = [node]
        for node in self.look(drained(waiting)):
            waiting += () if isinstance(node, ast.Lambda) else ast.iter_child_nodes(node)
            yield node

    def named(self, expression, scope):
        """The functions and classes whose names stand in an expression."""
        nodes = [n for n in self.within(expression) if isinstance(n, ast.Name | ast.Attribute | ast.Lambda)]
        return [what for node in nodes for what in self.meant(node, scope) if isinstance(what, Scope)]

    def calls(self, expression, scope):
        """The calls in an expression, and in what its names stand for."""
        names = [n for n in self.within(expression) if isinstance(n, ast.Name)]
        for part in [expression, *(value for name in names for value in values_of(name, scope) if value is not name)]:
            yield from (node for node in self.within(part) if isinstance(node, ast.Call))

    def names(self, expression):
        return {node.id for node in self.within(expression) if isinstance(node, ast.Name)}


def drained(waiting):
    while waiting:
        yield waiting.pop()


def parsed(source):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def bindings(node, scope):
    """(name, what it is bound to or None, the scope that gets it) for a node."""
    if isinstance(node, ast.Global):
        scope.shared.update(node.names)
    elif isinstance(node, ast.Import | ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name.partition(".")[0], ast.Attribute(node, alias.name), scope
    elif isinstance(node, ast.arg):
        yield node.arg, None, scope
    elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id, None, scope
    elif not isinstance(node, ast.alias) and isinstance(name := getattr(node, "name", None), str):
        yield name, node, scope
    value = getattr(node, "value", None) or getattr(node, "iter", None)
    for target in getattr(node, "targets", None) or [getattr(node, "target", None)]:
        parts, values = getattr(target, "elts", [target]), getattr(value, "elts", [])
        for part, what in zip(parts, values if len(parts) == len(values) > 1 else [value] * len(parts), strict=True):
            if isinstance(what, ast.Lambda):
                what.label = getattr(part, "id", "a lambda")
            if isinstance(part, ast.Name):
                yield part.id, what, scope
            elif isinstance(part, ast.Attribute) and getattr(part.value, "id", None) in own_names(scope):
                yield part.attr, what, scope.home


def own_names(scope):
    """What the class of a method is called in it: self, and the name of the class."""
    return {scope.home.name, *scope.method.params[:1]} if scope.home and scope.method else ()


# ---- a way back that measures --------------------------------------------------------------------------------------


def measured(code):
    """Ways back that call a numerical derivative, or their own way there with other inputs than it had."""
    for outer in code.scopes:
        values, beside = outer.returned
        whole = {*values}
        there, backs = [outer], [s for node in beside for s in code.named(node, outer)]
        starts = backs + [s for s in outer.inner if s.node not in whole]
        if outer.home is outer:
            there = [s for s in outer.inner if s.name == "forward"]
            starts = backs = [s for s in outer.inner if any(word in s.name.lower() for word in BACK)]
        calls = [(call, f) for f in there for out in f.returned[0] for call in code.calls(out, f)]
        parts = {s for call, f in calls for s in code.named(call.func, f)} - {*there}
        inputs = {base(node) for call, _ in calls for node in given(call)}.union(*(f.params for f in there)) - {None}
        arriving = {name for s in backs or starts for name in s.params}.difference(*(f.bound for f in there))
        for what in reached(code, starts, parts, {outer, *there}, inputs, arriving):
            yield f"{outer.name}: its way back calls {what}; derived, or measured?"


def reached(code, waiting, parts, there, inputs, arriving):
    """What shows that a way back measures, in all that it comes to.

    parts: functions that make the value there, from the names `inputs`; arriving: names of what comes from above.
    """
    seen = there | parts
    for scope in code.look(drained(waiting)):
        if scope in seen:
            continue
        seen.add(scope)
        waiting += scope.inner
        for name, values in scope.bound.items():
            if any(arriving & code.names(value) for value, _ in values if value):
                arriving.add(name)
        called = {id(node.func): node for node in scope.nodes if isinstance(node, ast.Call)}
        for node in code.look(scope.nodes):
            for what in code.meant(node, scope) if isinstance(node, ast.Name | ast.Attribute) else ():
                if isinstance(what, str):
                    yield from {what} & NUMERIC
                elif what in there and what.home is not what:
                    yield what.name
                elif what in parts and not innocent(code, called.get(id(node)), scope, arriving, inputs):
                    yield what.name
                else:
                    waiting.append(what)


def innocent(code, call, scope, arriving, inputs):
    """Does a call send on what arrives, or compute a value once more as it was?"""
    if not call:
        return False
    own = scope.params if isinstance(scope.outer.node, FUNCTION) else ()
    bases = {base(node) for node in given(call)}
    again = bases <= inputs and not bases.intersection(own) and not scope.nudges
    return again or any(arriving & code.names(node) for node in given(call))


def given(call):
    return [*call.args, *(word.value for word in call.keywords)]


def base(node):
    """The name before all dots and brackets."""
    while isinstance(node, ast.Subscript | ast.Attribute | ast.Starred):
        node = node.value
    return getattr(node, "id", None)


def distinct(nodes):
    """Of nodes that are one and the same name, one."""
    return [*{getattr(node, "id", node): node for node in nodes}.values()]


def values_of(node, scope):
    """What a local name stands for; anything else for itself."""
    return [v for v, _ in scope.bound.get(getattr(node, "id", None), ()) if v] or [node]


# ---- what belongs to the tests -------------------------------------------------------------------------------------


def anew(code, locked):
    """Names of the locked cells that a hand-in takes for its own: functions of the tests, and what these work with."""
    defs = [node for node in locked.top.nodes if isinstance(node, ast.FunctionDef)]
    uses = [node for node in defs if "use" in [getattr(d, "id", "") for d in node.decorator_list]]
    used = {node.name for node in uses}
    names = {n.id for node in uses for n in ast.walk(node) if isinstance(n, ast.Name)}
    for name in used & {*code.top.bound, *by_text(code)}:
        yield f"{name} is a function of the tests; this hand-in defines it anew"
    for name in (names - used).intersection(locked.top.bound, code.top.bound):
        if not all(isinstance(value, ast.Attribute) for value, _ in code.top.bound[name]):  # imported again
            yield f"{name} is what functions of the tests work with; this hand-in defines it anew"


def changed(code, locked):
    """What a hand-in sets in modules, and in classes and functions that are not its own: X.name = ..., setattr(X, ...)"""
    theirs = {name for scope in (code.top, locked.top) for name, found in scope.bound.items() if is_import(found)}
    theirs |= {*locked.top.bound} - {*code.top.bound}
    for node in code.nodes():
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load) and base(node.value) in theirs:
            yield f"{base(node.value)}.{node.attr} is set: it belongs to others"
        elif isinstance(node, ast.Call) and node.args and called(node) in SETTERS:
            if (name := base(node.args[0])) in theirs:
                yield f"{name} is changed: it belongs to others"


def called(call):
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def is_import(found):
    return any(isinstance(getattr(value, "value", None), ast.Import | ast.ImportFrom) for value, _ in found)


def beside(code, locked):
    """What a hand-in imports of the package, and the notebook does not: it is there because other things need it."""
    for name in sorted({*imported(code)} - {*imported(locked)} - ASKED):
        yield f"a cell imports {name} from the package, which the notebook does not"


def imported(code):
    for node in code.nodes():
        if isinstance(node, ast.ImportFrom) and not node.level:
            first, _, rest = (node.module or "").partition(".")
            if first == "dlscratch" and (rest.partition(".")[0] in OURS or not rest):
                yield from (alias.name for alias in node.names)


def by_text(code):
    """Names that are set by text: setattr(module, "name", ...), vars(module)["name"] = ..."""
    for node in code.nodes():
        texts = node.args[1:2] if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "setattr" else []
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and not isinstance(node.value, ast.Name):
            texts = [node.slice]
        yield from (text.value for text in texts if isinstance(text, ast.Constant))


def insides(code):
    """What leads from a hand-in to the program that runs it."""
    for node in code.nodes():
        if isinstance(node, ast.Import | ast.ImportFrom):
            words = [f"{getattr(node, 'module', '')}.{alias.name}" for alias in node.names]
            words += [alias.name for alias in node.names]
        elif isinstance(node, ast.Attribute):
            words = [node.attr, f"{getattr(node.value, 'id', '')}.{node.attr}"]
        else:
            words = [getattr(node, "id", "")]
        texts = [*words, node.value] if isinstance(getattr(node, "value", None), str) else words
        for what in (
            INSIDES.intersection(words)
            | BY_TEXT.intersection([getattr(node, "id", "")])
            | {place for place in PLACES if any(place in text for text in texts)}
        ):
            yield f"a cell mentions {what}, which no task needs: worth a look"
