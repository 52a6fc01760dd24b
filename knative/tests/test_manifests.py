"""The manifests are right, and each mistake that they could have would be told."""

import unittest
from functools import cache

import application
import strict
import webhooks
from rendering import KNATIVE, documents, name_of, render

OVERLAYS = sorted(path.parent.relative_to(KNATIVE) for path in (KNATIVE / "overlays").glob("*/kustomization.yaml"))


@cache
def rendered(folder):
    return render(folder)


@cache
def flags():
    features = [d for d in documents(rendered("cluster")) if name_of(d) == "ConfigMap/config-features"]
    return frozenset(key for key, value in features[0]["data"].items() if value == "enabled")


def problems_of(text):
    """All that is wrong with rendered manifests."""
    found = documents(text)
    problems = [problem for document in found for problem in strict.problems_of(document)]
    for service in application.knative_services(found).values():
        problems += webhooks.problems_of(service, flags())
    return problems + application.problems_of(found, application.read_application())


class Manifests(unittest.TestCase):
    def test_every_overlay_is_right(self):
        self.assertTrue(OVERLAYS)
        for overlay in OVERLAYS:
            with self.subTest(overlay=str(overlay)):
                self.assertEqual(problems_of(rendered(overlay)), [])

    def test_what_belongs_to_the_cluster_is_right(self):
        found = documents(rendered("cluster"))
        self.assertEqual([p for document in found for p in strict.problems_of(document)], [])

    def test_what_monitoring_is_told_is_right(self):
        found = documents(rendered("monitoring"))
        self.assertEqual({document["kind"] for document in found}, {"PrometheusRule", "ConfigMap"})
        self.assertEqual([p for document in found for p in strict.problems_of(document)], [])

    def test_no_flag_is_on_that_nothing_uses(self):
        services = application.knative_services(documents(rendered(OVERLAYS[0])))
        used = set().union(*(webhooks.flags_of(service) for service in services.values()))
        self.assertEqual(flags(), used)

    def test_kn_takes_each_service(self):
        for name in application.read_application().services:
            with self.subTest(service=name):
                found = documents((KNATIVE / "base" / name / "service.yaml").read_text())
                # kn reads the first document, and puts it into the namespace that it was told.
                self.assertEqual([(d["apiVersion"], d["kind"]) for d in found], [("serving.knative.dev/v1", "Service")])
                self.assertEqual(found[0]["metadata"]["name"], name)
                self.assertNotIn("namespace", found[0]["metadata"])
                self.assertEqual(strict.problems_of(found[0]), [])

    def test_every_secret_is_made_in_the_guide(self):
        guide = (KNATIVE.parent / "docs/deploy-knative.md").read_text()
        for document in documents(rendered(OVERLAYS[0])):
            for _, spec in application._variables(document):
                reference = spec.get("valueFrom", {}).get("secretKeyRef")
                if reference:
                    self.assertIn(f"secret {reference['name']} ", guide)
                    self.assertIn(f"--from-literal={reference['key']}=", guide)


# What stands in the manifests, a mistake in its place, and what is then said of it.
MISTAKES = [
    ("containerConcurrency:", "containerConcurency:", "containerConcurency"),
    ("enableServiceLinks: false", "enableServiceLinks: maybe", "'maybe' is not of type"),
    ("backoffLimit:", "backOffLimit:", "'backOffLimit' was unexpected"),
    ("whenUnsatisfiable: DoNotSchedule", "whenUnsatisfied: DoNotSchedule", "'whenUnsatisfied' was unexpected"),
    ("ordering: unordered", "orderly: unordered", "'orderly' was unexpected"),
    ("contentMode: binary", "contentMode: text", "'text' is not one of"),
    ("type: PathPrefix", "type: Prefix", "'Prefix' is not one of"),
    ("name: http1", "name: http3", "the port"),
    ("- containerPort: 8080\n          name: http1", "- containerPort: 8012\n          name: http1", "the port"),
    ("- containerPort: 8080\n          name: http1\n", "- containerPort: 8080\n        - containerPort: 8081\n", "exactly one is allowed"),
    ("timeoutSeconds: 60", "timeoutSeconds: 601", "timeoutSeconds is not between"),
    ("timeoutSeconds: 60", "timeoutSeconds: 30", "is shorter than 35 s"),
    ("serviceAccountName: auth", "terminationGracePeriodSeconds: 9\n      serviceAccountName: auth", "terminationGracePeriodSeconds is not allowed"),
    ("serviceAccountName: auth", "hostNetwork: true\n      serviceAccountName: auth", "hostNetwork is not allowed"),
    ("serviceAccountName: auth", "affinity: {}\n      serviceAccountName: auth", "the flag kubernetes.podspec-affinity is off"),
    ("serviceAccountName: auth", "serviceAccountName: oauth", "there is no ServiceAccount oauth"),
    ("mountPath: /run/mcsp", "mountPath: /dev", "cannot be mounted over"),
    ("name: functions\n", "name: queue-proxy\n", "or one is called queue-proxy"),
    ("name: run\n        - mountPath", "name: run2\n        - mountPath", "the volume run2 does not exist"),
    ("autoscaling.knative.dev/window: 60s", "autoscaling.knative.dev/window: 60", "window cannot be 60"),
    ("autoscaling.knative.dev/window: 60s", "autoscaling.knative.dev/windw: 60s", "means nothing on its template"),
    ('autoscaling.knative.dev/target: "80"', 'autoscaling.knative.dev/target: "800"', "the target is above containerConcurrency"),
    ('autoscaling.knative.dev/min-scale: "3"', 'autoscaling.knative.dev/min-scale: "2"', "never below 3 pods"),
    ("mcsp/rps-class: medium", "mcsp/rps-class: high", "its class as (0, 50, 300)"),
    ("      nodeSelector:\n        mcsp/pool: playback\n", "", "nodeSelector is missing"),
    ("- labelSelector:\n          matchLabels:\n            serving.knative.dev/service: playback\n        maxSkew: 1\n        nodeTaintsPolicy: Honor\n", "- labelSelector:\n          matchLabels:\n            serving.knative.dev/service: playback\n        maxSkew: 1\n", "counts nodes that are being emptied"),
    ("kind: PodDisruptionBudget\nmetadata:\n  labels:\n    app.kubernetes.io/part-of: mcsp\n  name: playback", "kind: ConfigMap\nmetadata:\n  name: playback", "no PodDisruptionBudget is for it"),
    ("--service=auth", "--service=content", "container functions is for ['content']"),
    ("- name: SPIN_VARIABLE_AUTH_SECRET\n", "- name: SPIN_VARIABLE_AUTH_SECRETS\n", "SPIN_VARIABLE_AUTH_SECRET has no source"),
    ("- name: SPIN_VARIABLE_ISSUER\n", "- name: SPIN_VARIABLE_REGION\n", "SPIN_VARIABLE_ISSUER has no source"),
    ("- name: MCSP_REDIS_URL\n", "- name: MCSP_REDIS\n", "the bridge needs MCSP_REDIS_URL"),
    ("- name: MCSP_SERVICE_URL_MAIL\n", "- name: MCSP_SERVICE_URL_SMS\n", "the bridge has no use for MCSP_SERVICE_URL_SMS"),
    ("- name: OTEL_TRACES_SAMPLER\n", "- name: OTEL_SAMPLER\n", "OTEL_TRACES_SAMPLER has no source in container"),
    ('mcsp/telemetry: "true"', 'mcsp/telemetries: "true"', "does not let out to ('mcsp/telemetry'"),
    ("key: postgres-url", "key: postgres", "there is no postgres in ConfigMap settings"),
    ("issuer: https://mcsp.example.com", "issuers: https://mcsp.example.com", "nothing uses issuers"),
    ("          valueFrom:\n            secretKeyRef:\n              key: sealing-keys\n              name: auth\n", "          value: '[]'\n", "SPIN_VARIABLE_AUTH_SEALING_KEYS must come from a Secret"),
    ('mcsp/redis: "true"', 'mcsp/mongo: "true"', "does not let out to ('mcsp/redis'"),
    ("port: 5432", "port: 5433", "granted nowhere"),
    ("        - 169.254.0.0/16\n", "", "lets out to private addresses"),
    ("cidr: 2000::/3", "cidr: ::/0", "granted nowhere"),
    ("endPort: 65535", "endPort: 65534", "does not let out to ('cidr', '0.0.0.0/0', (1024, 65535))"),
    ("port: 1024\n", "port: 1023\n", "lets out to ('cidr', '2000::/3', (1023, 65535)), granted nowhere"),
    ("endPort: 65535\n      port: 1024", "port: 1024", "does not let out to ('cidr', '2000::/3', (1024, 65535))"),
    ("port: 1024\n      protocol: TCP", "port: 1024\n      protocol: UDP", "lets out by UDP"),
    ("serving.knative.dev/service: upload", "serving.knative.dev/service: uploads", "is not for"),
    ("uri: /events/auth-mail", "uri: /events/auth-mails", "does not lead to auth-mail by the relay"),
    ("- media.published\n", "- media.changed\n", "content-indexer has 0 sources of media.published"),
    ("topic: media.changed.dlq", "topic: media.changed", "its dead letters do not go to media.changed.dlq"),
    ("consumerGroup: content-events.media.upload.initiated", "consumerGroup: content-events", "its group is not"),
    ("- kafka.data.svc.cluster.local:9092", "- kafka:9092", "its brokers are not those of the settings"),
    ("hostnames:\n  - mcsp.example.com", "hostnames:\n  - www.example.com", "HTTPRoute: the issuer"),
    ("hostname: mcsp.example.com", "hostname: www.example.com", "Gateway: the issuer"),
    ("value: /v1/search", "value: /v1/searches", "/v1/search leads to None"),
    ("value: /v1/search", "value: /v1/catalog", "/v1/catalog/:id leads to content, and is not public"),
    ("value: /v1/search", "value: /events", "and is not public"),
    ("mcsp/functions:0.1.0", "mcsp/functions:latest", "is not of version"),
    ("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "lacks readOnlyRootFilesystem"),
    ("automountServiceAccountToken: false\n      containerConcurrency", "containerConcurrency", "get a token of the cluster"),
]  # fmt: skip


class Mistakes(unittest.TestCase):
    def test_what_is_optional_is_none(self):
        mail = "- name: MCSP_SERVICE_URL_MAIL\n"
        ranges = "- name: MCSP_SERVICE_URL_PASSWORD_RANGES\n          value: http://ranges.data.svc.cluster.local\n        "
        text = rendered("overlays/default")
        self.assertIn(mail, text)
        self.assertEqual(problems_of(text.replace(mail, ranges + mail, 1)), [])

    def test_each_is_told(self):
        text = rendered("overlays/default")
        for right, wrong, said in MISTAKES:
            with self.subTest(mistake=wrong):
                self.assertTrue(right in text, "it is not in the manifests")
                problems = problems_of(text.replace(right, wrong, 1))
                self.assertTrue(any(said in problem for problem in problems), problems)

    def test_a_key_that_stands_twice_is_refused(self):
        with self.assertRaisesRegex(Exception, "twice"):
            documents("a: 1\nb: 2\na: 3\n")

    def test_a_kind_that_nobody_knows_is_told(self):
        unknown = {"apiVersion": "v1", "kind": "Pods", "metadata": {"name": "a"}}
        self.assertEqual(strict.problems_of(unknown), ["Pods/a: nothing is known of v1 Pods"])


if __name__ == "__main__":
    unittest.main()
