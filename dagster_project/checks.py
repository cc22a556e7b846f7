"""What is looked at after each step: blocking where money would go wrong, a warning where people should look.

Blocking: statements that do not balance, payments whose parts do not add up, any law of the ledger that is broken.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg

from dagster_project import chain, escape, telling
from dagster_project.office import Office
from integrations.ledger.port import Ledger
from integrations.ledger.records import DayTotal
from integrations.services.alerts import alert
from integrations.services.context import Run
from integrations.services.money_text import day_text, money_text
from integrations.services.worklist import Coverage, backlog, pulled_at, statement_coverage
from matching.model.money import to_minor

_ERP_PULL_MAY_BE = timedelta(hours=30)
_SHOWN = 20
_TOLD = "missing_statements_told"


def company_checks(office: Office) -> list[dg.AssetChecksDefinition]:
    """All checks of one company."""
    return [
        _balance_chain(office),
        _statements_complete(office),
        _erp_fresh(office),
        _conservation(office),
        _laws(office),
        _on_the_worklist(office),
    ]


def _result(problems: list[str], fine: str, *, blocking: bool) -> dg.AssetCheckResult:
    severity = dg.AssetCheckSeverity.ERROR if blocking else dg.AssetCheckSeverity.WARN
    metadata: dict[str, dg.MetadataValue] = {"found": dg.MetadataValue.int(len(problems))}
    if problems:
        rows = [[escape.markdown(problem, 300)] for problem in problems[:_SHOWN]]
        metadata["list"] = telling.table(["What is wrong"], rows)
    return dg.AssetCheckResult(
        passed=not problems,
        severity=severity,
        description=escape.plain(problems[0], 300) if problems else fine,
        metadata=metadata,
    )


def _balance_chain(office: Office) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=office.key("bank_statements"),
        name="balance_chain",
        blocking=True,
        description="Opening balance and bookings give the closing balance, and the next statement opens with it.",
    )
    def balance_chain() -> dg.AssetCheckResult:
        with office.ledger() as ledger:
            found = [one.message for one in chain.breaks(ledger.statements(office.name), office.company)]
        return _result(found, "every statement balances and follows the one before", blocking=True)

    return balance_chain


def _statements_complete(office: Office) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=office.key("bank_statements"),
        name="no_statement_missing",
        description="Each account has a statement for each bank day (Monday to Friday) before today.",
    )
    def no_statement_missing(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        run = office.run(context.run.run_id, context.run.tags)
        with office.ledger() as ledger:
            coverage = statement_coverage(office.company, ledger, as_of=run.as_of)
            missing = [
                f"account {one.account}: no statement for {', '.join(day_text(day) for day in one.missing[-5:])}"
                for one in coverage
                if one.missing
            ]
            if "dagster/schedule_name" in context.run.tags:
                for failure in _tell_missing(office, ledger, run, coverage, missing):
                    context.log.warning("nobody could be told: %s", failure)
        return _result(missing, "every account has a statement for every bank day", blocking=False)

    return no_statement_missing


def _tell_missing(
    office: Office, ledger: Ledger, run: Run, coverage: Sequence[Coverage], missing: Sequence[str]
) -> tuple[str, ...]:
    """Tell people of missing statements: of each day once, not every night again. Returns what failed, in words."""
    now = {f"{one.account}:{day}" for one in coverage for day in one.missing}
    told = set(ledger.cursor(office.name, _TOLD).split())
    failures: tuple[str, ...] = ()
    if now - told:
        failures = alert(office.company, f"{office.name}: statements are missing", "\n".join(missing))
        ways = bool(office.company.alerts.webhook_env) + bool(office.company.alerts.email_to)
        if len(failures) == ways:
            return failures
    if now != told:
        change = run.change("system", "alerts", "people were told of missing statements")
        ledger.save_cursor(office.name, _TOLD, " ".join(sorted(now)), change=change)
    return failures


def _erp_fresh(office: Office) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=office.key("open_items"),
        name="erp_fresh",
        description="The open items were pulled from the ERP within the last 30 hours.",
    )
    def erp_fresh() -> dg.AssetCheckResult:
        with office.ledger() as ledger:
            pulled = pulled_at(office.company, ledger)
        if pulled is None:
            return _result(["the ERP was never pulled; run the nightly job"], "", blocking=False)
        age = datetime.now(UTC) - pulled
        old = [f"the open items are {age.days * 24 + age.seconds // 3600} hours old; see why the nightly job failed"]
        return _result(old if age > _ERP_PULL_MAY_BE else [], "the open items are of today", blocking=False)

    return erp_fresh


def _conservation(office: Office) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=office.key("allocations"),
        name="every_cent_accounted_for",
        blocking=True,
        description="Per account and day: allocated + on account + in exceptions + ignored = what the bank booked.",
    )
    def every_cent_accounted_for() -> dg.AssetCheckResult:
        with office.ledger() as ledger:
            found = list(_lost(ledger.totals(office.name)))
        return _result(
            found, "every cent that came is allocated, on account, in an exception or ignored", blocking=True
        )

    return every_cent_accounted_for


def _lost(totals: Iterator[DayTotal]) -> Iterator[str]:
    for day in totals:
        explained = day.allocated + day.on_account + day.in_exceptions + day.ignored
        if explained != day.movement:
            lost = money_text(day.movement - explained, day.currency)
            yield f"account {day.account}, {day_text(day.booked_on)}: {lost} of the movement is nowhere"


def _laws(office: Office) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=office.key("allocations"),
        name="ledger_laws",
        blocking=True,
        description="Every law of the ledger, recomputed; the same as `lettrage verify`.",
    )
    def ledger_laws() -> dg.AssetCheckResult:
        with office.ledger() as ledger:
            found = [f"{one.law}, {one.where}: {one.message}" for one in ledger.verify(office.name)]
        return _result(found, "all laws of the ledger hold", blocking=True)

    return ledger_laws


def _on_the_worklist(office: Office) -> dg.AssetChecksDefinition:
    key = dg.AssetKey(office.key("exceptions"))

    @dg.multi_asset_check(
        name=f"worklist_checks_{office.name}",
        specs=[
            dg.AssetCheckSpec("no_old_cases", asset=key, description="No case has been open for longer than agreed."),
            dg.AssetCheckSpec(
                "unapplied_cash", asset=key, description="Money that settles nothing yet stays below the limit."
            ),
            dg.AssetCheckSpec(
                "all_cases_listed", asset=key, description="Every open case is in the lists on the page."
            ),
        ],
    )
    def worklist_checks(context: dg.AssetCheckExecutionContext) -> Iterable[dg.AssetCheckResult]:
        run = office.run(context.run.run_id, context.run.tags)
        with office.ledger() as ledger:
            found = backlog(office.company, ledger, as_of=run.as_of)
        yield _named(key, "no_old_cases", _too_old(office, found.oldest_days), "no case is older than agreed")
        yield _named(
            key, "unapplied_cash", list(_too_much(office, found.unapplied)), "unapplied cash is below the limit"
        )
        hidden = max(0, found.open_count - office.rows_shown)
        more = [f"{hidden} of {found.open_count} cases are only in the spreadsheet"] if hidden else []
        yield _named(key, "all_cases_listed", more, "every open case is listed")

    return worklist_checks


def _named(key: dg.AssetKey, name: str, problems: list[str], fine: str) -> dg.AssetCheckResult:
    result = _result(problems, fine, blocking=False)
    return result._replace(asset_key=key, check_name=name)


def _too_old(office: Office, days: int) -> list[str]:
    limit = office.company.oldest_case_warning_days
    return [f"the oldest case is {days} days old; agreed are {limit}"] if days > limit else []


def _too_much(office: Office, unapplied: tuple[tuple[str, int], ...]) -> Iterator[str]:
    for currency, minor in unapplied:
        limit = office.company.unapplied_cash_warning.get(currency)
        most = None if limit is None else to_minor(limit, currency)
        if most is not None and minor > most:
            yield f"{money_text(minor, currency)} settle nothing yet; the limit is {money_text(most, currency)}"
