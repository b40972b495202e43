"""The project's own files, for the tests that hold its rules."""

import ast
import subprocess
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Module:
    """A Python file: its dotted name, and its tree as Python 3.11 reads it."""

    path: Path
    name: str
    tree: ast.Module

    @property
    def imports(self) -> set[str]:
        """Everything imported anywhere in the file, by its full name."""
        names: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                names.update(f"{node.module}.{alias.name}" for alias in node.names)
        return names

    @cached_property
    def attributes(self) -> list[tuple[str, int]]:
        """Every attribute taken, as written (`self._writer.begin`), with its line."""
        return [(ast.unparse(node), node.lineno) for node in ast.walk(self.tree) if isinstance(node, ast.Attribute)]

    def at(self, line: int) -> str:
        """A place in the file, for messages."""
        return f"{self.path.relative_to(ROOT)}:{line}"


def modules(*packages: str) -> list[Module]:
    """Every module of the packages; a SyntaxError if one is not Python 3.11."""
    return [module for package in packages for module in _modules(package)]


@cache
def _modules(package: str) -> tuple[Module, ...]:
    found = []
    for path in sorted(ROOT.joinpath(package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found.append(Module(path, name, ast.parse(path.read_text(), path.name, feature_version=(3, 11))))
    return tuple(found)


@cache
def kept_files() -> tuple[Path, ...]:
    """Every file of the project that git keeps, or would keep."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    paths = (ROOT / name for name in listed.stdout.decode().split("\0") if name)
    return tuple(sorted(path for path in paths if path.is_file()))
