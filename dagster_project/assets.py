"""The assets of one company, one per business step. Each calls a service and tells what it did; none decides."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import dagster as dg

from dagster_project import allocated, escape, spreadsheet, telling, worklist
from dagster_project.lasting import told_at_once
from dagster_project.office import Office
from dagster_project.superseded import tidy
from integrations.erp.errors import ErpError
from integrations.ledger.port import Ledger
from integrations.services.allocated import Settled, allocations_view, latest_settled, settled
from integrations.services.context import Run
from integrations.services.doctor import doctor
from integrations.services.ingest import import_statements
from integrations.services.match import match_payments
from integrations.services.notes import NotesReport, put_notes
from integrations.services.publish import publish
from integrations.services.pull import pull
from integrations.services.push import PushReport, push
from integrations.services.sync import connected, connector_of, push_connected
from integrations.services.worklist import all_cases
from integrations.services.worklist import worklist as read_worklist

# After a run that allocated nothing, this many of the latest allocations are looked at; of them, so many are listed.
_LATEST, _LISTED = 500, 60
# Reading can be done again at any time; what writes to an ERP is brought to its end by the next run instead.
_AGAIN = dg.RetryPolicy(max_retries=3, delay=20, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)


def company_assets(office: Office) -> list[dg.AssetsDefinition]:
    """Connections, customers and open items, bank statements, allocations, postings, exceptions."""
    return [
        _connections(office),
        _from_the_erp(office),
        _bank_statements(office),
        _allocations(office),
        _postings(office),
        _exceptions(office),
    ]


def clearings_spec(office: Office) -> dg.AssetSpec:
    """What people decided; materialized by the runs in which they do."""
    return dg.AssetSpec(
        office.key("clearings"),
        deps=[office.key("exceptions")],
        group_name=f"{office.name}_finance",
        owners=["team:finance"],
        description="Every decision of a person: the case, what was done, who did it. One entry per clearing run.",
    )


def _connections(office: Office) -> dg.AssetsDefinition:
    @dg.asset(
        key=office.key("connections"),
        group_name=f"{office.name}_setup",
        owners=["team:integration"],
        description="Is everything a night needs in place: secrets, ERP sign-in and rights, bank folders, mappings?",
        kinds={"checks"},
        check_specs=[
            dg.AssetCheckSpec(
                "in_place",
                asset=office.key("connections"),
                description="Secrets, ERP, bank folders and people are as the configuration says.",
            )
        ],
    )
    def connections(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]
        with office.ledger() as ledger:
            findings = doctor(office.company, ledger, office.run(context.run.run_id, context.run.tags))
        marks = {"ok": "in order", "warning": "look at it", "failed": "to be fixed"}
        rows = [[escape.markdown(one.check), marks[one.status], escape.markdown(one.message)] for one in findings]
        told = {"findings": telling.table(["Checked", "Result", "What to do"], rows)}
        failed = [one.message for one in findings if one.status == "failed"]
        check = dg.AssetCheckResult(
            check_name="in_place",
            passed=not failed,
            severity=dg.AssetCheckSeverity.ERROR,
            description=" ".join(failed) or "everything is in place",
            metadata=told,
        )
        return dg.MaterializeResult(metadata=told, check_results=[check])

    return connections


def _from_the_erp(office: Office) -> dg.AssetsDefinition:
    common: dict[str, Any] = {
        "group_name": f"{office.name}_erp",
        "owners": ["team:integration"],
        "deps": [office.key("connections")],
        "kinds": {str(getattr(office.company.erp, "kind", "erp"))},
    }

    @dg.multi_asset(
        name=f"pull_{office.name}",
        specs=[
            dg.AssetSpec(office.key("customers"), description="Who the customers are, as the ERP has them.", **common),
            dg.AssetSpec(
                office.key("open_items"),
                description="Invoices, credit notes and money on account still open.",
                **common,
            ),
        ],
        retry_policy=_AGAIN,
        pool=f"erp_{office.name}",
    )
    def pull_erp(context: dg.AssetExecutionContext) -> Iterable[dg.MaterializeResult[None]]:
        run = office.run(context.run.run_id, context.run.tags)
        with told_at_once(), office.ledger() as ledger, connected(office.company) as connector:
            # What an earlier run left in the outbox comes first, so that the pull sees it.
            left_over = push(office.company, ledger, connector, run, another=lambda: connector_of(office.company))
            report = pull(office.company, ledger, connector, run)
        yield dg.MaterializeResult(asset_key=office.key("customers"), metadata=telling.customers(report))
        yield dg.MaterializeResult(asset_key=office.key("open_items"), metadata=telling.open_items(report, left_over))

    return pull_erp


def _bank_statements(office: Office) -> dg.AssetsDefinition:
    @dg.asset(
        key=office.key("bank_statements"),
        deps=[office.key("connections")],
        group_name=f"{office.name}_bank",
        owners=["team:treasury"],
        description="Statement files read, checked against their balances, and taken into the ledger.",
        kinds={"bank"},
        retry_policy=_AGAIN,
    )
    def bank_statements(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        with told_at_once(), office.ledger() as ledger:
            report = import_statements(office.company, ledger, office.run(context.run.run_id, context.run.tags))
        for file in report.files:
            if file.status in {"refused", "stopped"}:
                context.log.warning("%s: %s", file.name, file.message)
        return dg.MaterializeResult(metadata=telling.bank_statements(report))

    return bank_statements


def _allocations(office: Office) -> dg.AssetsDefinition:
    @dg.asset(
        key=office.key("allocations"),
        deps=[office.key("customers"), office.key("open_items"), office.key("bank_statements")],
        group_name=f"{office.name}_matching",
        owners=["team:finance"],
        description="Which payment settles which items, and why. The latest ones are listed with a link to undo them.",
        kinds={"matching"},
    )
    def allocations(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        run = office.run(context.run.run_id, context.run.tags)
        with office.ledger() as ledger:
            report = match_payments(office.company, ledger, run)
            told = telling.allocations(report) | _why(office, ledger, run, report.settled, context.run.tags)
        tidy(context, office.key("allocations"))
        return dg.MaterializeResult(metadata=told)

    return allocations


def _why(
    office: Office, ledger: Ledger, run: Run, decided: Collection[str], tags: Mapping[str, str]
) -> telling.Metadata:
    """The lists of a run's allocations; of the latest ones where it made none. Only what it made is read."""
    latest = latest_settled(office.company, ledger, _LATEST)
    of_run: Iterable[Settled] = settled(office.company, ledger, decided) if decided else latest
    told: telling.Metadata = {}
    if office.worklist_folder and decided:
        path = allocated.csv_path(office.worklist_folder, office.name)
        told["all_of_this_run"] = dg.MetadataValue.path(str(path))
        of_run = allocated.written(path, of_run)
    view = allocations_view(of_run, latest[:_LISTED], seed=f"{office.name} {run.as_of}")
    return allocated.metadata(view, office.page(tags)) | told


def _postings(office: Office) -> dg.AssetsDefinition:
    @dg.asset(
        key=office.key("postings"),
        deps=[office.key("allocations")],
        group_name=f"{office.name}_posting",
        owners=["team:integration"],
        description="What was decided, carried into the ERP: each posting once, found by its key before it is sent.",
        kinds={str(getattr(office.company.erp, "kind", "erp"))},
        pool=f"erp_{office.name}",
    )
    def postings(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        with office.ledger() as ledger:
            report = push_connected(office.company, ledger, office.run(context.run.run_id, context.run.tags))
        _say(context, report)
        return dg.MaterializeResult(metadata=telling.postings(report))

    return postings


def _say(context: dg.AssetExecutionContext, report: PushReport) -> None:
    for message in report.messages[:50]:
        context.log.warning(message)


def _exceptions(office: Office) -> dg.AssetsDefinition:
    @dg.asset(
        key=office.key("exceptions"),
        deps=[office.key("allocations"), office.key("postings")],
        group_name=f"{office.name}_finance",
        owners=["team:finance"],
        description="The worklist: what a person has to decide, most urgent first, with links that do it.",
        kinds={"people"},
        pool=f"erp_{office.name}",
    )
    def exceptions(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        run = office.run(context.run.run_id, context.run.tags)
        with office.ledger() as ledger:
            noted = _notes(office, ledger, run)
            for message in noted.messages[:20]:
                context.log.warning(message)
            publish(office.company, ledger)
            if office.worklist_folder:
                cases = all_cases(office.company, ledger, as_of=run.as_of)
                spreadsheet.write(office.worklist_folder, office.name, cases)
        tidy(context, office.key("exceptions"))
        return dg.MaterializeResult(metadata=worklist_metadata(office, context.run.tags) | telling.notes(noted))

    return exceptions


def _notes(office: Office, ledger: Ledger, run: Run) -> NotesReport:
    """Open cases as notes in the ERP, where it has a place for them. That it cannot be reached hides no case."""
    try:
        with connected(office.company) as connector:
            return put_notes(office.company, ledger, connector, run)
    except ErpError as error:
        return NotesReport(messages=[f"no notes were put into the ERP: {error}"])


def worklist_metadata(office: Office, tags: Mapping[str, str]) -> telling.Metadata:
    """The worklist as it stands now, for the exceptions asset."""
    page = office.page(tags)
    run = office.run("", tags)
    with office.ledger() as ledger:
        found = read_worklist(
            office.company, ledger, as_of=run.as_of, limit=office.rows_shown, accept_from=office.accept_from
        )
    return worklist.metadata(found, page)
