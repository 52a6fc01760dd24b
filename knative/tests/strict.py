"""Holds documents against the schemas of their kinds. A field that the schema does not have is a problem, as it is for
`kubectl apply --validate=strict`."""

import json
from functools import cache
from pathlib import Path

from jsonschema import Draft7Validator

from rendering import name_of

SCHEMAS = Path(__file__).parent / "schemas"
KUBERNETES = json.loads((SCHEMAS / "kubernetes.json").read_text())
OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"


def closed(schema, is_custom=False):
    """The same schema, in which objects have no fields but those that it names. In the schemas of custom resources an
    object of which nothing is said has none."""
    if isinstance(schema, list):
        return [closed(item, is_custom) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {}
    for key, value in schema.items():
        if key in ("properties", "definitions"):
            result[key] = {name: closed(of, is_custom) for name, of in value.items()}
        else:
            result[key] = closed(value, is_custom)
    if schema.get("x-kubernetes-int-or-string"):
        result["type"] = ["integer", "string"]
    is_open = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    says_fields = "properties" in schema or (is_custom and schema.get("type") == "object")
    if says_fields and not is_open:
        result["additionalProperties"] = False
    return result


@cache
def kubernetes(name):
    """The validator of one of Kubernetes' own definitions."""
    definitions = {key: closed(of) for key, of in KUBERNETES["definitions"].items()}
    return Draft7Validator({"$ref": f"#/definitions/{name}", "definitions": definitions})


@cache
def custom(file, version):
    """The validator of a custom resource, or none where its CRD does not serve the version."""
    versions = json.loads(file.read_text())["versions"]
    if version not in versions:
        return None
    schema = closed(versions[version], is_custom=True)
    # Every object has these; its metadata is Kubernetes' own.
    schema["properties"] |= {"apiVersion": {}, "kind": {}, "metadata": {}}
    return Draft7Validator(schema)


def problems_of(document):
    """What is wrong with a document, by the schema of its kind."""
    version, kind = document.get("apiVersion", ""), document.get("kind", "")
    group, _, version_alone = version.rpartition("/")
    own = KUBERNETES["kinds"].get(f"{version} {kind}")
    file = SCHEMAS / f"{group}.{kind}.json".lower()
    if own:
        checks = [(kubernetes(own), document, "")]
    elif file.exists() and custom(file, version_alone):
        metadata = document.get("metadata", {})
        checks = [
            (custom(file, version_alone), document, ""),
            (kubernetes(OBJECT_META), metadata, "metadata."),
        ]
        if group == "serving.knative.dev":
            # Knative leaves open what stands behind a feature flag.
            pod = {
                key: value
                for key, value in document["spec"]["template"]["spec"].items()
                if key not in ("containerConcurrency", "timeoutSeconds")
            }
            checks.append((kubernetes(KUBERNETES["kinds"]["PodSpec"]), pod, "spec.template.spec."))
    else:
        return [f"{name_of(document)}: nothing is known of {version} {kind}"]
    return [
        f"{name_of(document)}: {place}{error.json_path.removeprefix('$').lstrip('.')}: {error.message}"
        for validator, value, place in checks
        for error in validator.iter_errors(value)
    ]
