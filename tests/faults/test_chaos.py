"""The fault campaign, short: real servers and processes, one strike at each of them, and nothing is lost.

``make chaos`` runs the long one, and shows that the guards are needed.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.chaos import campaign, headline, report
from benchmarks.chaos.campaign import MUST_STRIKE, Outcome, Plan
from benchmarks.chaos.faults_around import CATALOGUE
from benchmarks.chaos.proxy import Switchboard
from benchmarks.chaos.servers import Servers
from models.errors import OperatorError
from tests.servers.missing import unavailable

SEED = 7
KINDS = ("worker_killed", "child_killed", "relay_killed", "intake_killed", "broker_cut", "queue_deleted",
         "ledger_killed", "ledger_answer_lost", "store_killed", "store_answer_lost", "hints_doubled")  # fmt: skip


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory, servers_required: bool) -> Iterator[Servers]:
    """Servers of our own: they are killed, under everybody who uses them."""
    try:
        with Servers(tmp_path_factory.mktemp("servers")) as started:
            yield started
    except OperatorError as error:
        if not error.code.endswith("_missing"):
            raise
        unavailable(error.message, required=servers_required)


@pytest.fixture(scope="module")
def outcome(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """One campaign that every test here looks at."""
    plan = Plan(SEED, faults_s=25.0, every_s=1.0, lanes=3, open=12, workers=1, kinds=KINDS)
    with Switchboard() as board:
        return campaign.run(plan, tmp_path_factory.mktemp("campaign") / "chaos", servers, board)


@pytest.mark.timeout(600)
def test_nothing_is_lost_whatever_breaks(outcome: Outcome) -> None:
    """Every document ended as it should, every copy is whole, and nothing is owed."""
    assert outcome.verdict.violations == ()
    assert sum(outcome.verdict.ends.values()) == outcome.verdict.receipts >= 10
    assert outcome.verdict.ends["ARCHIVED"] >= 5


@pytest.mark.timeout(600)
def test_everything_was_struck(outcome: Outcome) -> None:
    """Worker, child, relay, intake, broker, ledger and store: a campaign that breaks nothing shows nothing."""
    assert {struck.group for struck in outcome.struck if not struck.skipped} >= set(MUST_STRIKE)


@pytest.mark.timeout(600)
def test_the_services_end_when_they_are_asked(outcome: Outcome) -> None:
    """After all that, SIGTERM still drains every one of them."""
    assert set(outcome.stops.values()) == {0}


@pytest.mark.timeout(600)
def test_the_report_tells_all_of_it(outcome: Outcome) -> None:
    """Headline keys, and a page with every fault on it."""
    told = headline(outcome, [])
    assert told["faults_injected"] == sum(dict(told["faults"]).values())  # type: ignore[call-overload]
    details = {"quick": True, "seed": SEED, "faults_s": 25.0, **outcome.plain(), "guards": []}
    page = report.html({"headline": told, "details": details, "machine": {"cores": 1, "cpu": "", "load_1min": 0.0}})
    assert all(struck.name in page for struck in outcome.struck)
    assert set(KINDS) <= CATALOGUE.keys()
