"""Takes from published definitions what the manifests are held against: one small JSON Schema for each kind.

Usage: vendor_schemas.py KUBERNETES_DEFINITIONS CRD...
  KUBERNETES_DEFINITIONS  `_definitions.json` of Kubernetes' OpenAPI as JSON Schema
  CRD                     YAML files with CustomResourceDefinitions

Descriptions are left out; everything that decides what is valid stays. schemas/README.md says what was taken from where.
"""

import json
import sys
from pathlib import Path

import yaml

SCHEMAS = Path(__file__).parent / "schemas"

# What is used of Kubernetes itself, by apiVersion and kind.
KUBERNETES = {
    ("v1", "Namespace"): "io.k8s.api.core.v1.Namespace",
    ("v1", "ConfigMap"): "io.k8s.api.core.v1.ConfigMap",
    ("v1", "Secret"): "io.k8s.api.core.v1.Secret",
    ("v1", "Service"): "io.k8s.api.core.v1.Service",
    ("v1", "ServiceAccount"): "io.k8s.api.core.v1.ServiceAccount",
    ("apps/v1", "Deployment"): "io.k8s.api.apps.v1.Deployment",
    ("batch/v1", "Job"): "io.k8s.api.batch.v1.Job",
    ("networking.k8s.io/v1", "NetworkPolicy"): "io.k8s.api.networking.v1.NetworkPolicy",
    ("policy/v1", "PodDisruptionBudget"): "io.k8s.api.policy.v1.PodDisruptionBudget",
}
# Of a Knative Service's pod Knative's own schema leaves open what stands behind a feature flag.
POD_SPEC = "io.k8s.api.core.v1.PodSpec"

# Annotations for people and machines that decide nothing here.
IDLE = {"description", "example", "externalDocs", "title", "$schema"}


def slim(schema):
    """The schema without what decides nothing. Below `properties` and `definitions` keys are names."""
    if isinstance(schema, list):
        return [slim(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    slimmed = {}
    for key, value in schema.items():
        if key in ("properties", "definitions") and isinstance(value, dict):
            slimmed[key] = {name: slim(of) for name, of in value.items()}
        elif key not in IDLE and not (key.startswith("x-kubernetes-") and key not in KEPT):
            slimmed[key] = slim(value)
    return slimmed


KEPT = {"x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields"}


def closure(definitions, root):
    """The definitions that a definition leads to, itself among them."""
    found, open_names = {}, [root]
    while open_names:
        name = open_names.pop()
        if name in found:
            continue
        found[name] = slim(definitions[name])
        open_names += [ref.rsplit("/", 1)[-1] for ref in references(found[name])]
    return found


def references(schema):
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from references(item)


def localized(schema):
    """The same, with references into its own definitions."""
    if isinstance(schema, dict):
        return {
            key: "#/definitions/" + value.rsplit("/", 1)[-1] if key == "$ref" else localized(value)
            for key, value in schema.items()
        }
    if isinstance(schema, list):
        return [localized(item) for item in schema]
    return schema


def write(name, schema):
    text = json.dumps(schema, sort_keys=True, separators=(",", ":"))
    (SCHEMAS / f"{name}.json").write_text(text + "\n")


def main(kubernetes, crds):
    definitions = json.loads(Path(kubernetes).read_text())["$defs"]
    schema = {"definitions": {}, "kinds": {}}
    for (version, kind), root in KUBERNETES.items():
        schema["definitions"] |= closure(definitions, root)
        schema["kinds"][f"{version} {kind}"] = root
    schema["kinds"]["PodSpec"] = POD_SPEC
    write("kubernetes", localized(schema))
    for crd in crds:
        for document in yaml.safe_load_all(Path(crd).read_text()):
            if not document or document["kind"] != "CustomResourceDefinition":
                continue
            group, kind = document["spec"]["group"], document["spec"]["names"]["kind"]
            served = {}
            for version in document["spec"]["versions"]:
                if version["served"]:
                    served[version["name"]] = slim(version["schema"]["openAPIV3Schema"])
            write(f"{group}.{kind}".lower(), {"group": group, "kind": kind, "versions": served})


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
