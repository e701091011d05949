"""Every mutant of a file: what `tools/mutants.py` draws from.

The operators on syntax are those of mutmut (comparison, arithmetic, ``and``/``or``, ``in``/``is``, ``not``, ternaries,
``match``, string methods); the ones below are added: conditions that are negated, forced or lose a part, numbers,
verdict words and keys, named pairs such as ``min`` and ``max``, wrappers such as ``sqrt`` or ``dropna`` that go,
keyword arguments that fall to their default, return values, and statements that go.
mutmut's own ``x = None`` and ``f(None)`` are left out: nearly all of them crash, which says nothing about a test.

No mutants are made where no test should notice:

- docstrings, annotations, imports, decorators (``lru_cache(maxsize=...)``, ``dataclass(frozen=...)``), ``__all__``,
  ``Literal``, ``cast`` and ``TypeVar``, and the body of ``if TYPE_CHECKING``;
- texts: what follows ``raise`` or ``assert``, a variable ``message``, ``InputError(...)``, ``warn(...)`` and logging,
  the words of an f-string, joined strings and strings of more than three words;
- guards and speed: ``zip(strict=)``, ``copy=``, ``check_finite=``, ``overwrite_a=``, ``encoding=``, ``newline=``,
  ``stacklevel=``, ``errstate()``, and tolerances, which are numbers between 0 and 1e-6;
- statements with ``# pragma: no mutate`` on one of their lines.

A mutant that compiles to the same code as the original is no mutant either.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import libcst as cst
import libcst.matchers as m
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation import mutators as mutmut
from mutmut.mutation.file_mutation import deep_replace

Operator = Callable[..., Iterable[cst.CSTNode]]

PRAGMA = "pragma: no mutate"
SILENT = frozenset(
    ("InputError", "MarkerkitWarning", "warn", "debug", "info", "warning", "cast", "TypeVar", "ParamSpec")
) | {"errstate", "catch_warnings", "simplefilter", "filterwarnings"}
NEUTRAL = frozenset(
    (
        "strict",
        "copy",
        "check_finite",
        "overwrite_a",
        "overwrite_b",
        "encoding",
        "newline",
        "stacklevel",
        "maxsize",
    )
)
TEXTS = frozenset(("__all__", "message"))
MOST_WORDS = 3  # a longer string is prose
TOLERANCE = 1e-6

_PAIRS = (
    ("min", "max"),
    ("any", "all"),
    ("minimum", "maximum"),
    ("fmin", "fmax"),
    ("nanmin", "nanmax"),
    ("argmin", "argmax"),
    ("nanargmin", "nanargmax"),
    ("idxmin", "idxmax"),
    ("mean", "median"),
    ("nanmean", "nanmedian"),
    ("std", "var"),
    ("nanstd", "nanvar"),
    ("floor", "ceil"),
    ("zeros", "ones"),
    ("zeros_like", "ones_like"),
    ("isna", "notna"),
    ("head", "tail"),
    ("cumsum", "cumprod"),
    ("union", "intersection"),
    ("log2", "log10"),
    ("exp2", "exp"),
    ("logical_and", "logical_or"),
    ("startswith", "endswith"),
)
PARTNER = {a: b for pair in _PAIRS for a, b in (pair, pair[::-1])}
WRAPPERS = frozenset(
    ("abs", "sqrt", "log", "log2", "log10", "exp", "exp2", "square", "sorted", "unique", "nan_to_num")
)
METHODS = frozenset(
    (
        "abs",
        "clip",
        "dropna",
        "fillna",
        "drop_duplicates",
        "sort_values",
        "sort_index",
        "unique",
        "strip",
        "upper",
    )
)
NEGATED: dict[type, type] = {
    cst.LessThan: cst.GreaterThanEqual,
    cst.LessThanEqual: cst.GreaterThan,
    cst.GreaterThan: cst.LessThanEqual,
    cst.GreaterThanEqual: cst.LessThan,
}


@dataclass(frozen=True)
class Mutant:
    """One change of one file.

    Parameters
    ----------
    path
        File, from the root of the tree.
    line
        Of the change.
    operator
        Kind of change.
    first, last
        Lines of which a test must run one to be able to notice.
    imported
        Whether the change takes effect when the module is imported, not when these lines run.
    node, replacement
        The change.
    """

    path: str
    line: int
    operator: str
    first: int
    last: int
    imported: bool
    node: cst.CSTNode
    replacement: cst.CSTNode

    def apply(self, module: cst.Module) -> str | None:
        """Return the changed source, or nothing where it is no code or the same code."""
        changed = deep_replace(module, self.node, self.replacement)
        assert isinstance(changed, cst.Module)
        try:
            same = _compiled(changed.code) == _compiled(module.code)
        except (SyntaxError, ValueError):
            return None
        return None if same else changed.code


def mutants_of(root: Path, path: Path) -> tuple[cst.Module, list[Mutant]]:
    """Parse a file and list its mutants, in the order of the file."""
    source = path.read_text(encoding="utf-8")
    wrapper = MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True)
    finder = _Finder(path.relative_to(root).as_posix(), source)
    wrapper.visit(finder)
    return wrapper.module, finder.found


class _Finder(cst.CSTVisitor):
    """Walk a module and collect its mutants."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, path: str, source: str) -> None:
        super().__init__()
        self.path = path
        self.found: list[Mutant] = []
        self.above: list[cst.CSTNode] = []
        self.pragmas = {i for i, text in enumerate(source.splitlines(), 1) if PRAGMA in text}

    def on_visit(self, node: cst.CSTNode) -> bool:
        if _is_silent(node):
            return False
        self.above.append(node)
        for name, kind, operator in OPERATORS:
            if isinstance(node, kind):
                for replacement in operator(node):
                    self._add(node, replacement, name)
        if isinstance(node, cst.Return):
            for replacement in self._returns(node):
                self._add(node, replacement, "return")
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if self.above and self.above[-1] is original_node:
            self.above.pop()

    def _returns(self, node: cst.Return) -> Iterator[cst.CSTNode]:
        """Negate what a predicate returns; give nothing instead of another value."""
        if node.value is None or m.matches(node.value, m.Name("None") | m.Name("True") | m.Name("False")):
            return
        function = next(n for n in reversed(self.above) if isinstance(n, cst.FunctionDef))
        if function.returns and m.matches(function.returns.annotation, m.Name("bool")):
            yield node.with_changes(value=cst.UnaryOperation(cst.Not(), _in_parentheses(node.value)))
        else:
            yield node.with_changes(value=cst.Name("None"))

    def _add(self, node: cst.CSTNode, replacement: cst.CSTNode, operator: str) -> None:
        first, last, imported = self._reach()
        line = self._span(next(n for n in reversed(self.above) if self._span(n)[0]))[0]
        if self.pragmas.intersection((line, *range(first, last + 1))):
            return
        self.found.append(Mutant(self.path, line, operator, first, last, imported, node, replacement))

    def _reach(self) -> tuple[int, int, bool]:
        """Lines of the innermost statement, for a compound one of its head; for a default those of the body."""
        at = max((i for i, n in enumerate(self.above) if isinstance(n, cst.BaseStatement)), default=0)
        statement = self.above[at]
        imported = not any(isinstance(n, cst.FunctionDef) for n in self.above)
        first, last = self._span(statement)
        if isinstance(statement, cst.FunctionDef):
            first, last = self._span(statement.body)
        elif isinstance(statement, cst.BaseCompoundStatement):
            body = statement.cases[0] if isinstance(statement, cst.Match) else statement.body
            last = max(first, self._span(body)[0] - 1)
        return first, last, imported

    def _span(self, node: cst.CSTNode) -> tuple[int, int]:
        position = self.get_metadata(PositionProvider, node, None)
        return (0, 0) if position is None else (position.start.line, position.end.line)


def _compiled(source: str) -> bytes:
    # version 2 of the format: later ones depend on reference counts
    return marshal.dumps(compile(source, "mutant", "exec", dont_inherit=True), 2)


def _name(node: cst.CSTNode) -> str:
    """Last part of a dotted name."""
    if isinstance(node, cst.Attribute):
        return node.attr.value
    return node.value if isinstance(node, cst.Name) else ""


def _is_silent(node: cst.CSTNode) -> bool:
    """Say whether no test should notice a change in here."""
    match node:
        case (
            cst.Annotation() | cst.Decorator() | cst.Import() | cst.ImportFrom() | cst.Raise() | cst.Assert()
        ):
            return True
        case cst.ConcatenatedString():
            return True
        case cst.Expr():
            return isinstance(node.value, cst.SimpleString | cst.Ellipsis)
        case cst.SimpleString():
            return len(node.value.split()) > MOST_WORDS
        case cst.Float():
            return 0 < node.evaluated_value < TOLERANCE
        case cst.Assign():
            return any(_name(t.target) in TEXTS for t in node.targets)
        case cst.AnnAssign():
            return node.value is None or _name(node.target) in TEXTS
        case cst.Call():
            return _name(node.func) in SILENT
        case cst.Arg():
            return node.keyword is not None and node.keyword.value in NEUTRAL
        case cst.Subscript():
            return _name(node.value) == "Literal"
        case cst.If():
            return _name(node.test) == "TYPE_CHECKING"
    return False


def _in_parentheses(node: cst.BaseExpression) -> cst.BaseExpression:
    return node.with_changes(lpar=[cst.LeftParen(), *node.lpar], rpar=[*node.rpar, cst.RightParen()])


def _number(node: cst.Integer | cst.Float) -> Iterable[cst.CSTNode]:
    value = node.evaluated_value
    yield node.with_changes(value=repr(value + 1 if isinstance(value, int) or value == 0 else 2 * value))


def _string(node: cst.SimpleString) -> Iterable[cst.CSTNode]:
    yield from list(mutmut.operator_string(node))[:1]


def _negated_comparison(node: cst.ComparisonTarget) -> Iterable[cst.CSTNode]:
    if type(node.operator) in NEGATED:
        yield node.with_changes(operator=NEGATED[type(node.operator)]())


def _condition(node: cst.If | cst.While) -> Iterable[cst.CSTNode]:
    # a loop that never ends takes its whole time limit, and says no more than one that ends at once
    for value in ("False", "True")[: 2 if isinstance(node, cst.If) else 1]:
        yield node.with_changes(test=cst.Name(value))


def _part_of_condition(node: cst.BooleanOperation) -> Iterable[cst.CSTNode]:
    yield _in_parentheses(node.left)
    yield _in_parentheses(node.right)


def _filter(node: cst.CompFor) -> Iterable[cst.CSTNode]:
    for i in range(len(node.ifs)):
        yield node.with_changes(ifs=[*node.ifs[:i], *node.ifs[i + 1 :]])


def _partner(node: cst.Call) -> Iterable[cst.CSTNode]:
    new = PARTNER.get(_name(node.func))
    if new is not None and isinstance(node.func, cst.Attribute):
        yield node.with_changes(func=node.func.with_changes(attr=cst.Name(new)))
    elif new is not None:
        yield node.with_changes(func=cst.Name(new))


def _wrapper(node: cst.Call) -> Iterable[cst.CSTNode]:
    """Leave out ``sqrt(...)`` around a value, or ``.dropna()`` behind one."""
    of_module = m.matches(node.func, m.Name() | m.Attribute(value=m.Name("np")))
    if of_module and node.args and _name(node.func) in WRAPPERS:
        yield _in_parentheses(node.args[0].value)
    elif isinstance(node.func, cst.Attribute) and not of_module and node.func.attr.value in METHODS:
        yield _in_parentheses(node.func.value)


def _argument(node: cst.Call) -> Iterable[cst.CSTNode]:
    """Leave a keyword argument to its default."""
    for i, arg in enumerate(node.args):
        if arg.keyword is not None and arg.keyword.value not in NEUTRAL:
            yield node.with_changes(args=[*node.args[:i], *node.args[i + 1 :]])


def _statement(node: cst.BaseSmallStatement) -> Iterable[cst.CSTNode]:
    """Leave out a call for its effect, or an assignment into an object; the name of a variable must stay."""
    called = isinstance(node, cst.Expr) and isinstance(node.value, cst.Call) and not _is_silent(node.value)
    stored = isinstance(node, cst.Assign) and not any(
        isinstance(t.target, cst.Name | cst.Tuple) for t in node.targets
    )
    if called or stored:
        yield cst.Pass()


OPERATORS: Sequence[tuple[str, type | tuple[type, ...], Operator]] = (
    ("operator", cst.CSTNode, mutmut.operator_swap_op),
    ("operator", cst.ComparisonTarget, _negated_comparison),
    ("keyword", cst.CSTNode, mutmut.operator_keywords),
    ("keyword", cst.Name, mutmut.operator_name),
    ("keyword", cst.UnaryOperation, mutmut.operator_remove_unary_ops),
    ("condition", (cst.If, cst.While), _condition),
    ("condition", cst.IfExp, mutmut.operator_if_exp),
    ("condition", cst.BooleanOperation, _part_of_condition),
    ("condition", cst.CompFor, _filter),
    ("number", (cst.Integer, cst.Float), _number),
    ("string", cst.SimpleString, _string),
    ("call", cst.Call, _partner),
    ("call", cst.Call, _wrapper),
    ("call", cst.Call, mutmut.operator_symmetric_string_methods_swap),
    ("argument", cst.Call, _argument),
    ("statement", (cst.Expr, cst.Assign), _statement),
    ("statement", cst.AugAssign, mutmut.operator_augmented_assignment),
    ("statement", cst.Match, mutmut.operator_match),
)
