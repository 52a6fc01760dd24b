"""Holds the manifests against spin.toml: what is deployed, what it is told, whom it may reach, and who reaches it."""

import re
import tomllib
from collections import Counter
from dataclasses import dataclass, field

from rendering import ROOT, name_of

NAMESPACE = "mcsp"
RELAY = "relay"
# What each target of a grant is in a NetworkPolicy: the label of the namespace that has it, and the port of its pods.
STORES = {"postgres": 5432, "redis": 6379, "kafka": 9092, "mail": 8025, "object-store": 9000}
# What is no place but anywhere, and on which ports: addresses of clients, and of files that are fetched.
ANYWHERE = {"clients": {443}, "sources": {443, (1024, 65535)}}
# It is the public internet, without what is the cluster's, its nodes' or its cloud's.
INTERNET = {"0.0.0.0/0", "2000::/3"}
PRIVATE = {"10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"}
# Told to every process of ours, and let out to from each: where traces go.
TRACES = {
    "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_CERTIFICATE", "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG",
}
COLLECTOR = ("mcsp/telemetry", "true", 4318)
GATEWAY = ("kubernetes.io/metadata.name", "kourier-system", 8081)
# How each class of load is scaled: the least and the most pods, and how long an unused one is kept, in seconds.
CLASSES = {
    "low": (0, 3, 0),
    "medium": (0, 10, 60),
    "high": (0, 50, 300),
    "very-high": (3, 100, 900),
}
PLAYBACK_MIN_SCALE = 3
# A pod's end is waited for: the runner drains for 20 s, the bridge for 10 s and 5 s more for its outbox.
DRAIN_S = 35


@dataclass
class Service:
    """A service of spin.toml: what its components need together."""

    components: set = field(default_factory=set)
    variables: set = field(default_factory=set)
    targets: set = field(default_factory=set)
    # What a deployment may have, and needs not.
    optional_targets: set = field(default_factory=set)
    postgres: bool = False
    redis: bool = False
    kafka: bool = False
    timeout_s: float = 10


class Application:
    """spin.toml, by service."""

    def __init__(self, text):
        self.manifest = tomllib.loads(text)
        self.variables = self.manifest["variables"]
        self.services = {}
        # (component, topic) to the path that takes the events.
        self.consumers = {}
        for id_, component in self.manifest["component"].items():
            settings = component["tool"]["mcsp"]
            service = self.services.setdefault(settings["service"], Service())
            service.components.add(id_)
            for template in component.get("variables", {}).values():
                service.variables |= set(re.findall(r"{{\s*(\w+)\s*}}", template))
            service.targets |= set(settings.get("services", []))
            service.optional_targets |= set(settings.get("optional_services", []))
            service.postgres |= settings.get("postgres", False)
            service.redis |= bool(settings.get("redis"))
            service.kafka |= bool(settings.get("produces") or settings.get("consumes"))
            service.timeout_s = max(service.timeout_s, settings.get("timeout_ms", 10_000) / 1000)
            for topic in settings.get("consumes", []):
                self.consumers[id_, topic] = settings["events_path"]

    def needed_variables(self, service):
        """Those that a deployment must give: what has no default, and what has one of a laptop. `bridge_url` is for
        stock Spin."""
        return {
            name
            for name in self.services[service].variables - {"bridge_url"}
            if self.variables[name].get("required") or "127.0.0.1" in self.variables[name]["default"]
        }

    def bridge_environment(self, service):
        """What `mcsp-bridge --service` asks of its environment."""
        of = self.services[service]
        needed = {"MCSP_BRIDGE_TOKEN"} | addresses(of.targets)
        if of.postgres:
            needed |= {"MCSP_POSTGRES_URL", f"MCSP_POSTGRES_PASSWORD_{shouted(service)}"}
        if of.redis:
            needed.add("MCSP_REDIS_URL")
        if of.kafka:
            needed.add("MCSP_KAFKA_BROKERS")
        return needed


def addresses(targets):
    return {f"MCSP_SERVICE_URL_{shouted(target)}" for target in targets}


def shouted(name):
    return name.upper().replace("-", "_")


def read_application():
    return Application((ROOT / "spin.toml").read_text())


def internal_routes():
    """Routes that only the platform itself uses, as the end-to-end tests know them."""
    text = (ROOT / "tests/src/routes.rs").read_text()
    return set(re.findall(r'^\s*"([^"]+)" [A-Z]+ .*, Platform', text, re.MULTILINE))


def problems_of(documents, application):
    """Everything in which the manifests and spin.toml do not fit together."""
    checks = (
        deployed_once,
        variables_have_sources,
        references_exist,
        scaled_by_class,
        playback_apart,
        policies_are_the_grants,
        events_arrive,
        public_paths_lead_right,
        public_host_is_the_issuers,
        images_are_of_one_version,
        nothing_runs_as_root,
    )
    return [problem for check in checks for problem in check(documents, application)]


def of_kind(documents, kind, group=""):
    return {
        document["metadata"]["name"]: document
        for document in documents
        if document["kind"] == kind and document["apiVersion"].startswith(group)
    }


def knative_services(documents):
    return of_kind(documents, "Service", "serving.knative.dev/")


def pod_of(document):
    return document["spec"]["template"]["spec"]


def container(pod, name):
    return next((found for found in pod["containers"] if found["name"] == name), {})


def environment(of):
    return {variable["name"]: variable for variable in of.get("env", [])}


def arguments(of, flag):
    return [argument.partition("=")[2] for argument in of.get("args", []) if argument.startswith(f"--{flag}=")]


def deployed_once(documents, application):
    deployed = Counter()
    for name, service in knative_services(documents).items():
        for part in ("functions", "bridge"):
            named = arguments(container(pod_of(service), part), "service")
            if named != [name]:
                yield f"Service/{name}: container {part} is for {named}"
        if name not in application.services:
            yield f"Service/{name}: no component of spin.toml belongs to it"
            continue
        deployed.update(application.services[name].components)
    for name, service in application.services.items():
        for component in sorted(service.components):
            if deployed[component] != 1:
                yield f"component {component} of {name} is deployed {deployed[component]} times"


def variables_have_sources(documents, application):
    for name, service in knative_services(documents).items():
        if name not in application.services:
            continue
        given = environment(container(pod_of(service), "functions"))
        known = {f"SPIN_VARIABLE_{shouted(v)}": v for v in application.services[name].variables}
        needed = {f"SPIN_VARIABLE_{shouted(v)}" for v in application.needed_variables(name)}
        yield from (f"Service/{name}: {v} has no source" for v in sorted(needed - given.keys()))
        for variable, spec in given.items():
            if variable.startswith("SPIN_VARIABLE_") and variable not in known:
                yield f"Service/{name}: no component of it uses {variable}"
            is_secret = application.variables.get(known.get(variable), {}).get("secret", False)
            if is_secret and "secretKeyRef" not in spec.get("valueFrom", {}):
                yield f"Service/{name}: {variable} must come from a Secret"
        of_bridge = environment(container(pod_of(service), "bridge"))
        own = {v for v in of_bridge if v not in {"MCSP_POLICIES", "MCSP_SERVICES_DOMAIN"} | TRACES}
        expected = application.bridge_environment(name)
        yield from (f"Service/{name}: the bridge needs {v}" for v in sorted(expected - own))
        own -= addresses(application.services[name].optional_targets)
        yield from (f"Service/{name}: the bridge has no use for {v}" for v in sorted(own - expected))
    for document in documents:
        is_ours = document["kind"] == "Deployment" or document["apiVersion"].startswith("serving.knative.dev/")
        for of in pod_of(document)["containers"] if is_ours else []:
            missing = sorted(TRACES - environment(of).keys())
            yield from (f"{name_of(document)}: {v} has no source in container {of['name']}" for v in missing)
    passwords = {f"MCSP_POSTGRES_PASSWORD_{shouted(n)}" for n, s in application.services.items() if s.postgres}
    for document in documents:
        if document["kind"] in ("Deployment", "Job") and document["metadata"]["name"] in (RELAY, "migrate"):
            given = set(environment(pod_of(document)["containers"][0]))
            yield from (f"{name_of(document)}: {v} has no source" for v in sorted(passwords - given))
    for document in documents:
        for _, spec in _variables(document):
            is_address = spec["name"].startswith("MCSP_SERVICE_URL_")
            is_secret = re.search(r"PASSWORD|TOKEN|SECRET|_KEY|REDIS_URL|OTLP_HEADERS", spec["name"]) and not is_address
            if is_secret and "value" in spec:
                yield f"{name_of(document)}: {spec['name']} stands in the manifest"


def _variables(document):
    if document["kind"] in ("Service", "Deployment", "Job") and "template" in document["spec"]:
        for of in pod_of(document)["containers"]:
            for spec in of.get("env", []):
                yield of, spec


def references_exist(documents, application):
    settings = of_kind(documents, "ConfigMap")
    used = set()
    for document in documents:
        for of, spec in _variables(document):
            reference = spec.get("valueFrom", {}).get("configMapKeyRef")
            if reference:
                used.add((reference["name"], reference["key"]))
                if reference["key"] not in settings.get(reference["name"], {}).get("data", {}):
                    yield f"{name_of(document)}: there is no {reference['key']} in ConfigMap {reference['name']}"
            for inner in re.findall(r"\$\((\w+)\)", spec.get("value", "")):
                if inner not in environment(of):
                    yield f"{name_of(document)}: {spec['name']} uses {inner}, which is not set"
    for key in settings.get("settings", {}).get("data", {}):
        if ("settings", key) not in used:
            yield f"ConfigMap/settings: nothing uses {key}"
    accounts = of_kind(documents, "ServiceAccount")
    for document in documents:
        if document["kind"] in ("Service", "Deployment", "Job") and "template" in document["spec"]:
            account = pod_of(document).get("serviceAccountName")
            if account not in accounts:
                yield f"{name_of(document)}: there is no ServiceAccount {account}"


def scaled_by_class(documents, application):
    for name, service in knative_services(documents).items():
        wanted = CLASSES.get(service["metadata"]["labels"].get("mcsp/rps-class"))
        if wanted is None:
            yield f"Service/{name}: its class of load is not said"
            continue
        scaling = service["spec"]["template"]["metadata"]["annotations"]
        given = tuple(
            _seconds(scaling.get(f"autoscaling.knative.dev/{key}", "0"))
            for key in ("min-scale", "max-scale", "scale-down-delay")
        )
        if given != wanted:
            yield f"Service/{name}: scaled as {given}, its class as {wanted}"
        timeout = pod_of(service).get("timeoutSeconds", 0)
        slowest = max(application.services[name].timeout_s, DRAIN_S) if name in application.services else 0
        if timeout < slowest:
            yield f"Service/{name}: timeoutSeconds {timeout} is shorter than {slowest:g} s"


def _seconds(text):
    unit = {"s": 1, "m": 60, "h": 3600}.get(text[-1], 1)
    return int(text.rstrip("smh")) * unit


def playback_apart(documents, application):
    playback = knative_services(documents).get("playback")
    if playback is None:
        return
    scaling = playback["spec"]["template"]["metadata"]["annotations"]
    if int(scaling.get("autoscaling.knative.dev/min-scale", 0)) < PLAYBACK_MIN_SCALE:
        yield f"Service/playback: never below {PLAYBACK_MIN_SCALE} pods"
    pod = pod_of(playback)
    for key in ("nodeSelector", "tolerations", "topologySpreadConstraints"):
        if not pod.get(key):
            yield f"Service/playback: {key} is missing, so it is not apart from the others"
    for spread in pod.get("topologySpreadConstraints", []):
        # Counted, a node that is being emptied keeps the others from taking its pods, and is never empty.
        if spread.get("whenUnsatisfiable") == "DoNotSchedule" and spread.get("nodeTaintsPolicy") != "Honor":
            yield f"Service/playback: its spread over {spread['topologyKey']} counts nodes that are being emptied"
    selects = {"serving.knative.dev/service": "playback"}
    budgets = of_kind(documents, "PodDisruptionBudget").values()
    if not any(budget["spec"]["selector"]["matchLabels"] == selects for budget in budgets):
        yield "Service/playback: no PodDisruptionBudget is for it"


def policies_are_the_grants(documents, application):
    policies = of_kind(documents, "NetworkPolicy")
    for name, service in application.services.items():
        granted = {store for store in ("postgres", "redis", "kafka") if getattr(service, store)}
        others = {target for target in service.targets if target not in application.services} - ANYWHERE.keys()
        expected = {(f"mcsp/{target}", "true", STORES[target]) for target in granted | others}
        expected.add(COLLECTOR)
        if service.targets & application.services.keys():
            expected.add(GATEWAY)
        for target in service.targets & ANYWHERE.keys():
            expected |= {("cidr", cidr, ports) for cidr in INTERNET for ports in ANYWHERE[target]}
        optional = {f"mcsp/{target}" for target in service.optional_targets}
        yield from _policy_problems(policies, name, {"serving.knative.dev/service": name}, expected, optional)
    stores = {("mcsp/postgres", "true", 5432), ("mcsp/kafka", "true", 9092)}
    for name, expected in (
        (RELAY, stores | {GATEWAY, COLLECTOR}),
        ("migrate", {("mcsp/postgres", "true", 5432)}),
        ("topics", {("mcsp/kafka", "true", 9092)}),
    ):
        yield from _policy_problems(policies, name, {"app.kubernetes.io/name": name}, expected)
    if not any(p["spec"]["podSelector"] == {} and "ingress" not in p["spec"] for p in policies.values()):
        yield "NetworkPolicy: none keeps out what no other lets in"


def _policy_problems(policies, name, selects, expected, optional=frozenset()):
    policy = policies.get(name)
    if policy is None:
        yield f"NetworkPolicy/{name} is missing"
        return
    spec = policy["spec"]
    if spec["podSelector"].get("matchLabels") != selects:
        yield f"NetworkPolicy/{name}: is not for {selects}"
    if set(spec.get("policyTypes", [])) != {"Ingress", "Egress"}:
        yield f"NetworkPolicy/{name}: both directions must be closed"
    allowed = set()
    for rule in spec.get("egress", []):
        for peer in rule.get("to", [{}]):
            labels = peer.get("namespaceSelector", {}).get("matchLabels", {"anywhere": ""})
            if "ipBlock" in peer:
                block = peer["ipBlock"]
                labels = {"cidr": block["cidr"]}
                if block["cidr"] == "0.0.0.0/0" and set(block.get("except", [])) != PRIVATE:
                    yield f"NetworkPolicy/{name}: lets out to private addresses"
            for port in rule.get("ports", [{}]):
                allowed |= {(*label, _ports_of(port)) for label in labels.items()}
                if port.get("protocol", "TCP") != "TCP":
                    yield f"NetworkPolicy/{name}: lets out by {port['protocol']}"
    yield from (f"NetworkPolicy/{name}: does not let out to {peer}" for peer in sorted(expected - allowed, key=str))
    allowed = {peer for peer in allowed if peer[0] not in optional}
    yield from (f"NetworkPolicy/{name}: lets out to {peer}, granted nowhere" for peer in sorted(allowed - expected, key=str))
    for rule in spec.get("ingress") or []:
        if not rule.get("from") or not rule.get("ports"):
            yield f"NetworkPolicy/{name}: lets in from anywhere"


def _ports_of(port):
    """The port that a rule names, or the first and the last one; None where it is any."""
    return (port.get("port"), port["endPort"]) if "endPort" in port else port.get("port")


def events_arrive(documents, application):
    sinks = of_kind(documents, "KafkaSink")
    brokers = of_kind(documents, "ConfigMap").get("settings", {}).get("data", {}).get("kafka-brokers")
    sources, dead = {}, set()
    for name, source in of_kind(documents, "KafkaSource").items():
        spec = source["spec"]
        component, _, _ = spec.get("consumerGroup", "").partition(".")
        for topic in spec["topics"]:
            sources.setdefault((component, topic), []).append(name)
            sink = spec["sink"]
            if sink.get("ref", {}).get("name") != RELAY or sink.get("uri") != application.consumers.get((component, topic)):
                yield f"KafkaSource/{name}: does not lead to {component} by the relay"
            letter = spec.get("delivery", {}).get("deadLetterSink", {}).get("ref", {})
            dead.add(letter.get("name"))
            if sinks.get(letter.get("name"), {}).get("spec", {}).get("topic") != f"{topic}.dlq":
                yield f"KafkaSource/{name}: its dead letters do not go to {topic}.dlq"
            if spec.get("consumerGroup") != f"{component}.{topic}":
                yield f"KafkaSource/{name}: its group is not {component}.{topic}"
    for consumer in application.consumers:
        if len(sources.get(consumer, [])) != 1:
            yield f"{consumer[0]} has {len(sources.get(consumer, []))} sources of {consumer[1]}"
    yield from (f"KafkaSource: {found} consumes nothing in spin.toml" for found in sources.keys() - application.consumers.keys())
    yield from (f"KafkaSink/{name}: no source leads to it" for name in sorted(sinks.keys() - dead))
    for document in documents:
        if document["kind"] in ("KafkaSource", "KafkaSink") and document["spec"]["bootstrapServers"] != [brokers]:
            yield f"{name_of(document)}: its brokers are not those of the settings"


def public_paths_lead_right(documents, application):
    owner = {}
    rules = []
    for route in of_kind(documents, "HTTPRoute").values():
        for rule in route["spec"]["rules"]:
            host = [f["urlRewrite"]["hostname"] for f in rule.get("filters", []) if f["type"] == "URLRewrite"]
            service = host[0].partition(".")[0] if host else None
            rules += [(match["path"]["type"], match["path"]["value"], service) for match in rule["matches"]]
    internal = internal_routes()
    for route in application.manifest["trigger"]["http"]:
        component = application.manifest["component"][route["component"]]
        owner[route["route"]] = component["tool"]["mcsp"]["service"]
    for path, service in owner.items():
        is_public = not path.startswith("/events/") and path not in internal
        leads_to = _service_at(rules, path)
        if leads_to != (service if is_public else None):
            yield f"HTTPRoute: {path} leads to {leads_to}, and is {f'of {service}' if is_public else 'not public'}"
    for _, value, service in rules:
        if not any(path == value or path.startswith(value + "/") for path in owner):
            yield f"HTTPRoute: {value} leads to {service}, and spin.toml has no such path"


def _service_at(rules, path):
    """As the Gateway API decides it: an exact path wins, then the longest prefix, of whole segments."""
    exact = [service for kind, value, service in rules if kind == "Exact" and value == path]
    prefixes = [
        (len(value), service)
        for kind, value, service in rules
        if kind == "PathPrefix" and (path == value or path.startswith(value.rstrip("/") + "/"))
    ]
    return exact[0] if exact else max(prefixes, default=(0, None))[1]


def public_host_is_the_issuers(documents, application):
    issuer = of_kind(documents, "ConfigMap")["settings"]["data"].get("issuer", "")
    hosts = {
        "HTTPRoute": [host for route in of_kind(documents, "HTTPRoute").values() for host in route["spec"]["hostnames"]],
        "Gateway": [
            listener.get("hostname")
            for gateway in of_kind(documents, "Gateway").values()
            for listener in gateway["spec"]["listeners"]
        ],
    }
    for kind, names in hosts.items():
        if issuer.removeprefix("https://") not in names:
            yield f"{kind}: the issuer {issuer} is none of its host names {names}"


def images_are_of_one_version(documents, application):
    version = application.manifest["application"]["version"]
    for document in documents:
        if document["kind"] in ("Service", "Deployment", "Job") and "template" in document["spec"]:
            for of in pod_of(document)["containers"]:
                if not of["image"].endswith(f":{version}"):
                    yield f"{name_of(document)}: {of['image']} is not of version {version}"


def nothing_runs_as_root(documents, application):
    for document in documents:
        if document["kind"] not in ("Service", "Deployment", "Job") or "template" not in document["spec"]:
            continue
        pod = pod_of(document)
        if pod.get("automountServiceAccountToken") is not False:
            yield f"{name_of(document)}: its pods get a token of the cluster"
        for of in pod["containers"]:
            security = pod.get("securityContext", {}) | of.get("securityContext", {})
            expected = {
                "runAsNonRoot": True,
                "readOnlyRootFilesystem": True,
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "seccompProfile": {"type": "RuntimeDefault"},
            }
            wrong = sorted(key for key, value in expected.items() if security.get(key) != value)
            if wrong:
                yield f"{name_of(document)}: container {of['name']} lacks {', '.join(wrong)}"
            if not of.get("resources", {}).get("requests") or not of["resources"].get("limits"):
                yield f"{name_of(document)}: container {of['name']} has no requests or limits"
