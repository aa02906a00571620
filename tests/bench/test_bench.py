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
        "customer_journey": 40,
        "customer_journey_growth": 1.5,
        "contacts_of_stage_page_1": 60,
        "contacts_of_stage_page_1000": 60,
        "search": 50,
        "contacts_in_each_order": 100,
        "contacts_in_each_order_page_1000": 100,
        "labels": 250,
        "status_change": 30,
        "funnel_now": 10,
        "funnel_at_past_moments": 10,
        "import": 12_000,
        "import_memory": 250,
        "preview": 400,
        "ten_thousand": 1000,
        "label_rule": 1.3,
        "people_during_label_rule": 25,
        "slowest_during_label_rule": 1000,
        "undo": 1.2,
        "people_through_http_during_label_rule": 100,
        "slowest_through_http_during_label_rule": 1000,
        "wire_list_of_stages": 8,
        "wire_add_contact": 15,
        "wire_batch_of_200": 3,
        "wire_load_by_token": 100,
        "wire_load_by_password": 100,
    }
    for figure in figures.values():
        assert set(figure) == {"name", "value", "unit", "floor", "limit", "holds"}
        assert figure["value"] > 0
        assert (figure["holds"] is None) == (figure["limit"] is None)
