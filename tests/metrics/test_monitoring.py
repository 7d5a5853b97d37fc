"""The alerts, the dashboard and the page about the metrics: held to what a real server says."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser as promql
import pytest

from chatd.app import METRICS
from chatd.http.context import SERVICES
from chatd.stats import Cluster
from tests.conftest import Start
from tests.metrics.support import OURS, Scrape, measured
from tests.programs import program
from tests.ws.v2_client import connect

MONITORING = Path(__file__).resolve().parent.parent.parent / "docs" / "monitoring"
DASHBOARD = json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))
RULES = (MONITORING / "alerts.yml").read_text(encoding="utf-8")

#: What Prometheus itself adds: to every sample the first, of every scrape the second.
ITS_LABELS, ITS_METRICS = {"instance", "job"}, {"up"}


def promtool(*arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    """Run promtool."""
    return subprocess.run([program("promtool"), *arguments], input=stdin, capture_output=True, text=True, check=False)


@pytest.fixture
async def scraped(start: Start) -> Scrape:
    """A scrape of a server on which everything that is measured has happened."""
    server = await measured(start)
    server.chat.server.app[METRICS].sources.backup_proven_at = lambda: int(time.time() * 1000)
    server.chat.server.app[METRICS].sources.cursors = lambda: {"push": 1}
    server.chat.server.app[METRICS].sources.cluster = lambda: Cluster(processes=2, lag=0, foreign=1, gaps=0)
    alice, bob = await server.chat.people("alice", "bobby")
    await alice.send(bob, "hello")
    assert await (await connect(alice)).error("sync", epoch="another", since=0) == "resync"
    await server.chat.server.app[SERVICES].sync.prune()
    return await server.scrape()


def alerts() -> dict[str, str]:
    """Return the expression of each alert by its name."""
    found = re.findall(r"^ +- alert: (\w+)\n +expr: (.+)$", RULES, re.MULTILINE)
    assert len(found) == len(re.findall(r"\bexpr:", RULES)) > 10
    return dict(found)


def panels() -> list[dict[str, Any]]:
    """Return the panels that show something."""
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def queries() -> list[str]:
    """Return every expression of the dashboard, with Grafana's variables filled in."""
    found = [target["expr"] for panel in panels() for target in panel["targets"]]
    filled = [each.replace("$__rate_interval", "5m").replace("$instance", ".*") for each in found]
    assert not [each for each in filled if "$" in each]
    return filled


def walk(expression: str) -> Iterator[promql.Expr]:
    """Yield every part of an expression."""
    parts: list[promql.Expr] = []
    promql.walk(promql.parse(expression), parts.append)
    for part in parts:
        yield part
        if isinstance(part, promql.MatrixSelector):
            yield part.vector_selector


def check(expression: str, scrape: Scrape) -> set[str]:
    """Check that all an expression names is in a scrape, and return the metrics it names."""
    labels: set[str] = set(ITS_LABELS)
    names = set()
    selectors = [part for part in walk(expression) if isinstance(part, promql.VectorSelector)]
    assert selectors, expression
    for selector in selectors:
        assert selector.name is not None
        names.add(selector.name)
        samples = [sample for sample in scrape.samples if sample.name == selector.name]
        assert samples or selector.name in ITS_METRICS, f"no server has the metric {selector.name}: {expression}"
        found = {label for sample in samples for label in sample.labels}
        labels |= found
        for matcher in selector.matchers.matchers:
            assert matcher.name in found | ITS_LABELS, f"{selector.name} has no label {matcher.name}: {expression}"
            if matcher.op == promql.MatchOp.Equal and matcher.name in found:
                assert matcher.value in {sample.labels[matcher.name] for sample in samples}, expression
    for part in walk(expression):
        if isinstance(part, promql.AggregateExpr) and part.modifier is not None:
            assert set(part.modifier.labels) <= labels, (
                f"nothing has one of the labels {part.modifier.labels}: {expression}"
            )
    return names


def test_the_check_finds_what_no_server_has() -> None:
    scrape = Scrape('# TYPE a counter\na_total{kind="x"} 1\n# TYPE h histogram\nh_bucket{le="+Inf"} 1\n')
    assert check('sum by (kind) (rate(a_total{kind="x"}[5m])) > bool 0', scrape) == {"a_total"}
    assert check("histogram_quantile(0.9, sum by (le, instance) (rate(h_bucket[5m])))", scrape) == {"h_bucket"}
    for expression in (
        "b_total",
        "rate(a[5m])",
        'a_total{sort="x"}',
        'a_total{kind="y"}',
        "sum by (sort) (a_total)",
        "1",
    ):
        with pytest.raises(AssertionError):
            check(expression, scrape)


def test_every_metric_is_named_and_described_as_prometheus_wants_it(scraped: Scrape) -> None:
    done = promtool("check", "metrics", stdin=scraped.text)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert promtool("check", "metrics", stdin="# TYPE bad_total gauge\nbad_total 1\n").returncode != 0


def test_the_alerts_are_rules_of_prometheus() -> None:
    done = promtool("check", "rules", "--lint=all", "--lint-fatal", str(MONITORING / "alerts.yml"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"SUCCESS: {len(alerts())} rules found" in done.stdout


def test_each_alert_fires_where_it_should_and_says_so() -> None:
    done = promtool("test", "rules", str(MONITORING / "alerts_test.yml"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_is_tested_on_a_server_that_is_well_and_on_one_that_is_not() -> None:
    text = (MONITORING / "alerts_test.yml").read_text(encoding="utf-8")
    tested = re.findall(r"alertname: (\w+)\n +eval_time: \w+\n +exp_alerts:( \[\])?", text)
    assert [name for name, quiet in tested if quiet] == list(alerts())
    assert [name for name, quiet in tested if not quiet] == list(alerts())


def test_the_tests_of_the_alerts_can_fail(tmp_path: Path) -> None:
    shutil.copy(MONITORING / "alerts_test.yml", tmp_path)
    silent = re.sub(r"expr: .+", "expr: vector(1) < 0", RULES)
    (tmp_path / "alerts.yml").write_text(silent, encoding="utf-8")
    done = promtool("test", "rules", str(tmp_path / "alerts_test.yml"))
    assert done.returncode != 0
    assert re.findall(r"alertname: (\w+)", done.stdout + done.stderr) == list(alerts())


def test_every_metric_of_an_alert_is_one_that_a_server_has(scraped: Scrape) -> None:
    for expression in alerts().values():
        check(expression, scraped)


def test_every_metric_on_the_dashboard_is_one_that_a_server_has_and_none_of_ours_is_left_out(scraped: Scrape) -> None:
    shown: set[str] = set().union(*(check(query, scraped) for query in queries()))
    parts = re.compile(r"_(bucket|sum|count)$")
    ours = {parts.sub("", name) for name in scraped.names if name.startswith(OURS)}
    assert ours == {parts.sub("", name) for name in shown if name.startswith(OURS)}


def test_the_dashboards_variables_ask_for_what_there_is(scraped: Scrape) -> None:
    source, instance = DASHBOARD["templating"]["list"]
    assert (source["name"], source["type"], source["query"]) == ("datasource", "datasource", "prometheus")
    match = re.fullmatch(r"label_values\((\w+), (\w+)\)", instance["query"]["query"])
    assert match is not None
    assert match[1] in scraped
    assert match[2] in ITS_LABELS
    wanted = {"type": "prometheus", "uid": "${datasource}"}
    sources = [each["datasource"] for panel in panels() for each in (panel, *panel["targets"])]
    assert [*sources, instance["datasource"]] == [wanted] * (len(sources) + 1)


def test_the_dashboards_panels_say_what_they_show_and_lie_side_by_side() -> None:
    everything = DASHBOARD["panels"]
    assert len({panel["id"] for panel in everything}) == len(everything)
    taken: set[tuple[int, int]] = set()
    for panel in everything:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
    for panel in panels():
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert [target["refId"] for target in panel["targets"]] == list("ABCD"[: len(panel["targets"])])


def test_a_counter_is_shown_as_a_rate() -> None:
    for expression in (*queries(), *alerts().values()):
        parts = list(walk(expression))
        ranged = {id(part.vector_selector) for part in parts if isinstance(part, promql.MatrixSelector)}
        count = len(re.findall(r"\w+(?:_total|_bucket|_sum|_count)\b", expression))
        assert len(re.findall(r"\w+(?:_total|_bucket|_sum|_count)(?:\{[^}]*\})?\[", expression)) == count, expression
        assert len(ranged) >= count


def test_the_page_lists_every_metric_of_ours_with_its_type_and_labels(scraped: Scrape) -> None:
    text = (MONITORING / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ?((?:`\w+` ?)*)\| [A-Z].*\. \|$", text, re.MULTILINE)
    assert len(rows) == len(re.findall(r"^\| `", text, re.MULTILINE))
    there = []
    for family in scraped.families.values():
        if family.name.startswith(OURS):
            labels = {label for sample in family.samples for label in sample.labels} - {"le"}
            name = family.name + ("_total" if family.type == "counter" else "")
            there.append((name, family.type, tuple(sorted(labels))))
    assert [(name, kind, tuple(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows] == sorted(there)


@pytest.mark.parametrize("is_elsewhere", [False, True])
def test_the_pages_configuration_is_one_for_prometheus(is_elsewhere: bool, tmp_path: Path) -> None:
    text = (MONITORING / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    if is_elsewhere:
        near, elsewhere = re.split(r"^  # Or from elsewhere:\n", example, flags=re.MULTILINE)
        example = near[: near.index("  - job_name")] + elsewhere.replace("  # ", "  ")
        (tmp_path / "chatd_token").write_text("0123456789abcdef", encoding="utf-8")
        example = example.replace("/etc/prometheus/", f"{tmp_path}/")
    shutil.copy(MONITORING / "alerts.yml", tmp_path)
    (tmp_path / "prometheus.yml").write_text(example, encoding="utf-8")
    done = promtool("check", "config", str(tmp_path / "prometheus.yml"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"SUCCESS: {len(alerts())} rules found" in done.stdout
    assert "chatd" in example
