"""Holds what Prometheus and Grafana are told (knative/monitoring) against what the platform shows at /metrics.

Told by CLIENT_TEST: `root`, the repository, and `metrics_path`, a file of what /metrics shows. Prints how many expressions it
has read. Each must be PromQL; the metrics, labels and values that it names must be there; each alert must say how bad it is,
what it is, and where docs/operations.md says what to do; each dashboard must be such as Grafana takes.
"""

import json
import os
import re
import sys
from pathlib import Path

import promql_parser
import yaml

# What Prometheus itself gives to every series, and what a histogram's buckets have.
OF_PROMETHEUS = {"instance", "job", "namespace", "pod", "container"}
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? \S+$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
SEVERITIES = {"critical", "warning", "info"}
# What Grafana puts in the place of its variables.
VARIABLES = {"$__rate_interval": "5m", "$service": ".*"}


def series_of(text):
    """Metric to label to values."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, labels = SAMPLE.match(line).groups()
            of_metric = found.setdefault(name, {})
            for label, value in LABEL.findall(labels or ""):
                of_metric.setdefault(label, set()).add(value)
    return found


def nodes(expression):
    """All parts of an expression."""
    yield expression
    for name in ("lhs", "rhs", "expr", "param", "vector_selector"):
        part = getattr(expression, name, None)
        if isinstance(part, promql_parser.Expr):
            yield from nodes(part)
    for part in getattr(expression, "args", None) or []:
        yield from nodes(part)


def problems_of(text, series):
    """What is wrong with an expression."""
    for variable, value in VARIABLES.items():
        text = text.replace(variable, value)
    if "$" in text:
        yield "a variable that nobody knows"
    try:
        parsed = promql_parser.parse(text)
    except ValueError as error:
        yield str(error)
        return
    for part in nodes(parsed):
        yield from selector_problems(part, series)
        modifier = getattr(part, "modifier", None)
        if isinstance(part, promql_parser.AggregateExpr) and modifier:
            known = labels_below(part, series)
            yield from (f"no label {label} below it" for label in modifier.labels if label not in known)


def labels_below(part, series):
    selectors = [node for node in nodes(part) if isinstance(node, promql_parser.VectorSelector)]
    return OF_PROMETHEUS.union(*(series.get(selector.name, {}).keys() for selector in selectors))


def selector_problems(part, series):
    if not isinstance(part, promql_parser.VectorSelector):
        return
    if part.name not in series:
        yield f"there is no metric {part.name}"
        return
    for matcher in part.matchers.matchers:
        values = series[part.name].get(matcher.name)
        if values is None and matcher.name not in OF_PROMETHEUS:
            yield f"{part.name} has no label {matcher.name}"
        elif matcher.op == promql_parser.MatchOp.Equal and values and matcher.value not in values:
            yield f"{part.name} has no {matcher.name} {matcher.value}"


def anchors(page):
    """The anchors of a page's headings, as they are made of them."""
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def rules(root, series):
    """The expressions of the rules. What they record is there for those after them."""
    page = anchors((root / "docs/operations.md").read_text())
    for group in yaml.safe_load((root / "knative/monitoring/rules.yaml").read_text())["spec"]["groups"]:
        for rule in group["rules"]:
            name = rule.get("record") or rule["alert"]
            yield name, rule["expr"], []
            if "record" in rule:
                series[name] = {"service": series["mcsp_http_requests_total"]["service"]}
                continue
            wrong = []
            if rule["labels"].get("severity") not in SEVERITIES:
                wrong.append("no severity")
            if not rule["annotations"].get("summary"):
                wrong.append("no summary")
            place, _, anchor = rule["annotations"].get("runbook_url", "").partition("#")
            if place != "docs/operations.md" or anchor not in page:
                wrong.append(f"no runbook: {place}#{anchor}")
            yield name, None, wrong


def dashboards(root):
    """The expressions of the dashboards."""
    ids = set()
    for path in sorted((root / "knative/monitoring/dashboards").glob("*.json")):
        dashboard = json.loads(path.read_text())
        wrong = [f"no {field}" for field in ("uid", "title", "schemaVersion", "panels", "templating") if not dashboard.get(field)]
        wrong += ["another one has its uid"] if dashboard["uid"] in ids else []
        ids.add(dashboard["uid"])
        panels = dashboard["panels"]
        numbers = [panel["id"] for panel in panels]
        wrong += ["panels of one id"] if len(set(numbers)) < len(numbers) else []
        yield path.name, None, wrong
        for panel in panels:
            name = f"{path.name}: {panel['title']}"
            place = panel["gridPos"]
            wrong = [] if place["x"] + place["w"] <= 24 else ["outside of the grid"]
            if panel["type"] != "row" and not panel.get("targets"):
                wrong.append("shows nothing")
            yield name, None, wrong
            for target in panel.get("targets", []):
                is_chosen = target["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
                yield name, target["expr"], [] if is_chosen else ["a data source of its own"]


def main():
    told = json.loads(os.environ["CLIENT_TEST"])
    root, series = Path(told["root"]), series_of(Path(told["metrics_path"]).read_text())
    read, problems = 0, []
    for found in (rules(root, series), dashboards(root)):
        for name, expression, wrong in found:
            problems += [f"{name}: {problem}" for problem in wrong]
            if expression:
                read += 1
                problems += [f"{name}: {problem} in {expression}" for problem in problems_of(expression, series)]
    if problems:
        sys.exit("\n".join(problems))
    print(f"{read} expressions ask for what there is")


if __name__ == "__main__":
    main()
