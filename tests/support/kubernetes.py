"""What an API server would refuse, as far as it can be known without one.

Strict schemas (``kubernetes-validate``) know fields and types. They see no wrong enum value, cron syntax, time zone,
selector that selects nothing, or ``podFailurePolicy`` without ``restartPolicy: Never``: those are looked at here.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
from referencing import Registry, Resource

from tests.support.chart import Manifest, Pod, pods

SCHEMAS = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
OLDEST = "1.29"
NEWEST = kubernetes_validate.latest_version()
WITHOUT_SCHEMA = {"monitoring.coreos.com/v1"}
NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
LABEL = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
CRON_PART = re.compile(r"(\*|[0-9]+(-[0-9]+)?|[A-Z]{3}(-[A-Z]{3})?)(/[0-9]+)?")
ENUMS = {
    "concurrencyPolicy": {"Allow", "Forbid", "Replace"},
    "restartPolicy": {"Never", "OnFailure", "Always"},
    "imagePullPolicy": {"Always", "IfNotPresent", "Never"},
    "policyTypes": {"Ingress", "Egress"},
    "protocol": {"TCP", "UDP"},
    "accessModes": {"ReadWriteOnce"},
    "whenDeleted": {"Delete", "Retain"},
    "whenScaled": {"Delete", "Retain"},
}
LONGEST_NAME = {"CronJob": 52, "Job": 63, "Service": 63}


def complaints(found: list[Manifest]) -> list[str]:
    """Everything that is wrong with the manifests; none when all is well."""
    return [f"{each['kind']}/{each['metadata']['name']}: {words}" for each in found for words in _complaints(each)] + [
        f"two of {name}" for name in _twice(found)
    ]


def _complaints(manifest: Manifest) -> list[str]:
    if manifest["apiVersion"] not in WITHOUT_SCHEMA:
        found = [f"{version}: {words}" for version in (OLDEST, NEWEST) for words in _schema_errors(version, manifest)]
    else:
        found = []
    found += _wrong_enums(manifest) + _wrong_names(manifest)
    if manifest["kind"] == "CronJob":
        found += _wrong_schedule(manifest["spec"])
    for pod in pods([manifest]):
        found += _wrong_pod(pod)
    return found


def _schema_errors(version: str, manifest: Manifest) -> list[str]:
    api = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", manifest["apiVersion"])
    validator = _validator(version, f"{manifest['kind'].lower()}-{api}.json")
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(manifest)]


@cache
def _validator(version: str, name: str) -> Any:
    [directory] = [
        path for path in SCHEMAS.glob(f"v{version}*-local-strict") if re.match(rf"v{re.escape(version)}[.-]", path.name)
    ]
    definitions = Resource.from_contents(json.loads((directory / "_definitions.json").read_text()))
    schema = json.loads((directory / name).read_text())
    registry: Registry[Any] = definitions @ (Resource.from_contents(schema) @ Registry())
    return jsonschema.Draft202012Validator(schema, registry=registry)


def _wrong_enums(node: object, key: str = "") -> list[str]:
    if isinstance(node, dict):
        return [words for name, below in node.items() for words in _wrong_enums(below, name)]
    if isinstance(node, list):
        return [words for below in node for words in _wrong_enums(below, key)]
    return [f"{key}: {node} is none of its values"] if key in ENUMS and node not in ENUMS[key] else []


def _wrong_names(manifest: Manifest) -> list[str]:
    name = manifest["metadata"]["name"]
    longest = LONGEST_NAME.get(manifest["kind"], 253)
    wrong = [] if NAME.fullmatch(name) and len(name) <= longest else [f"its name has {len(name)} characters"]
    labels = manifest["metadata"]["labels"]
    return wrong + [f"label {key}: {value}" for key, value in labels.items() if not LABEL.fullmatch(value)]


def _wrong_schedule(spec: Manifest) -> list[str]:
    schedule = spec["schedule"]
    fields = schedule.split(" ")
    known = schedule in {"@hourly", "@daily", "@weekly", "@monthly"} or (
        len(fields) == 5 and all(CRON_PART.fullmatch(part) for field in fields for part in field.split(","))
    )
    late = spec["startingDeadlineSeconds"] >= 10
    return ([] if known else [f"schedule {schedule!r}"]) + ([] if late else ["its starts would be missed"])


def _wrong_pod(pod: Pod) -> list[str]:
    wrong = []
    job = pod.manifest["spec"].get("jobTemplate", pod.manifest)["spec"]
    if "podFailurePolicy" in job and pod.spec["restartPolicy"] != "Never":
        wrong.append("podFailurePolicy needs restartPolicy Never")
    selector = pod.manifest["spec"].get("selector", {}).get("matchLabels", {})
    if not selector.items() <= pod.metadata.get("labels", {}).items():
        wrong.append("its selector does not select its pods")
    claimed = [each["metadata"]["name"] for each in pod.manifest["spec"].get("volumeClaimTemplates", [])]
    volumes = [each["name"] for each in pod.spec.get("volumes", [])] + claimed
    mounted = [each["name"] for each in pod.container.get("volumeMounts", [])]
    if len(set(volumes)) != len(volumes) or not set(mounted) <= set(volumes):
        wrong.append(f"volumes {volumes} and mounts {mounted} do not fit")
    wrong += [
        f"variable {each['name']} has no value, or two"
        for each in pod.container.get("env", [])
        if ("value" in each) == ("valueFrom" in each)
    ]
    names = [each["name"] for each in pod.container.get("env", [])]
    return wrong + [f"variable {name} is there twice" for name in set(names) if names.count(name) > 1]


def _twice(found: list[Manifest]) -> list[str]:
    names = [f"{each['kind']}/{each['metadata']['name']}" for each in found]
    return sorted({name for name in names if names.count(name) > 1})
