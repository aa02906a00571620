"""The benchmark runs and writes what it measured. How fast anything is, is not tested here."""

import json
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    file = tmp_path_factory.mktemp("bench") / "bench.json"
    small = ["--size", "2000", "--times", "1", "--json", str(file)]
    result = subprocess.run([sys.executable, "-m", "tests.bench", *small], capture_output=True, text=True, check=False)
    assert "failed" not in result.stderr, result.stderr
    return {figure["name"]: figure for figure in json.loads(file.read_text())}


def test_every_figure_is_measured(figures):
    limits = {name: figure["limit"] for name, figure in figures.items() if figure["limit"] is not None}
    assert limits == {
        "load": 300,
        "idle_memory": 400,
        "customer_journey": 40,
        "customer_journey_growth": 1.5,
        "contacts_of_stage_page_1": 60,
        "contacts_of_stage_page_1000": 60,
        "export": 50_000,
        "export_memory": 150,
        "report_compare": 60,
        "report_ins_and_outs": 60,
        "report_trend": 60,
        "reports_growth": 2,
        "report_flows_of_a_month": 500,
        "report_flows_of_a_year": 2000,
        "report_names": 500,
        "report_names_slowest": 3000,
        "reports_of_a_segment": 3000,
        "report_conversion_of_a_month": 500,
        "report_conversion_of_a_year": 2000,
        "report_time_in_stage_of_a_year": 2000,
        "report_lost_of_a_year": 2000,
        "report_stuck": 2000,
        "measure_stages": 10_000,
        "report_names_of_people": 500,
        "report_names_of_people_slowest": 3000,
        "report_people_of_a_segment": 3000,
        "segment_count": 300,
        "segment_page_1": 100,
        "search": 50,
        "contacts_in_each_order": 100,
        "contacts_in_each_order_page_1000": 100,
        "labels": 250,
        "status_change": 30,
        "funnel_now": 10,
        "funnel_at_past_moments": 10,
        "import": 12_000,
        "import_over_known": 5_000,
        "import_memory": 250,
        "preview": 400,
        "ten_thousand": 1000,
        "label_rule": 1.3,
        "people_during_label_rule": 25,
        "slowest_during_label_rule": 1000,
        "undo": 1.2,
        "people_through_http_during_label_rule": 100,
        "slowest_through_http_during_label_rule": 1000,
        "campaign": 2,
        "campaign_seconds": 60,
        "people_during_campaign": 25,
        "idle_campaigns": 1000,
        "load_people_p95": 100,
        "load_people_p99": 250,
        "load_journey_p95": 500,
        "wire_list_of_stages": 8,
        "wire_add_contact": 15,
        "wire_batch_of_200": 3,
        "wire_load_by_token": 100,
        "wire_load_by_password": 100,
        "wizard_check": 85,
        "wizard_import": 85,
        "wizard_memory": 250,
        "wizard_people": 25,
        "webhook_beside_a_status_change": 30,
        "webhook_passing_over_a_run": 5000,
        "api_status_put_p95": 60,
        "api_status_put_rate": 150,
        "api_history_of_500": 30,
        "review_of_50000": 60,
    }
    for figure in figures.values():
        assert set(figure) == {"name", "value", "unit", "floor", "limit", "holds"}
        assert figure["value"] > 0
        assert (figure["holds"] is None) == (figure["limit"] is None)
