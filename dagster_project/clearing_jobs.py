"""The jobs of finance: clear one case or many, approve, take back, apply a worklist file, look something up.

Each but the last does one thing in the ledger, sends what follows from it to the ERP, and publishes the worklist anew,
so that the list is current as soon as the run ends. Rights and limits are enforced by the service, for the person that
the proxy named.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from dagster_project import allocated, escape, requests, spreadsheet, telling
from dagster_project.assets import worklist_metadata
from dagster_project.forms import BATCH, CLEARING, LOOKING, REOPENING, VERDICT, WORKLIST_FILE
from dagster_project.office import Office
from dagster_project.superseded import tidy
from dagster_project.worklist import Jobs
from integrations.erp.errors import ErpError
from integrations.ledger.errors import LedgerError, NotFound
from integrations.ledger.port import Ledger
from integrations.services import clear as clearing
from integrations.services.allocated import look_up
from integrations.services.clear import ClearOutcome
from integrations.services.context import Run
from integrations.services.publish import publish
from integrations.services.sync import push_connected

Work = Callable[[dg.OpExecutionContext, Ledger, str, Run], Sequence[ClearOutcome]]


def clearing_jobs(office: Office) -> list[dg.JobDefinition]:
    """The jobs that finance starts, for one company."""
    names = Jobs.of(office.name)
    jobs = [
        _job(office, names.clear, CLEARING, _clear(office), "Decide about one case."),
        _job(office, names.batch, BATCH, _batch(office), "Decide about many cases in one run."),
        _job(office, names.approve, VERDICT, _verdict(office), "A second person agrees, or sends it back."),
        _job(
            office,
            names.reopen,
            REOPENING,
            _reopen(office),
            "Take back what was decided about a payment.",
        ),
        _look_up_job(office, names.look_up),
    ]
    if office.worklist_folder:
        work = _apply(office, office.worklist_folder)
        told = "Apply the decisions in a worklist file that lies in the worklist folder."
        jobs.append(_job(office, f"apply_worklist_{office.name}", WORKLIST_FILE, work, told))
    return jobs


def _job(office: Office, name: str, schema: dict[str, Any], work: Work, description: str) -> dg.JobDefinition:
    return _form_job(office, name, schema, lambda context: _act(office, context, work), description)


def _form_job(
    office: Office, name: str, schema: dict[str, Any], do: Callable[[dg.OpExecutionContext], None], description: str
) -> dg.JobDefinition:
    """A job whose whole configuration is the form, in a process of its own."""

    @dg.op(name=f"do_{name}", config_schema=schema, description=description)
    def act(context: dg.OpExecutionContext) -> None:
        do(context)

    @dg.job(
        name=name,
        description=description,
        config=dg.ConfigMapping(
            config_fn=lambda form: {"ops": {f"do_{name}": {"config": form}}},
            config_schema=schema,
        ),
        executor_def=dg.in_process_executor,
        tags={"company": office.name, "for": "finance"},
    )
    def finance_job() -> None:
        act()

    return finance_job


def _look_up_job(office: Office, name: str) -> dg.JobDefinition:
    """Tells the story of anything and changes nothing."""

    def tell(context: dg.OpExecutionContext) -> None:
        about = context.op_config["about"].strip()
        with office.ledger() as ledger:
            try:
                found = look_up(office.company, ledger, about)
            except NotFound as error:
                raise dg.Failure(description=str(error), allow_retries=False) from error
        for sentence in found.story:
            context.log.info(sentence)
        told = allocated.story(found, office.page(_tags(context)))
        context.log_event(dg.AssetObservation(asset_key=office.key("allocations"), metadata=told))

    return _form_job(office, name, LOOKING, tell, "Tell all that happened to a payment, case or item, and why.")


def _act(office: Office, context: dg.OpExecutionContext, work: Work) -> None:
    tags = _tags(context)
    by, run = office.person(tags), office.run(context.run_id, tags)
    with office.ledger() as ledger:
        outcomes = list(work(context, ledger, by, run))
        for one in outcomes:
            context.log.info("%s: %s", one.outcome, one.message)
        if all(one.outcome == "refused" for one in outcomes):
            # Dagster drops what a failing step wants to show, so the sentences themselves must say it all.
            message = " ".join(one.message for one in outcomes[:5]) or "There is no case that fits what was asked for."
            raise dg.Failure(description=message, allow_retries=False)
        _carry_on(office, context, ledger, run)
    context.log_event(dg.AssetMaterialization(asset_key=office.key("clearings"), metadata=_told(outcomes, by)))
    context.log_event(
        dg.AssetMaterialization(asset_key=office.key("exceptions"), metadata=worklist_metadata(office, tags))
    )
    tidy(context, office.key("exceptions"))


def _tags(context: dg.OpExecutionContext) -> dict[str, str]:
    """The run's tags as they are stored: the person is added after the run was made."""
    stored = context.instance.get_run_by_id(context.run_id)
    return dict(stored.tags if stored else context.run.tags)


def _carry_on(office: Office, context: dg.OpExecutionContext, ledger: Ledger, run: Run) -> None:
    """Send what was decided to the ERP. That it could not be sent now changes nothing about the decision."""
    try:
        report = push_connected(office.company, ledger, run)
        for message in report.messages:
            context.log.warning(message)
        publish(office.company, ledger)
    except (ErpError, LedgerError, OSError) as error:
        context.log.warning("decided, but not in the ERP yet: %s. The next night brings it there.", error)


def _told(outcomes: Sequence[ClearOutcome], by: str) -> telling.Metadata:
    rows = [
        [escape.markdown(one.case_id), one.outcome.replace("_", " "), escape.markdown(one.message, 240)]
        for one in outcomes[:500]
    ]
    refused = sum(one.outcome == "refused" for one in outcomes)
    return {
        "by": dg.MetadataValue.text(by),
        "decided": dg.MetadataValue.int(len(outcomes) - refused),
        "refused": dg.MetadataValue.int(refused),
        "what": telling.table(["Case", "Outcome", "In words"], rows),
    }


def _clear(office: Office) -> Work:
    def work(context: dg.OpExecutionContext, ledger: Ledger, by: str, run: Run) -> Sequence[ClearOutcome]:
        return [requests.clear_one(office, ledger, context.op_config, by=by, run=run)]

    return work


def _batch(office: Office) -> Work:
    def work(context: dg.OpExecutionContext, ledger: Ledger, by: str, run: Run) -> Sequence[ClearOutcome]:
        form = context.op_config
        outcomes = [requests.clear_one(office, ledger, one, by=by, run=run) for one in form["decisions"]]
        if form["accept_from_percent"] > 0:
            accepted = clearing.suggestions_from(office.company, ledger, percent=form["accept_from_percent"])
            wanted = [requests.with_note(one, form["note"]) for one in accepted[: form["at_most"]]]
            outcomes += clearing.clear_batch(office.company, ledger, wanted, by=by, run=run)
        return outcomes

    return work


def _verdict(office: Office) -> Work:
    def work(context: dg.OpExecutionContext, ledger: Ledger, by: str, run: Run) -> Sequence[ClearOutcome]:
        form = context.op_config
        say = clearing.approve if form["approve"] else clearing.decline
        return [say(office.company, ledger, form["case"].strip(), by=by, run=run, note=form["note"])]

    return work


def _reopen(office: Office) -> Work:
    def work(context: dg.OpExecutionContext, ledger: Ledger, by: str, run: Run) -> Sequence[ClearOutcome]:
        form = context.op_config
        about = form["case_or_payment"].strip()
        return [clearing.reopen(office.company, ledger, about, by=by, run=run, reason=form["reason"])]

    return work


def _apply(office: Office, folder: Path) -> Work:
    def work(context: dg.OpExecutionContext, ledger: Ledger, by: str, run: Run) -> Sequence[ClearOutcome]:
        # Only the name counts: nobody reads other files of this machine through the form.
        name = Path(context.op_config["file"].replace("\\", "/")).name
        path = folder / "in" / name
        try:
            rows = list(spreadsheet.read(path))
        except FileNotFoundError:
            message = f"there is no file {name!r} in {folder / 'in'}; save the worklist there and name it here"
            raise dg.Failure(description=message, allow_retries=False) from None
        except spreadsheet.UnreadableWorklist as error:
            raise dg.Failure(description=str(error), allow_retries=False) from error
        outcomes = [requests.clear_one(office, ledger, requests.form_of(row.fields), by=by, run=run) for row in rows]
        spreadsheet.answer(folder, path, rows, [(one.outcome, one.message) for one in outcomes])
        return outcomes

    return work
