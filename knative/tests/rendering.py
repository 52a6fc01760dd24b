"""Renders the manifests as `kubectl apply -k` would, with whichever kustomize this machine has."""

import os
import shutil
import subprocess
from pathlib import Path

import yaml

KNATIVE = Path(__file__).resolve().parent.parent
ROOT = KNATIVE.parent


def kustomize():
    """The command that renders a folder."""
    for command in (os.environ.get("KUSTOMIZE"), str(ROOT / ".mcsp/kustomize/kustomize"), "kustomize"):
        if command and shutil.which(command):
            return [command, "build"]
    if shutil.which("kubectl"):
        return ["kubectl", "kustomize"]
    raise FileNotFoundError("neither kustomize nor kubectl is here: run scripts/check-knative, which gets one")


def render(folder):
    """The rendered text of a folder below knative/."""
    done = subprocess.run([*kustomize(), str(KNATIVE / folder)], capture_output=True, text=True)
    if done.returncode != 0:
        raise ValueError(f"{folder} cannot be rendered: {done.stderr.strip()}")
    return done.stdout


class UniqueKeys(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Refuses a key that stands twice: one of both would be lost in silence."""


def _mapping(loader, node, deep=False):
    keys = [loader.construct_object(key, deep=deep) for key, _ in node.value]
    twice = {key for key in keys if keys.count(key) > 1}
    if twice:
        raise yaml.constructor.ConstructorError(None, None, f"twice: {sorted(twice)}", node.start_mark)
    return yaml.constructor.SafeConstructor.construct_mapping(loader, node, deep=deep)


UniqueKeys.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def documents(text):
    """The documents of a YAML text."""
    return [document for document in yaml.load_all(text, Loader=UniqueKeys) if document is not None]


def name_of(document):
    """`kind/name`, for messages."""
    return f"{document.get('kind')}/{document.get('metadata', {}).get('name')}"
