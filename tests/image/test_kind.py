"""The kind values without Kubernetes: the two images with exactly what the chart gives their pods.

The containers share one network that has a loopback interface and nothing else, with the address of the small Internet
on it: no packet can leave it, whatever a hostile website asks for.
"""

import json
import os
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from scrapersky.demo import DemoReport, StageReport
from tests.internet.network import all_sites
from tests.support.chart import CI, Manifest, Pod, manifests, of_kind, pod_of
from tests.support.container import CONFINED, LABEL, Engine, Image, build
from tests.support.promises import check_totals
from tests.support.services import MODULES

pytestmark = [pytest.mark.image, pytest.mark.timeout(900)]

MOST_ROUNDS = 20
ADD_ADDRESS = """
import fcntl, socket, struct, sys
asked = struct.pack("16sH2s4s8s", b"lo:demo", socket.AF_INET, b"", socket.inet_aton(sys.argv[1]), b"")
fcntl.ioctl(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0x8916, asked)  # SIOCSIFADDR
"""
ANSWERS = """
import socket, sys, time
for attempt in range(300):
    try:
        socket.create_connection((sys.argv[1], int(sys.argv[2])), 1).close()
        break
    except OSError:
        time.sleep(0.2)
else:
    sys.exit(f"nobody answers at {sys.argv[1:]}")
"""


@dataclass(frozen=True)
class Cluster:
    """What the chart renders to, and a network to run its pods in."""

    engine: Engine
    found: list[Manifest]
    files: Path
    network: str
    started: list[str] = field(default_factory=list)

    def options(self, pod: Pod) -> list[str]:
        """A pod's variables and volumes, as options of ``docker run``."""
        values: dict[str, str] = {}
        for source in pod.container.get("envFrom", []):
            values |= of_kind(self.found, "ConfigMap")[source["configMapRef"]["name"]]["data"]
        values |= {name: self._value(value) for name, value in pod.environment.items()}
        values.pop("START_DELAY_SECONDS", None)  # five starts in one second are no trouble here
        mounts = {each["name"]: each["mountPath"] for each in pod.container["volumeMounts"]}
        volumes = {
            mounts[each["name"]]: self._directory(each)
            for each in pod.spec["volumes"]
            if each.keys() & {"configMap", "secret"}
        }
        volumes["/etc/hosts"] = self.files / "hosts"
        return [f"--env={name}={value}" for name, value in values.items()] + [
            f"--volume={source}:{path}:ro" for path, source in volumes.items()
        ]

    def run(self, image: Image, component: str, *command: str) -> str:
        """Run a command with all that a component's pod has; what it prints."""
        pod = pod_of(self.found, component)
        entrypoint, *arguments = command or pod.container["command"]
        done = self.engine(
            "run", "--rm", LABEL, *CONFINED, f"--network={self.network}", *self.options(pod),
            f"--entrypoint={entrypoint}", image.name, *arguments,
        )  # fmt: skip
        assert done.returncode == 0, (component, done.stdout, done.stderr[-3000:])
        return done.stdout

    def start(self, image: str, *arguments: str, options: tuple[str, ...]) -> None:
        """Start a container, to be removed with the others."""
        done = self.engine("run", "--detach", LABEL, *options, image, *arguments)
        assert done.returncode == 0, done.stderr
        self.started.append(done.stdout.strip())

    def _value(self, value: str | dict[str, Any]) -> str:
        if isinstance(value, str):
            return value
        if "fieldRef" in value:
            return f"pod-{uuid.uuid4().hex[:5]}"
        asked = value["secretKeyRef"]
        return str(of_kind(self.found, "Secret")[asked["name"]]["stringData"][asked["key"]])

    def _directory(self, volume: Manifest) -> Path:
        kind, key = ("Secret", "stringData") if "secret" in volume else ("ConfigMap", "data")
        name = volume["secret"]["secretName"] if "secret" in volume else volume["configMap"]["name"]
        directory = self.files / kind / str(name)
        directory.mkdir(parents=True, exist_ok=True)
        for file, content in of_kind(self.found, kind)[name][key].items():
            (directory / file).write_text(content)
        return directory


@pytest.fixture
def cluster(container_engine: Engine, image: Image, tmp_path: Path) -> Iterator[Cluster]:
    """PostgreSQL and the small Internet run, on a network of their own."""
    tmp_path.chmod(0o755)
    found = manifests("helm3", {}, CI["kind"])
    address = of_kind(found, "Service")["scrapersky-small-internet"]["spec"]["clusterIP"]
    name = f"scrapersky-kind-{os.getpid()}"
    names = " ".join(of_kind(found, "Service"))
    (tmp_path / "hosts").write_text(f"127.0.0.1 localhost {names}\n")
    cluster = Cluster(container_engine, found, tmp_path, f"container:{name}")
    # Not its PGDATA: that is on a volume.
    database = [each for each in cluster.options(pod_of(found, "postgresql")) if "=POSTGRES_" in each]
    try:
        cluster.start(
            "docker.io/library/postgres:17",
            options=(f"--name={name}", "--network=none", *database),
        )
        as_root = ("--network=" + cluster.network, "--cap-add=NET_ADMIN", "--user=0:0", "--entrypoint=python")
        added = container_engine("run", "--rm", "-i", *as_root, image.name, "-", address, stdin=ADD_ADDRESS)
        assert added.returncode == 0, added.stderr
        internet = build(container_engine, "scrapersky-internet:test", "--target=internet")
        pod = pod_of(found, "small-internet")
        options = (*CONFINED, "--network=" + cluster.network, *cluster.options(pod))
        # In a cluster the pods do not share a loopback, where one website must find nobody.
        arguments = [each.replace("0.0.0.0", address) for each in pod.container["args"]]
        cluster.start(internet.name, *arguments, options=options)
        for where in (("127.0.0.1", "5432"), (address, "8088")):
            cluster.run(image, "toolbox", "python", "-c", ANSWERS, *where)
        yield cluster
    finally:
        for each in reversed(cluster.started):
            container_engine("rm", "--force", "--time=1", each)


def test_the_demos_rows_arrive(cluster: Cluster, image: Image) -> None:
    cluster.run(image, "migration")
    cluster.run(image, "search")
    # There is no Pushgateway here; everything else is, Places included.
    cluster.run(image, "doctor", "env", "--unset=PUSHGATEWAY_URL", "scrapersky", "doctor")
    for _ in range(MOST_ROUNDS):
        with ThreadPoolExecutor() as pool:
            done = [pool.submit(cluster.run, image, service) for service in MODULES]
        for each in done:
            each.result()
        queues = json.loads(cluster.run(image, "toolbox", "scrapersky", "status", "--json"))["queues"]
        if not any(each["queued"] + each["processing"] for each in queues):
            break
    report = json.loads(cluster.run(image, "toolbox", "scrapersky", "demo", "--watch", "--json"))
    stages = [StageReport(**stage) for stage in report["stages"]]
    check_totals(DemoReport(**{**report, "stages": stages}), all_sites())
