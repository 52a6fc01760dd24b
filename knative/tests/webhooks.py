"""What Knative's webhooks refuse and no schema says: which fields of a pod a Service may set, and behind which flag;
probes, ports and volumes; annotations."""

import re

from rendering import name_of

# The fields that a Service may set, and those of them that need a flag (pkg/apis/serving/fieldmask.go).
POD_FIELDS = {
    "serviceAccountName": None,
    "containers": None,
    "volumes": None,
    "imagePullSecrets": None,
    "enableServiceLinks": None,
    "automountServiceAccountToken": None,
    "containerConcurrency": None,
    "timeoutSeconds": None,
    "responseStartTimeoutSeconds": None,
    "idleTimeoutSeconds": None,
    "affinity": "kubernetes.podspec-affinity",
    "topologySpreadConstraints": "kubernetes.podspec-topologyspreadconstraints",
    "nodeSelector": "kubernetes.podspec-nodeselector",
    "tolerations": "kubernetes.podspec-tolerations",
    "runtimeClassName": "kubernetes.podspec-runtimeclassname",
    "securityContext": "kubernetes.podspec-securitycontext",
    "priorityClassName": "kubernetes.podspec-priorityclassname",
    "initContainers": "kubernetes.podspec-init-containers",
}
CONTAINER_FIELDS = {
    "name", "image", "imagePullPolicy", "command", "args", "workingDir", "env", "envFrom", "ports", "resources",
    "readinessProbe", "livenessProbe", "startupProbe", "securityContext", "terminationMessagePath",
    "terminationMessagePolicy", "volumeMounts",
}  # fmt: skip
SECURITY_FIELDS = {
    "capabilities", "readOnlyRootFilesystem", "runAsUser", "runAsGroup", "runAsNonRoot", "allowPrivilegeEscalation",
    "seccompProfile",
}  # fmt: skip
# The kinds of volumes that need no flag.
VOLUME_FIELDS = {"name", "secret", "configMap", "projected", "emptyDir"}
PORT_NAMES = {"", "http1", "h2c"}
RESERVED_PORTS = {8008, 8012, 8013, 8022, 9090, 9091}
RESERVED_NAME = "queue-proxy"
RESERVED_VARIABLES = {"PORT", "K_SERVICE", "K_CONFIGURATION", "K_REVISION"}
RESERVED_PATHS = {"/", "/dev", "/dev/log"}
PROBES = ("readinessProbe", "livenessProbe", "startupProbe")
PROBING_FLAG = "multi-container-probing"
TIMEOUT_MAX_S = 600

QUANTITY = re.compile(r"\d+(\.\d+)?(m|Ki|Mi|Gi)?")
DURATION = re.compile(r"(\d+h)?(\d+m)?(\d+s)?")
ANNOTATIONS = {
    "autoscaling.knative.dev/min-scale": re.compile(r"\d+"),
    "autoscaling.knative.dev/max-scale": re.compile(r"\d+"),
    "autoscaling.knative.dev/initial-scale": re.compile(r"\d+"),
    "autoscaling.knative.dev/metric": re.compile(r"concurrency|rps"),
    "autoscaling.knative.dev/target": re.compile(r"\d+(\.\d+)?"),
    "autoscaling.knative.dev/target-burst-capacity": re.compile(r"-1|\d+"),
    "autoscaling.knative.dev/window": DURATION,
    "autoscaling.knative.dev/scale-down-delay": DURATION,
    "queue.sidecar.serving.knative.dev/cpu-resource-request": QUANTITY,
    "queue.sidecar.serving.knative.dev/cpu-resource-limit": QUANTITY,
    "queue.sidecar.serving.knative.dev/memory-resource-request": QUANTITY,
    "queue.sidecar.serving.knative.dev/memory-resource-limit": QUANTITY,
}
SERVICE_ANNOTATIONS = {"serving.knative.dev/rollout-duration": DURATION}
WINDOW_S = (6, 3600)


def problems_of(service, flags):
    """What the webhooks would refuse of a Knative Service, with these flags on."""
    return [f"{name_of(service)}: {problem}" for problem in _problems(service, flags)]


def flags_of(service):
    """The flags that a Service needs."""
    pod = service["spec"]["template"]["spec"]
    flags = {POD_FIELDS.get(field) for field in pod}
    if any(probe in container for container in _sidecars(pod) for probe in PROBES):
        flags.add(PROBING_FLAG)
    return flags - {None}


def _sidecars(pod):
    return [container for container in pod["containers"] if not container.get("ports")]


def _problems(service, flags):
    template = service["spec"]["template"]
    pod = template["spec"]
    yield from (f"the flag {flag} is off" for flag in sorted(flags_of(service) - flags))
    yield from (f"{field} is not allowed in a Service" for field in sorted(pod.keys() - POD_FIELDS.keys()))
    if pod.get("automountServiceAccountToken") is True:
        yield "automountServiceAccountToken can only be false"
    ports = [port for container in pod["containers"] for port in container.get("ports", [])]
    if len(ports) != 1:
        yield f"there are {len(ports)} ports: exactly one is allowed over all containers"
    for port in ports:
        if port.get("name", "") not in PORT_NAMES or port["containerPort"] in RESERVED_PORTS:
            yield f"the port {port} is not allowed"
    names = [container["name"] for container in pod["containers"]]
    if len(set(names)) != len(names) or RESERVED_NAME in names:
        yield f"two containers have one name, or one is called {RESERVED_NAME}"
    for container in pod["containers"]:
        yield from (f"container {container['name']}: {p}" for p in _container_problems(container, pod))
    yield from _volume_problems(pod)
    yield from _annotation_problems(service, template, pod)
    timeout = pod.get("timeoutSeconds", 300)
    if not 0 < timeout <= TIMEOUT_MAX_S:
        yield f"timeoutSeconds is not between 1 and {TIMEOUT_MAX_S}"


def _container_problems(container, pod):
    yield from (f"{field} is not allowed" for field in sorted(container.keys() - CONTAINER_FIELDS))
    security = container.get("securityContext", {})
    yield from (f"securityContext.{f} is not allowed" for f in sorted(security.keys() - SECURITY_FIELDS))
    for variable in container.get("env", []):
        if variable["name"] in RESERVED_VARIABLES:
            yield f"{variable['name']} is Knative's own variable"
        if variable.get("valueFrom", {}).keys() - {"secretKeyRef", "configMapKeyRef"}:
            yield f"{variable['name']}: fieldRef and resourceFieldRef need a flag"
    for kind in PROBES:
        probe = container.get(kind)
        if probe is None:
            continue
        handlers = probe.keys() & {"httpGet", "tcpSocket", "exec", "grpc"}
        if len(handlers) != 1:
            yield f"{kind}: exactly one way to ask is needed"
        asks = probe.get("httpGet") or probe.get("tcpSocket") or {}
        if container in _sidecars(pod) and not ("exec" in probe or asks.get("port")):
            yield f"{kind}: a sidecar's probe needs a port"
        if kind == "readinessProbe" and not probe.get("periodSeconds"):
            # Knative then asks many times a second.
            if probe.keys() & {"failureThreshold", "timeoutSeconds"}:
                yield f"{kind}: failureThreshold and timeoutSeconds need periodSeconds"


def _volume_problems(pod):
    volumes = {volume["name"] for volume in pod.get("volumes", [])}
    mounts = [mount for container in pod["containers"] for mount in container.get("volumeMounts", [])]
    mounted = {mount["name"] for mount in mounts}
    yield from (f"the volume {name} is not mounted" for name in sorted(volumes - mounted))
    yield from (f"the volume {name} does not exist" for name in sorted(mounted - volumes))
    for mount in mounts:
        if mount["mountPath"].rstrip("/") in {path.rstrip("/") for path in RESERVED_PATHS}:
            yield f"{mount['mountPath']} cannot be mounted over"
    for volume in pod.get("volumes", []):
        yield from (f"a volume's {kind} needs a flag" for kind in sorted(volume.keys() - VOLUME_FIELDS))


def _annotation_problems(service, template, pod):
    for place, annotations, known in (
        ("on the Service", service["metadata"].get("annotations", {}), SERVICE_ANNOTATIONS),
        ("on its template", template["metadata"].get("annotations", {}), ANNOTATIONS),
    ):
        for key, value in annotations.items():
            pattern = known.get(key)
            if pattern is None and "knative.dev/" in key:
                yield f"the annotation {key} means nothing {place}"
            elif pattern and not (isinstance(value, str) and value and pattern.fullmatch(value)):
                yield f"the annotation {key} cannot be {value!r}"
    annotations = template["metadata"].get("annotations", {})
    scaling = {key.rpartition("/")[2]: str(value) for key, value in annotations.items()}
    lowest, highest = int(scaling.get("min-scale", 0)), int(scaling.get("max-scale", 0))
    if highest and lowest > highest:
        yield f"min-scale {lowest} is above max-scale {highest}"
    if not WINDOW_S[0] <= seconds(scaling.get("window", "60s")) <= WINDOW_S[1]:
        yield f"the window is not between {WINDOW_S[0]} and {WINDOW_S[1]} s"
    if seconds(scaling.get("scale-down-delay", "0s")) > WINDOW_S[1]:
        yield f"scale-down-delay is above {WINDOW_S[1]} s"
    hard = pod.get("containerConcurrency", 0)
    if hard and float(scaling.get("target", hard)) > hard:
        yield f"the target is above containerConcurrency {hard}"


def seconds(duration):
    """Of `1h2m3s`."""
    found = DURATION.fullmatch(duration)
    parts = [int(part[:-1]) if part else 0 for part in found.groups()] if found else [0, 0, 0]
    return parts[0] * 3600 + parts[1] * 60 + parts[2]
