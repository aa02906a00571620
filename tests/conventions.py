"""What the code's own rules are, as functions that return a line for each offence. See `test_conventions.py`."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APPS = ["config.team", "stages", "contacts", "journeys"]
"""Below the surface, an app knows those before it."""

SURFACE = {"views", "forms", "filters", "shown", "api", "admin", "tasks", "urls", "management", "templatetags"}
PROJECT_SURFACE = {
    "announce",
    "confirmation",
    "context",
    "errors",
    "health",
    "htmx",
    "logs",
    "metrics",
    "middleware",
    "navigation",
    "settings",
    "wsgi",
}
FOUNDATION = {"models", "triggers", "canonical", "transitions", "conditions", "causes", "roles", "migrations"}
PROJECT_FOUNDATION = {
    "constraints",
    "data_folder",
    "embedded",
    "environment",
    "install",
    "mail_server",
    "named_server",
    "public_address",
    "supervision",
    "trouble",
    "version",
}
SHARED_FIELDS = "journeys.fields"
PURE = {"transitions", "conditions"}
NOT_PURE = re.compile(r"django\.(db|http|utils\.timezone|core|contrib)|psycopg|time$|.*\.(models|actions|queries)\b")

ONE_DOOR = "journeys.status.actions"
BEHIND_THE_DOOR = "journeys.status.slices"
WRITES = {"create", "bulk_create", "update", "bulk_update", "update_or_create", "get_or_create", "delete", "save"}
WRITING_SQL = re.compile(
    r"\b(UPDATE|INSERT\s+INTO|DELETE\s+FROM|MERGE\s+INTO|COPY)\s+(ONLY\s+)?\"?journeys_funnelstatus\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Module:
    """A Python module of the project, by its dotted name."""

    name: str
    source: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    @property
    def app(self) -> str:
        """The app it belongs to, or `config` for the project's own."""
        return next((app for app in APPS if _is_in(self.name, app)), "config")

    def imports(self) -> Iterator[str]:
        """The modules it imports, wherever in the file; `from a import b` counts as `a.b` too."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules() -> list[Module]:
    """All code of the project but migrations and tests."""
    folders = ("config", "stages", "contacts", "journeys")
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return [
        Module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), path.read_text())
        for path in paths
        if "migrations" not in path.parts
    ]


def templates() -> dict[str, str]:
    """The text of every template by its name, such as `contacts/contact.html`."""
    folder = ROOT / "templates"
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*.html"))}


# Layers


def layer(name: str) -> int:
    """0 for the foundation, 1 for the middle, 2 for the surface."""
    parts = name.split(".")
    if SURFACE & set(parts) or (parts[0] == "config" and parts[-1] in PROJECT_SURFACE):
        return 2
    if name == SHARED_FIELDS or parts[-1] in FOUNDATION or (parts[0] == "config" and parts[-1] in PROJECT_FOUNDATION):
        return 0
    return 1


def wrong_imports(all_modules: Iterable[Module]) -> list[str]:
    """Imports that point upward between layers or apps, or at a view."""
    known = list(all_modules)
    names = {module.name for module in known}
    return [
        f"{module.name} imports {imported}: {reason}"
        for module in known
        for imported in sorted({_module_of(name, names) for name in module.imports()} - {""})
        if (reason := _offence(module, imported))
    ] + [
        f"{module.name} imports {name}: pure rules know no database, clock or request"
        for module in known
        if module.name.split(".")[-1] in PURE
        for name in sorted(set(module.imports()))
        if NOT_PURE.match(name)
    ]


def _offence(module: Module, imported: str) -> str | None:
    last = module.name.split(".")[-1]
    if imported.split(".")[-1] == "views" and last != "urls" and _package(module.name) != _package(imported):
        return "nothing imports a view but urls"
    if layer(imported) > layer(module.name):
        return "a lower layer does not know the one above it"
    if layer(module.name) < 2 and _rank(imported) > _rank(module.name):
        return "below the surface an app knows only those before it"
    return None


def _rank(name: str) -> int:
    return next((rank for rank, app in enumerate(APPS) if _is_in(name, app)), -1)


def _module_of(name: str, names: set[str]) -> str:
    """The module of ours that `name` is, or is in; nothing for other people's."""
    parent = name.rpartition(".")[0]
    return name if name in names else parent if parent in names else ""


def _package(name: str) -> str:
    return name.rpartition(".")[0]


def _is_in(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


# One door


def second_writers(all_modules: Iterable[Module]) -> list[str]:
    """Places other than the one door that write a funnel status, or go past it."""
    return [
        f"{module.name}:{line} {what}"
        for module in all_modules
        if module.name not in (ONE_DOOR, BEHIND_THE_DOOR) and module.name.split(".")[-1] != "triggers"
        for line, what in [*_writes_of_status(module.tree), *_ways_past_the_door(module)]
    ]


def _ways_past_the_door(module: Module) -> Iterator[tuple[int, str]]:
    yield from ((1, f"imports {name}") for name in module.imports() if _is_in(name, BEHIND_THE_DOOR))


def _writes_of_status(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and (sql := WRITING_SQL.search(node.value)):
            yield node.lineno, " ".join(sql.group().split())
    for scope in ast.walk(tree):
        if isinstance(scope, ast.Module | ast.FunctionDef):
            yield from _writing_calls(scope)


def _writing_calls(scope: ast.Module | ast.FunctionDef) -> Iterator[tuple[int, str]]:
    """Calls of `save`, `update` and the like on what comes from `FunnelStatus` or a contact's `.status`."""
    own = [
        node for statement in scope.body if not isinstance(statement, ast.FunctionDef) for node in ast.walk(statement)
    ]
    held = {
        target.id
        for node in own
        if isinstance(node, ast.Assign | ast.For | ast.comprehension) and _is_of_status(_value(node), set())
        for target in _targets(node)
        if isinstance(target, ast.Name)
    }
    for node in own:
        is_write = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES
        if is_write and _is_of_status(node.func.value, held):
            yield node.lineno, f".{node.func.attr}() of a funnel status"


def _value(node: ast.Assign | ast.For | ast.comprehension) -> ast.expr:
    return node.value if isinstance(node, ast.Assign) else node.iter


def _targets(node: ast.Assign | ast.For | ast.comprehension) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]


def _is_of_status(expression: ast.expr, held: set[str]) -> bool:
    """Whether it begins with `FunnelStatus`, a name that holds one, or `<contact>.status`."""
    while True:
        if isinstance(expression, ast.Call):
            expression = expression.func
        elif isinstance(expression, ast.Subscript):
            expression = expression.value
        elif isinstance(expression, ast.Attribute):
            if expression.attr == "FunnelStatus" or (expression.attr == "status" and not _is_module(expression.value)):
                return True
            expression = expression.value
        else:
            return isinstance(expression, ast.Name) and (expression.id == "FunnelStatus" or expression.id in held)


def _is_module(expression: ast.expr) -> bool:
    """`journeys.status.actions` is the door itself."""
    return isinstance(expression, ast.Name) and expression.id == "journeys"


# Actions


def loose_actions(all_modules: Iterable[Module], no_actions: Iterable[str] = ()) -> list[str]:
    """Public functions of an `actions.py` that are not keyword-only, or decide by default who acts and why.

    Args:
        no_actions: functions in such a module that change nothing anybody answers for.
    """
    return [
        f"{module.name}.{function.name} {complaint}"
        for module in all_modules
        if module.name.split(".")[-1] == "actions"
        for function in module.tree.body
        if isinstance(function, ast.FunctionDef) and not function.name.startswith("_")
        if f"{module.name}.{function.name}" not in no_actions
        for complaint in _complaints(function)
    ]


def _complaints(function: ast.FunctionDef) -> Iterator[str]:
    arguments = function.args
    if arguments.args or arguments.posonlyargs or arguments.vararg:
        yield "takes arguments that are not keyword-only"
    without_default = {
        argument.arg
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is None
    }
    if "by" not in without_default:
        yield "does not demand `by`"
    if "cause" in {argument.arg for argument in arguments.kwonlyargs} - without_default:
        yield "has a default for `cause`"


# Templates


_COMMENTS = re.compile(r"{#.*?#}|{% comment.*?endcomment %}|<!--.*?-->", re.DOTALL)
_LOGIC = re.compile(r"{%.*?%}", re.DOTALL)
_TAG = re.compile(r"<([a-zA-Z][\w-]*)((?:\"[^\"]*\"|'[^']*'|[^>\"'])*)>")
_ID = re.compile(r"""\sid=(["'])(.*?)\1""")


def wrong_part_ids(all_templates: dict[str, str]) -> list[str]:
    """Parts whose root element is called otherwise than the file, and swapped elements that have no file."""
    wrong = [
        f"{name} holds #{given}, not #{part_id(name)}"
        for name, text in all_templates.items()
        if _is_part(name) and (given := root_id(text)) and "{" not in given and given != part_id(name)
    ]
    parts = {part_id(name): root_id(text) for name, text in all_templates.items() if _is_part(name)}
    return wrong + [
        f"{name} swaps #{target}, and no part of that name holds it"
        for name, text in all_templates.items()
        for target in sorted(swapped_ids(text))
        if (parts.get(target) or "").split("-{")[0] != target
    ]


def part_id(name: str) -> str:
    """`contacts/_contacts_list.html` holds `#contacts-list`."""
    return Path(name).stem.removeprefix("_").replace("_", "-")


def root_id(text: str) -> str:
    """The id of the first element, or nothing. What a template puts into it stays in braces."""
    first = _TAG.search(_LOGIC.sub("", _COMMENTS.sub("", text)))
    found = first and _ID.search(first.group())
    return found.group(2) if found else ""


def swapped_ids(text: str) -> set[str]:
    """Ids that htmx replaces, without the number of a row; those of the frame and of components not counted."""
    targets = re.findall(r'hx-target="#([\w-]+?)(?:-{{[^"]*)?"', _COMMENTS.sub("", text))
    return set(targets) - {"dialog", "messages"}


def _is_part(name: str) -> bool:
    return Path(name).name.startswith("_") and not name.startswith("_components/")


def inline_code(all_templates: dict[str, str]) -> list[str]:
    """What the Content Security Policy would block: style attributes, inline scripts and handlers."""
    return [
        f"{name}: {complaint}"
        for name, text in all_templates.items()
        for tag, attributes in _TAG.findall(_LOGIC.sub(" ", _COMMENTS.sub("", text)))
        for complaint in _inline_complaints(tag.lower(), attributes)
    ]


def _inline_complaints(tag: str, attributes: str) -> Iterator[str]:
    names = {name.lower() for name in re.findall(r"""(?:^|\s)([^\s"'<>/=]+)(?==)""", attributes)}
    if "style" in names:
        yield f"style attribute in <{tag}>"
    if tag == "style" or (tag == "script" and "src" not in names):
        yield f"inline <{tag}>"
    yield from (f"handler {name} in <{tag}>" for name in sorted(names) if re.match(r"on[a-z]|hx-on", name))


# Signals


def signals(all_modules: Iterable[Module]) -> list[str]:
    """Uses of Django's signals: nobody who reads a call sees what hangs on it."""
    return [
        f"{module.name} imports {name}"
        for module in all_modules
        for name in sorted(set(module.imports()))
        if re.match(r"django\.(dispatch|.*\bsignals\b)", name) or name.endswith(".signals")
    ]


# Screens


def misnamed_screens(
    routes: Iterable[tuple[str, str, str]], all_templates: Iterable[str], tests: Iterable[str]
) -> list[str]:
    """Screens that have more than one name.

    Args:
        routes: app, name of the address, and name of the view.
        all_templates: such as `contacts/contact.html`.
        tests: such as `contacts/test_contact_screen.py`.
    """
    known, shown, tested = list(routes), set(all_templates), set(tests)
    screens = {f"{app}/{name}.html" for app, name, _ in known}
    return [
        *(
            f"{app}:{name} is answered by the view {view}"
            for app, name, view in known
            if name != view and not name.startswith(f"{view}_")  # two addresses of one act: `move_up`, `move_down`
        ),
        *(
            f"{app}:{name} has no test {app}/test_{name}_screen.py"
            for app, name, _ in known
            if f"{app}/{name}.html" in shown and f"{app}/test_{name}_screen.py" not in tested
        ),
        *(
            f"{template} is the template of no address"
            for template in sorted(shown - screens)
            if "/" in template and not Path(template).name.startswith("_") and not template.startswith("_components/")
        ),
    ]
