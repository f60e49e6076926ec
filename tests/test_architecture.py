"""The rules of the house that a program can check: who imports whom, file sizes, where I/O may begin."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

MAY_IMPORT = {
    "models": {"models"},
    "stages": {"models", "stages"},
    "pipeline": {"models", "stages", "pipeline"},
    "ops": {"models", "stages", "pipeline", "ops"},
    "benchmarks": {"models", "stages", "pipeline", "ops", "benchmarks"},
    "tests": {"models", "stages", "pipeline", "ops", "benchmarks", "tests"},
}
"""Imports point down: ops, pipeline, stages, models. Nothing imports benchmarks."""

MAX_LINES = 400

READS_ENVIRONMENT = ("pipeline/wiring.py", "ops/", "benchmarks/", "tests/")
"""Settings come from there and are passed in."""

DOES_IO = {
    *("boto3", "botocore", "pika", "dramatiq", "sqlalchemy", "psycopg", "sqlite3", "alembic", "pyhanko", "pkcs11"),
    *("socket", "subprocess", "multiprocessing", "threading", "asyncio", "urllib", "http", "shutil", "tempfile"),
}
"""Libraries that only adapters may use: models and stages see ports."""

STAGES_THAT_SPEAK_TO = {"stages/certify.py": {"pyhanko"}}
"""Libraries of the list above that one stage may use on bytes in memory."""

HEAVY = ("boto3", "botocore", "pyhanko", "tesserocr", "pika", "dramatiq", "sqlalchemy", "pkcs11", "rich", "skimage")
"""Not loaded by the flow itself: a worker loads what its own stages use, when they first use it."""


def python_files(*folders: str) -> list[Path]:
    """Every source file under the folders, relative to the root."""
    return sorted(path.relative_to(ROOT) for folder in folders for path in (ROOT / folder).rglob("*.py"))


ALL_FILES = python_files(*MAY_IMPORT)


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and module of every import, also of those inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports are absolute"
            assert node.module is not None
            yield node.lineno, node.module
        elif isinstance(node, ast.Call) and _name(node.func) in {"import_module", "__import__"}:
            literal = node.args[0] if node.args else None
            if isinstance(literal, ast.Constant) and isinstance(literal.value, str):
                yield node.lineno, literal.value


def reads_environment(tree: ast.AST) -> Iterator[int]:
    """Lines that look at environment variables; setting one, for a library to read, is not looking."""
    names = {"environ", "environb", "getenv", "getenvb"}
    set_only = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
    }
    for node in ast.walk(tree):
        if id(node) in set_only:
            continue
        if (isinstance(node, ast.Attribute) and node.attr in names and _name(node.value) == "os") or (
            isinstance(node, ast.ImportFrom) and node.module == "os" and names & {a.name for a in node.names}
        ):
            yield node.lineno


def wrong_imports(path: Path, tree: ast.AST) -> list[str]:
    """Imports of a file that its layer may not have."""
    layer = path.parts[0]
    allowed = MAY_IMPORT[layer]
    forbidden_io = (
        DOES_IO - STAGES_THAT_SPEAK_TO.get(path.as_posix(), set()) if layer in ("models", "stages") else set()
    )
    wrong = []
    for line, module in imported(tree):
        top = module.partition(".")[0]
        if (top in MAY_IMPORT and top not in allowed) or top in forbidden_io:
            wrong.append(f"{path}:{line} imports {module}")
    return wrong


def parse(path: Path) -> ast.AST:
    return ast.parse((ROOT / path).read_text("utf-8"), str(path))


@pytest.mark.parametrize("path", ALL_FILES, ids=str)
def test_imports_point_down(path: Path) -> None:
    """A layer imports itself and what lies below it; models and stages import nothing that does I/O."""
    assert wrong_imports(path, parse(path)) == []


@pytest.mark.parametrize("path", ALL_FILES, ids=str)
def test_files_stay_small(path: Path) -> None:
    """A file of more than 400 lines is asking to be split."""
    assert len((ROOT / path).read_text("utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize("path", [p for p in ALL_FILES if not p.as_posix().startswith(READS_ENVIRONMENT)], ids=str)
def test_settings_are_passed_in(path: Path) -> None:
    """Nobody but the composition root and the command line reads the environment."""
    assert list(reads_environment(parse(path))) == []


@pytest.mark.parametrize(
    ("layer", "source"),
    [
        ("models", "import stages.flow"),
        ("models", "def late():\n    from pipeline import wiring"),
        ("stages", "import ops"),
        ("stages", "import importlib\nimportlib.import_module('pipeline.wiring')"),
        ("pipeline", "from benchmarks.corpus import page"),
        ("ops", "if True:\n    import benchmarks"),
        ("stages", "import boto3.session"),
        ("models", "from sqlalchemy import text"),
    ],
)
def test_the_import_rule_sees_what_it_forbids(layer: str, source: str) -> None:
    """The check is a check: plain, late and computed imports upwards are all found."""
    assert len(wrong_imports(Path(layer) / "example.py", ast.parse(source))) == 1


@pytest.mark.parametrize(
    "source", ["import os\nos.environ['A']", "import os\nos.getenv('A')", "from os import environ"]
)
def test_the_environment_rule_sees_what_it_forbids(source: str) -> None:
    """Every way to read a variable is found; setting one is not reading."""
    assert list(reads_environment(ast.parse(source))) != []
    assert list(reads_environment(ast.parse("import os\nos.environ['A'] = '1'"))) == []


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("models.flow", (*HEAVY, "cv2", "pikepdf", "PIL")),
        ("models.settings", (*HEAVY, "cv2", "pikepdf", "PIL", "numpy")),
        ("stages.flow", HEAVY),
        ("pipeline.wiring", tuple(set(HEAVY) - {"sqlalchemy"})),
        ("ops.cli", tuple(set(HEAVY) - {"sqlalchemy", "rich"})),
    ],
)
def test_nothing_heavy_is_loaded_before_it_is_used(module: str, unwanted: tuple[str, ...]) -> None:
    """A fresh interpreter that imports the module has not loaded what only some of its users need."""
    code = f"import sys, {module}; print(*sorted(set({unwanted!r}) & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, [], "")


def _name(node: ast.expr) -> str:
    """The last name of ``a.b.c`` or ``c``."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
