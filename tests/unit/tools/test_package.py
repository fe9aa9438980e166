"""What is built is the same at every run, and holds what it must."""

from __future__ import annotations

import ast
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.locking import alone
from tools import package, release

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def function_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip as it is built; a copy, since other tests build it too."""
    copy = tmp_path_factory.mktemp("package") / "function.zip"
    with alone(package.BUILD / "package.lock"):
        copy.write_bytes(package.function_zip().read_bytes())
    return copy


def test_two_builds_give_the_same_bytes(function_zip: Path) -> None:
    with alone(package.BUILD / "package.lock"):
        again = package.function_zip().read_bytes()

    assert again == function_zip.read_bytes()


def test_the_function_zip_is_small_and_holds_no_provider_sdk(function_zip: Path) -> None:
    names = zipfile.ZipFile(function_zip).namelist()

    assert function_zip.stat().st_size <= 2_500_000
    assert {"router", "cost_calculator", "aws_lambda_powertools"} <= {
        n.split("/")[0] for n in names
    }
    assert not {"openai", "anthropic", "boto3", "botocore"} & {n.split("/")[0] for n in names}


def test_what_the_functions_import_is_in_their_zip_also_where_they_import_late(
    function_zip: Path,
) -> None:
    archive = zipfile.ZipFile(function_zip)
    files = {
        name.removesuffix(".py").removesuffix("/__init__").replace("/", "."): name
        for name in archive.namelist()
        if name.startswith(("router/", "cost_calculator/")) and name.endswith(".py")
    }
    waiting = [name for name in files if ".handlers." in name or ".lambda_stream." in name]
    seen: set[str] = set()
    missing = set()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        for module in imports(ast.parse(archive.read(files[name]))):
            if module.startswith(("router.", "cost_calculator.")) and module not in files:
                missing.add(f"{name} imports {module}")
            elif module in files and module not in seen:
                waiting.append(module)

    assert len(seen) > 150
    assert missing == set(), "tools/package.py leaves it out: move what a function needs"


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield the modules that code imports, those for type checkers alone left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        yield from imports(node)


def test_lambda_may_run_the_wrapper_of_functions_that_stream(function_zip: Path) -> None:
    modes = {
        entry.filename: entry.external_attr >> 16
        for entry in zipfile.ZipFile(function_zip).filelist
    }

    assert modes.pop("router/lambda_stream/start.sh") == 0o100755
    assert set(modes.values()) == {0o100644}


def test_the_release_holds_every_file_that_the_module_reads(tmp_path: Path) -> None:
    names = set(zipfile.ZipFile(release.archive(tmp_path / "release.zip")).namelist())

    sources = list((package.ROOT / "terraform").glob("*.tf"))
    read = {
        name
        for source in sources
        for name in re.findall(r"\$\{path\.module\}/\.\./([^\"$]+\.json)", source.read_text())
    }
    assert "asl/router.asl.json" in read
    assert read <= names
    assert {f"terraform/{source.name}" for source in sources} <= names
    schemas = {
        path.relative_to(package.ROOT).as_posix()
        for path in (package.ROOT / "src").rglob("*.schema.json")
    }
    assert schemas <= names
    assert {"LICENSE", "docs/upgrading.md"} <= names
    commands = {
        path.relative_to(package.ROOT).as_posix()
        for path in (package.ROOT / "src").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert commands | {"pyproject.toml", "README.md"} <= names
    assert not [name for name in names if name.startswith(("terraform/tests", "tests", "local"))]


def test_an_archive_of_the_same_files_has_the_same_bytes(tmp_path: Path) -> None:
    one, other = (release.archive(tmp_path / name).read_bytes() for name in ("a.zip", "b.zip"))

    assert one == other
