"""The chart as either Helm renders it, and its pods wherever they stand in a manifest."""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support.kube import ROOT, tool

CHART = ROOT / "charts" / "scrapersky"
CI = {path.stem.removesuffix("-values"): path for path in sorted((CHART / "ci").glob("*-values.yaml"))}
HELMS = ("helm3", "helm4")
DATABASE = {"database": {"url": "postgresql://u:p@db.example/scrapersky"}}

HASTY = {**os.environ, "GOGC": "off"}
"""A process of a tenth of a second need not collect garbage: a fifth of it is saved."""

Manifest = dict[str, Any]
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Pod:
    """A pod template, or the pod itself, and the manifest that holds it."""

    manifest: Manifest
    metadata: Manifest
    spec: Manifest

    @property
    def container(self) -> Manifest:
        """Its only container."""
        [container] = self.spec["containers"]
        return dict(container)

    @property
    def environment(self) -> dict[str, Any]:
        """Variables by name: a string, or where the value comes from."""
        return {each["name"]: each.get("value", each.get("valueFrom")) for each in self.container.get("env", [])}


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads a plain ``=`` as a string, as Kubernetes does."""


Loader.add_constructor("tag:yaml.org,2002:value", yaml.SafeLoader.construct_scalar)


def template(
    helm: str, values: Values = DATABASE, *files: object, release: str = "scrapersky"
) -> subprocess.CompletedProcess[str]:
    """``helm template``, with values over those of files."""
    arguments = [argument for file in files for argument in ("--values", str(file))]
    command: list[str | Path] = [
        tool(helm),
        "template",
        release,
        CHART,
        "--namespace",
        "scrapersky",
        *arguments,
        "--values",
        "-",
    ]
    return subprocess.run(
        command, env=HASTY, input=json.dumps(dict(values)), capture_output=True, text=True, check=False
    )


def manifests(helm: str, values: Values = DATABASE, *files: object, release: str = "scrapersky") -> list[Manifest]:
    """What the chart renders to."""
    rendered = template(helm, values, *files, release=release)
    assert rendered.returncode == 0, rendered.stderr
    return parsed(rendered.stdout)


def without_authority(text: str) -> str:
    """The same without what is made anew each time: the authority of the demo's websites."""
    return re.sub(r'(?m)^( *"?(?:ca\.pem|tls\.crt|tls\.key|checksum/authority)"?:) .*$', r"\1 made", text)


def parsed(text: str) -> list[Manifest]:
    """Manifests of a YAML stream."""
    return [each for each in yaml.load_all(text, Loader=Loader) if each]


def refusal(helm: str, values: Values) -> str:
    """What Helm says when it refuses the values."""
    rendered = template(helm, values)
    assert rendered.returncode != 0, "it was not refused"
    return rendered.stderr


def of_kind(found: list[Manifest], kind: str) -> dict[str, Manifest]:
    """Manifests of a kind by name."""
    return {each["metadata"]["name"]: each for each in found if each["kind"] == kind}


def cronjob(found: list[Manifest], service: str) -> Manifest:
    """The spec of a service's CronJob."""
    [spec] = [each["spec"] for name, each in of_kind(found, "CronJob").items() if name.endswith(f"-{service}")]
    return dict(spec)


def pods(found: list[Manifest]) -> Iterator[Pod]:
    """Every pod that the manifests would make."""
    for each in found:
        if each["kind"] == "Pod":
            yield Pod(each, each["metadata"], each["spec"])
        elif each["kind"] == "CronJob":
            yield _of(each, each["spec"]["jobTemplate"]["spec"]["template"])
        elif "template" in each.get("spec", {}):
            yield _of(each, each["spec"]["template"])


def pod_of(found: list[Manifest], component: str) -> Pod:
    """The only pod of a component."""
    [pod] = [each for each in pods(found) if each.metadata["labels"]["app.kubernetes.io/component"] == component]
    return pod


def _of(manifest: Manifest, pod_template: Manifest) -> Pod:
    return Pod(manifest, pod_template["metadata"], pod_template["spec"])
