"""One run over given paths: what it may do by itself depends on whose workers do the work."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import update

from models.errors import OperatorError
from models.settings import Settings
from models.step import Step
from pipeline.cluster import SharedCluster
from pipeline.ledger.database import transaction
from pipeline.ledger.schema import steps
from pipeline.processing import Processing
from tests.support.intake_desk import batch
from tests.support.toy_flow import TOY


class OwnWorkers(SharedCluster):
    """A line of which the run knows every worker."""

    owns_workers = True


@pytest.mark.parametrize(("line_of", "approved_by"), [(OwnWorkers, ["Approved"]), (SharedCluster, [])])
def test_only_a_run_with_workers_of_its_own_approves(
    line_of: type[SharedCluster], approved_by: list[str], tmp_path: Path
) -> None:
    """A cluster's worker may hold the agency's key, whatever signer this host's settings name."""
    found = batch(tmp_path)
    stop = threading.Event()
    with line_of(Settings(state=tmp_path / "state"), TOY) as line:
        run = Processing(line, [found.folder], stop)
        run.run(lambda _finished, _known: stop.set())
        ((document, revision),) = run.documents
        assert [fact.kind for fact in line.books.views.facts(document, revision)] == approved_by


@pytest.mark.parametrize("line_of", [OwnWorkers, SharedCluster])
def test_another_hosts_trouble_does_not_end_a_run(line_of: type[SharedCluster], tmp_path: Path) -> None:
    """A host without its language model owes the step again; only who owns that host is told to mend it."""
    found = batch(tmp_path)
    stop = threading.Event()
    with line_of(Settings(state=tmp_path / "state"), TOY) as line:
        line.intake.admit(found)
        with transaction(line.books.engine) as tx:
            tx.execute(update(steps).values(code="worker:traineddata_missing", retries=2))
        run = Processing(line, [found.folder], stop)
        if line.owns_workers:
            with pytest.raises(OperatorError, match="traineddata_missing"):
                run.run(lambda _finished, _known: None)
        else:
            run.run(lambda _finished, _known: stop.set())
            assert line.books.views.owed_by("HS-1") == [Step("HS-1", 1, "arrive")]
