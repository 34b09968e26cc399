"""Reads metrics with the parsers of prometheus_client for OpenMetrics and for the older format that node_exporter reads."""

import json
import sys

from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client import parser as prometheus

path = sys.argv[1]
with open(path, encoding="utf-8") as file:
    text = file.read()


def samples(families):
    found = {}
    for family in families:
        assert family.type == "gauge", f"{family.name} is a {family.type}"
        assert family.documentation, f"{family.name} has no help"
        for sample in family.samples:
            found[json.dumps([sample.name, sample.labels], sort_keys=True)] = float(sample.value)
    return found


strict = list(openmetrics.text_string_to_metric_families(text))
for family in strict:
    unit = family.name.rsplit("_", 1)[1]
    wanted = unit if unit in ("seconds", "bytes") else ""
    assert family.unit == wanted, f"{family.name} has the unit {family.unit!r}"
assert samples(strict) == samples(prometheus.text_string_to_metric_families(text))
print(json.dumps(samples(strict)))
