"""Runs inside Tryton's own environment: fills a fresh database with a company to test in. Never imported by tests."""

import datetime as dt
import sys

from proteus import Model, config
from trytond.modules.account.tests.tools import create_chart, create_fiscalyear, get_accounts
from trytond.modules.account_invoice.tests.tools import set_fiscalyear_invoice_sequences
from trytond.modules.company.tests.tools import create_company, get_company
from trytond.modules.currency.tests.tools import get_currency

IBAN = "DE02120300000000202051"


def main(database, config_file, login, password, admin_password):
    settings = config.set_trytond(database, user="admin", config_file=config_file)
    create_company(currency=get_currency("EUR"))
    company = get_company()
    user = Model.get("res.user")
    admin = user(settings.user)
    admin.companies.append(company)
    admin.company = company
    admin.password = admin_password
    admin.save()
    settings._context = user.get_preferences(True, settings.context)
    create_chart(company)
    year = create_fiscalyear(company, (dt.date(2026, 1, 1), dt.date(2026, 12, 31)))
    year = set_fiscalyear_invoice_sequences(year)
    year.click("create_period")
    accounts = get_accounts(company)

    for what in ("receivable", "revenue"):
        accounts[what].note = f"test {what}"
        accounts[what].save()
    account_type = Model.get("account.account")
    for code, name, like in (("4730", "Discounts", accounts["expense"]), ("6930", "Write-offs", accounts["expense"])):
        made = account_type(name=name, code=code, type=like.type, company=company)
        made.save()

    bank_type = Model.get("bank")
    party_type = Model.get("party.party")
    our_bank = bank_type(party=party_type(name="Bank"))
    our_bank.party.save()
    our_bank.save()
    account = Model.get("bank.account")()
    account.bank = our_bank
    account.currency = company.currency  # Version 7 takes no account without one for a journal.
    account.owners.append(party_type(company.party.id))
    number = account.numbers.new()
    number.type = "iban"
    number.number = IBAN
    account.save()

    (journal,) = Model.get("account.journal").find([("code", "=", "STA")], limit=1)
    statement_journal = Model.get("account.statement.journal")(
        name="Hausbank", journal=journal, account=accounts["cash"], validation="balance"
    )
    statement_journal.bank_account = account
    statement_journal.company = company
    statement_journal.save()

    bot = user(name="Lettrage", login=login)
    bot.password = password
    bot.companies.append(type(company)(company.id))
    bot.company = type(company)(company.id)
    for group in Model.get("res.group").find([("name", "in", ["Accounting", "Account", "Statement"])]):
        bot.groups.append(group)
    bot.save()


if __name__ == "__main__":
    main(*sys.argv[1:])
