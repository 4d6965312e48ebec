"""What a source of the project imports and calls, read from its text: nothing is installed or started for it."""

import ast
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROOMS = ("lab", "pages", "benchmarks", "tests")


@lru_cache
def sources() -> dict[str, str]:
    """Every Python file of the project by its path from the root."""
    files = [ROOT / "app.py", *(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in files if path.is_file()}


def core() -> list[str]:
    """The rooms of lab that show nothing."""
    return [path for path in sources() if path.startswith("lab/") and not path.startswith("lab/ui/")]


def imports(source: str) -> set[str]:
    """The dotted names that a source imports, anywhere in it: `from a.b import c` counts as a.b and a.b.c."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            names |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("__import__", "importlib.import_module"):
            names |= {str(argument.value) for argument in node.args if isinstance(argument, ast.Constant)}
    return names


def imports_at_once(source: str) -> set[str]:
    """Those of them that its import carries out: not what its functions import once they are called."""
    return imports("\n".join(ast.unparse(node) for node in ast.parse(source).body if not _is_called_later(node)))


def _is_called_later(node: ast.stmt) -> bool:
    is_for_types = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    return is_for_types or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)


def pickling(source: str) -> set[str]:
    """The calls in a source that would read or write a pickle: `torch.load`."""
    known = {"torch.load", "torch.save", "np.load", "numpy.load"}
    found = {ast.unparse(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)}
    return {name for name in found if name in known or name.endswith(("_pickle", ".pickle"))}


def breaches(files: Iterable[str], forbidden: Iterable[str], named: dict[str, str] | None = None) -> list[str]:
    """`file imports name` for each import of a forbidden module, or of a part of it, in the files (patterns)."""
    patterns, walls = tuple(files), tuple(forbidden)
    return [
        f"{path} imports {name}"
        for path, source in sorted((named or sources()).items())
        if any(fnmatch(path, pattern) for pattern in patterns)
        for name in sorted(imports(source))
        if any(name == wall or name.startswith(f"{wall}.") for wall in walls)
    ]


def reachable(start: str, read: Callable[[str], set[str]] = imports) -> Iterator[str]:
    """`start` and every module of lab that it imports, directly or through others, as paths; `read` finds imports."""
    waiting, seen = [start], set()
    while waiting:
        path = waiting.pop()
        if path in seen or path not in sources():
            continue
        seen.add(path)
        yield path
        rooms = [name.replace(".", "/") for name in read(sources()[path]) if name.startswith("lab.")]
        waiting += [f"{room}{end}" for room in rooms for end in (".py", "/__init__.py")]
