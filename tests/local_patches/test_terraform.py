"""Terraform is found, gets its providers, and writes nothing into the checkout."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from local import terraform, terraform_providers
from local.terraform_providers import MIRROR_VARIABLE, NoProvidersError, environment

MODULE = """
variable "word" { default = "none" }
output "said" { value = var.word }
output "source" { value = file("${path.module}/../../LICENSE-OF-TEST") }
"""


def mirror(at: Path) -> Path:
    (at / "registry.terraform.io" / "hashicorp" / "aws").mkdir(parents=True)
    return at


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terraform_providers, "registry_answers", lambda: False)
    monkeypatch.setattr(Path, "glob", lambda *_: iter(()))  # nothing of this machine's own


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terraform_providers, "registry_answers", lambda: True)


@pytest.mark.usefixtures("online")
def test_named_mirror_comes_before_the_registry(tmp_path: Path) -> None:
    named = mirror(tmp_path / "mirror")

    env = environment(tmp_path / "build", {MIRROR_VARIABLE: str(named), "HOME": str(tmp_path)})

    assert str(named) in Path(env["TF_CLI_CONFIG_FILE"]).read_text()


@pytest.mark.usefixtures("online")
def test_every_root_module_takes_the_registrys_provider_from_one_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terraform_providers, "CACHE", tmp_path / "cache")
    demo, test = (environment(tmp_path / each, {"HOME": str(tmp_path)}) for each in ("a", "b"))

    assert demo == test
    assert demo["TF_PLUGIN_CACHE_DIR"] == str(tmp_path / "cache")
    assert demo["TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE"] == "1"


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize(
    ("place", "variables"),
    [
        (".terraform.d/plugins", {}),
        (".terraform.d/plugin-cache", {}),
        (".local/share/terraform/plugins", {}),
        ("data/terraform/plugins", {"XDG_DATA_HOME": "data"}),
        ("shared/terraform/plugins", {"XDG_DATA_DIRS": "shared"}),
        ("cache", {"TF_PLUGIN_CACHE_DIR": "cache"}),
    ],
)
def test_offline_a_mirror_is_found_in_the_usual_places(
    tmp_path: Path, place: str, variables: dict[str, str]
) -> None:
    found = mirror(tmp_path / place)
    outer = {name: str(tmp_path / value) for name, value in variables.items()}

    env = environment(tmp_path / "build", {"HOME": str(tmp_path), **outer})

    assert str(found) in Path(env["TF_CLI_CONFIG_FILE"]).read_text()


@pytest.mark.usefixtures("offline")
def test_users_own_provider_installation_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".terraformrc").write_text("provider_installation { direct {} }\n")

    assert environment(tmp_path / "build", {"HOME": str(tmp_path)}) == {}


@pytest.mark.usefixtures("offline")
def test_neither_registry_nor_mirror_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(NoProvidersError) as caught:
        environment(tmp_path / "build", {"HOME": str(tmp_path), "XDG_DATA_DIRS": "/none"})

    assert MIRROR_VARIABLE in str(caught.value)
    assert "\n" not in str(caught.value)


def test_named_mirror_without_the_provider_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NoProvidersError, match="holds no"):
        environment(tmp_path / "build", {MIRROR_VARIABLE: str(tmp_path)})


class Silent(BaseHTTPRequestHandler):
    """Takes a request and never answers, until the test lets go."""

    let_go = threading.Event()

    def do_GET(self) -> None:
        self.let_go.wait(10)


@pytest.fixture
def silent() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Silent) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        Silent.let_go.set()
        server.shutdown()
        thread.join()


def test_registry_that_hangs_is_given_up(silent: str) -> None:
    assert terraform_providers.registry_answers(silent, seconds=0.1) is False


def test_registry_that_refuses_is_not_there() -> None:
    assert terraform_providers.registry_answers("http://127.0.0.1:9/", seconds=5) is False


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one root module that reads a file two folders up."""
    root = tmp_path / "repository"
    (root / "examples" / "one").mkdir(parents=True)
    (root / "examples" / "one" / "main.tf").write_text(MODULE)
    (root / "LICENSE-OF-TEST").write_text("text")
    monkeypatch.setattr(terraform, "ROOT", root)
    monkeypatch.setenv(MIRROR_VARIABLE, str(mirror(tmp_path / "mirror")))
    return root


def test_apply_plan_output_and_destroy_leave_the_checkout_clean(
    repository: Path, tmp_path: Path
) -> None:
    module, folder = repository / "examples" / "one", tmp_path / "build"

    terraform.init(module, folder=folder)
    terraform.apply(module, variables={"word": "hello"}, env={}, folder=folder)

    assert terraform.output(module, folder=folder) == {"said": "hello", "source": "text"}
    assert terraform.plan(module, env={}, folder=folder) == ""
    assert [path.name for path in module.iterdir()] == ["main.tf"]

    (module / "main.tf").write_text(MODULE.replace("value = var.word", 'value = "changed"'))
    assert "changed" in terraform.plan(module, env={}, folder=folder)

    terraform.destroy(module, env={}, folder=folder)
    terraform.init(module, folder=folder)
    assert terraform.output(module, folder=folder) == {}


def test_variable_that_dangles_is_not_passed_on(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("TF_WORKSPACE", "elsewhere")
    module, folder = repository / "examples" / "one", tmp_path / "build"

    terraform.init(module, folder=folder)
    terraform.apply(module, variables={}, env={}, folder=folder)

    (log,) = folder.rglob("apply.log")
    assert "CLI configuration" not in log.read_text()


def test_failure_is_one_line_with_the_reason_and_the_log(repository: Path, tmp_path: Path) -> None:
    module, folder = repository / "examples" / "one", tmp_path / "build"
    (module / "broken.tf").write_text('output "x" { value = nonsense }\n')
    terraform.init(module, folder=folder)

    with pytest.raises(terraform.TerraformError, match="Invalid reference") as caught:
        terraform.apply(module, variables={}, env={}, folder=folder)

    assert "\n" not in str(caught.value)
    assert "apply.log" in str(caught.value)
