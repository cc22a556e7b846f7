"""A stand-in for Odoo 16 to 19: receivable lines, bank lines loaded by external id, matching, undoing, to-dos.

Written from what live 17 and 18 servers answered: errors over JSON-RPC with status 200, answers without `result` for
methods that return nothing, `load` that reports failure in messages, new cash re-dated out of locked periods, a match
of matched lines refused, False for every empty value, whole seconds in write_date.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from tests.integrations.erp.standins.kit import Answer, StandIn

KEY, LOGIN, DATABASE = "odoo-key-5f3a9c", "bot@acme.example", "acme"
RECEIVABLE, BANK, DISCOUNT, WRITE_OFF, SUSPENSE, OUTSTANDING = 1, 2, 3, 4, 5, 6
EUR, USD, JPY, KWD = 1, 2, 3, 4


class OdooError(Exception):
    def __init__(self, name, text):
        super().__init__(text)
        self.name, self.text = name, text


def user_error(text):
    return OdooError("odoo.exceptions.UserError", text)


def by_place(method, args, named):
    """What modules name as they like is understood by its place only."""
    if method == "write":
        assert "vals" not in named
        return {"vals": args[1]}
    if method == "create":
        assert "vals_list" not in named
        return {"vals_list": args[0]}
    return {}


class OdooStandIn(StandIn):
    def __init__(self, version=18):
        super().__init__()
        self.version = version
        self.now = datetime(2026, 11, 20, 8, 0, 0, tzinfo=UTC)
        self.references = {}  # external id -> (model, id)
        self.ids = {}
        self.data = {
            "res.company": {}, "res.users": {}, "res.currency": {}, "res.partner": {}, "res.partner.bank": {},
            "account.account": {}, "account.journal": {}, "account.move": {}, "account.move.line": {},
            "account.bank.statement.line": {}, "account.partial.reconcile": {}, "mail.activity": {},
            "account.payment.term": {}, "account.payment.register": {}, "account.payment": {},
        }  # fmt: skip
        for name in ("EUR", "USD", "JPY", "KWD"):
            self.make("res.currency", name=name, rate=Decimal("1.16") if name == "USD" else Decimal(1))
        self.make("res.company", name="Acme BV", currency_id=EUR, fiscalyear_lock_date=False,
                  user_fiscalyear_lock_date="1-01-01", account_journal_early_pay_discount_loss_account_id=False,
                  **({"hard_lock_date": False} if version >= 18 else {}))  # fmt: skip
        self.make("res.users", login=LOGIN, company_id=1)
        for code in ("110000", "103000", "703000", "709000", "103001", "103002"):
            self.make("account.account", code=code, account_type="asset_cash" if code == "103000" else "expense",
                      deprecated=False, currency_id=False, allowed_journal_ids=[], tax_ids=[])  # fmt: skip
        self.make("res.partner", name="Acme BV", is_company=True, parent_id=False, country_code="NL", active=True,
                  commercial_partner_id=1)  # fmt: skip
        self.make("res.partner.bank", partner_id=1, sanitized_acc_number="NL20INGB0001234567")
        self.make("account.journal", name="Bank", code="BNK1", type="bank", company_id=1, currency_id=False,
                  default_account_id=BANK, bank_account_id=1, suspense_account_id=SUSPENSE,
                  restrict_mode_hash_table=False)  # fmt: skip

    # -- records -----------------------------------------------------------------------------------------------------

    def make(self, model, **values):
        self.ids[model] = self.ids.get(model, 0) + 1
        record = {"id": self.ids[model], **values, "write_date": self.stamp()}
        self.data[model][record["id"]] = record
        return record

    def touch(self, record):
        record["write_date"] = self.stamp()

    def stamp(self):
        self.now += timedelta(milliseconds=150)
        return self.now.strftime("%Y-%m-%d %H:%M:%S")

    def add_partner(self, name, iban, parent=False):
        partner = self.make("res.partner", name=name, is_company=not parent, parent_id=parent, country_code=False,
                            active=True, property_account_receivable_id=RECEIVABLE)  # fmt: skip
        partner["commercial_partner_id"] = parent or partner["id"]
        if iban:
            self.make("res.partner.bank", partner_id=partner["id"], sanitized_acc_number=iban)
        return partner["id"]

    def add_invoice(
        self, name, amount, partner, *, currency=EUR, move_type="out_invoice", invoice_date, due, discount=None
    ):
        move = self.make("account.move", name=name, payment_reference=name, ref=False, invoice_origin=False,
                         payment_state="not_paid", state="posted", move_type=move_type, date=invoice_date,
                         invoice_payment_term_id=False, amount_tax=Decimal(0))  # fmt: skip
        return self.add_line(move, name, amount, partner, currency, due=due, discount=discount)["id"]

    def add_line(
        self, move, name, amount, partner, currency, *, due=False, discount=None, account=RECEIVABLE, balance=None
    ):
        return self.make(
            "account.move.line", move_id=move["id"], name=name, ref=False, partner_id=partner, account_id=account,
            currency_id=currency, amount_currency=amount, balance=amount if balance is None else balance,
            amount_residual_currency=amount if account in {RECEIVABLE, OUTSTANDING} else Decimal(0),
            reconciled=False, company_id=1, date=move["date"],
            invoice_date=move["date"] if move["move_type"] != "entry" else False, date_maturity=due,
            discount_date=discount[0] if discount else False,
            discount_amount_currency=amount - discount[1] if discount else Decimal(0),
        )  # fmt: skip

    def computed(self, model, record):
        if model == "account.move.line":
            move = self.data["account.move"][record["move_id"]]
            return {
                **record,
                "parent_state": move["state"],
                "move_name": move["name"],
                "move_type": move["move_type"],
                "account_type": {RECEIVABLE: "asset_receivable", BANK: "asset_cash"}.get(
                    record["account_id"], "expense"
                ),
            }
        return record

    # -- requests ----------------------------------------------------------------------------------------------------

    def handle(self, request):
        if request.path == "/web/webclient/version_info":
            version = [self.version, 0, 0, "final", 0, ""]
            return Answer(body={"jsonrpc": "2.0", "id": 1, "result": {"server_version_info": version}})
        if request.path == "/jsonrpc":
            return self.jsonrpc(request)
        if request.path.startswith("/json/2/") and self.version >= 19:
            return self.json2(request)
        return Answer(404, b"<h1>Not Found</h1>", {"Content-Type": "text/html"})

    def jsonrpc(self, request):
        params = request.body["params"]
        try:
            if params["service"] == "common":
                database, login, secret, _ = params["args"]
                good = (database, login, secret) == (DATABASE, LOGIN, KEY)
                return Answer(body={"jsonrpc": "2.0", "id": 1, "result": 1 if good else False})
            database, uid, secret, model, method, args, named = params["args"]
            self.signed_in(database, uid, secret)
            result = self.run(model, method, args[0] if args else None, {**named, **by_place(method, args, named)})
        except OdooError as error:
            data = {
                "name": error.name,
                "message": error.text,
                "arguments": [error.text],
                "context": {},
                "debug": "Traceback",
            }
            failed = {"code": 200, "message": "Odoo Server Error", "data": data}
            return Answer(body={"jsonrpc": "2.0", "id": 1, "error": failed})
        # What returns nothing has no result at all.
        return Answer(body={"jsonrpc": "2.0", "id": 1, **({} if result is None else {"result": result})})

    def signed_in(self, database, uid, secret):
        if database != DATABASE:
            raise OdooError("psycopg2.OperationalError", f'database "{database}" does not exist')
        if uid != 1:
            raise OdooError("odoo.exceptions.MissingError", "Record does not exist or has been deleted.")
        if secret != KEY:
            raise OdooError("odoo.exceptions.AccessDenied", "Access Denied")

    def json2(self, request):
        if request.headers.get("authorization") != f"bearer {KEY}":
            return Answer(401, {"name": "werkzeug.exceptions.Unauthorized", "message": "Invalid apikey"})
        _, _, _, model, method = request.path.split("/")
        named = dict(request.body)
        try:
            result = self.run(model, method, named.pop("ids", None), named)
        except OdooError as error:
            status = 422 if error.name.startswith("odoo") else 500
            return Answer(
                status, {"name": error.name, "message": error.text, "arguments": [], "context": {}, "debug": ""}
            )
        if isinstance(result, str) and result.startswith("mail.activity("):
            result = [int(result[14:-2])]
        return Answer(body=result)

    def run(self, model, method, ids, named):
        context = named.pop("context", {})
        self.untaxed = context.get("skip_computed_taxes", False)
        self.wizard_lines = context.get("active_ids")
        if context.get("allowed_company_ids") not in (None, [1]):
            raise OdooError("odoo.exceptions.AccessError", "Access to unauthorized or invalid companies.")
        if method.startswith("_"):
            raise OdooError(
                "odoo.exceptions.AccessError", f"Private methods (such as {method}) cannot be called remotely."
            )
        handler = getattr(self, f"do_{method}", None)
        if handler is None or (model not in self.data and model != "ir.model.data"):
            raise OdooError("builtins.AttributeError", f"{model} has no {method}")
        # The others refuse before they change anything.
        if method not in {"action_undo_reconciliation", "unlink", "action_create_payments"}:
            return handler(model, ids, **named)
        copies = [{key: dict(record) for key, record in records.items()} for records in self.data.values()]
        references = dict(self.references)
        try:
            return handler(model, ids, **named)
        except OdooError:
            # One transaction per call: what an error interrupts never happened.
            for records, copy in zip(self.data.values(), copies, strict=True):
                records.clear()
                records.update(copy)
            self.references = references
            raise

    # -- the methods -------------------------------------------------------------------------------------------------

    def do_context_get(self, model, ids):
        return {"lang": "en_US", "tz": "Europe/Amsterdam", "uid": 1}

    def do_check_access_rights(self, model, ids, operation, raise_exception):
        return True

    def do_has_access(self, model, ids, operation):
        return True

    def do_fields_get(self, model, ids, allfields, attributes):
        known = {key for record in self.data[model].values() for key in record}
        if model == "account.move.line" and self.version < 18:
            known.add("blocked")
        if model == "account.move.line" and self.version >= 18:
            known.add("no_followup")
        if model == "account.move":
            known |= {"name", "payment_reference", "payment_state", "ref", "invoice_origin"}
        if model == "account.partial.reconcile":
            known.add("exchange_move_id")
        return {name: {"type": "char"} for name in allfields if name in known}

    def do_search(self, model, ids, domain, limit=None, order=None):
        return [record["id"] for record in self.found(model, domain, order, limit)]

    def do_search_read(self, model, ids, domain, fields, limit=None, order=None, load="_classic_read"):
        assert load is None, "relations are asked for as plain ids"
        rows = []
        for record in self.found(model, domain, order, limit):
            unknown = [name for name in fields if name not in record and name != "exchange_move_id"]
            if unknown:
                raise OdooError("builtins.ValueError", f"Invalid field '{unknown[0]}' on model '{model}'")
            rows.append({"id": record["id"], **{name: record.get(name, False) for name in fields}})
        return rows

    def found(self, model, domain, order, limit):
        records = [
            computed
            for record in self.candidates(model, domain)
            if self.matches(model, computed := self.computed(model, record), list(domain))
        ]
        name, _, direction = (order or "id").partition(" ")
        records.sort(key=lambda record: record[name], reverse=direction == "desc")
        return records[:limit]

    def candidates(self, model, domain):
        """Those that an id in the domain leaves, where every term must hold; a search of everything takes long."""
        records = self.data[model]
        if "|" not in domain:
            for name, operator, wanted in domain:
                if name == "id" and operator in {"=", "in"}:
                    ids = wanted if operator == "in" else [wanted]
                    return [records[each] for each in ids if each in records]
                if name == "move_id" and operator == "=":
                    return [record for record in records.values() if record["move_id"] == wanted]
        return records.values()

    def matches(self, model, record, domain):
        """Odoo's prefix notation: terms without operator are joined by and."""

        def take():
            term = domain.pop(0)
            if term == "|":
                left, right = take(), take()
                return left or right
            if term == "&":
                left, right = take(), take()
                return left and right
            return self.term(model, record, *term)

        result = True
        while domain:
            result = take() and result
        return result

    def term(self, model, record, name, operator, wanted):
        if "." in name:
            relation, name = name.split(".")
            related = {"move_id": "account.move", "partner_id": "res.partner"}[relation]
            record = self.data[related][record[relation]]
        if name not in record and name != "exchange_move_id":
            raise OdooError("builtins.ValueError", f"Invalid field {model}.{name} in leaf")
        value = record.get(name, False)
        if operator == "=like":
            return isinstance(value, str) and value.startswith(wanted.rstrip("%"))
        if operator in {">", ">="} and value is False:
            return False
        return {
            "=": lambda: value == wanted or (wanted is False and value in (None, False)),
            "!=": lambda: bool(value) if wanted is False else value != wanted,
            ">": lambda: value > wanted,
            ">=": lambda: value >= wanted,
            "parent_of": lambda: value == wanted,
            "in": lambda: value in wanted,
            "not in": lambda: value not in wanted,
        }[operator]()

    def do_check_object_reference(self, model, ids, module, xml_id):
        found = self.references.get(f"{module}.{xml_id}")
        if found is None:
            raise OdooError("builtins.ValueError", f"External ID not found in the system: {module}.{xml_id}")
        # Where our user may not look, it says that there is something and not what.
        return [found[0], found[1] if found[1] in self.data[found[0]] else False]

    def do_load(self, model, ids, fields, data):
        """Rows with empty leading cells belong to the record above; all or nothing; failure is said in messages."""
        assert model == "account.bank.statement.line"
        header = dict(zip(fields, data[0], strict=True))
        failed = {"ids": False, "messages": [{"type": "error", "message": "", "record": 0}]}
        if header["id"] in self.references:
            failed["messages"][0]["message"] = "You cannot do this modification on a reconciled journal entry."
            return failed
        lines = [dict(zip(fields, row, strict=True)) for row in data]
        total = sum(Decimal(line["line_ids/balance"]) for line in lines)
        bank = [line for line in lines if int(line["line_ids/account_id/.id"]) == BANK]
        if total or len(bank) != 1:
            failed["messages"][0]["message"] = "The entry is not balanced."
            return failed
        assert not bank[0]["line_ids/partner_id/.id"], "a partner on the bank side makes undoing impossible"
        wanted = self.unlocked(date.fromisoformat(header["date"]))
        move = self.make("account.move", name=f"BNK1/2026/{len(self.data['account.move']):05}", payment_reference=False,
                         ref=header["ref"], invoice_origin=False, payment_state="not_paid", state="posted",
                         move_type="entry", date=wanted)  # fmt: skip
        record = self.make(
            model, journal_id=int(header["journal_id/.id"]), date=wanted, amount=Decimal(header["amount"]),
            payment_ref=header["payment_ref"], ref=header["ref"], move_id=move["id"], company_id=1,
            currency_id=int(lines[0].get("line_ids/currency_id/.id", EUR)),
        )  # fmt: skip
        self.references[header["id"]] = (model, record["id"])
        for line in lines:
            self.add_line(
                move, line["line_ids/name"], Decimal(line.get("line_ids/amount_currency", line["line_ids/balance"])),
                int(line["line_ids/partner_id/.id"] or 0) or False, int(line.get("line_ids/currency_id/.id", EUR)),
                account=int(line["line_ids/account_id/.id"]), balance=Decimal(line["line_ids/balance"]), due=wanted,
            )  # fmt: skip
            if self.data["account.account"][int(line["line_ids/account_id/.id"])]["tax_ids"] and not self.untaxed:
                tax = (Decimal(line["line_ids/balance"]) * Decimal("0.2")).quantize(Decimal("0.01"))
                self.add_line(move, "20% G", tax, False, EUR, account=DISCOUNT)
                self.add_line(move, "Automatic Balancing Line", -tax, False, EUR, account=SUSPENSE)
        return {"ids": [record["id"]], "messages": [], "nextrow": 0}

    def unlocked(self, wanted):
        """Odoo does not refuse cash in a locked period: it moves it to the end of the next open month, or to today."""
        company = self.data["res.company"][1]
        locks = [
            date.fromisoformat(company[name])
            for name in ("fiscalyear_lock_date", "hard_lock_date")
            if company.get(name)
        ]
        return (max(locks) + timedelta(days=31) if locks and wanted <= max(locks) else wanted).isoformat()

    def do_reconcile(self, model, ids):
        lines = [self.data[model][each] for each in ids]
        if any(line["reconciled"] for line in lines):
            raise user_error("You are trying to reconcile some entries that are already reconciled.")
        if len({line["account_id"] for line in lines}) > 1:
            raise user_error("Entries are not from the same account")
        debit = next((line for line in lines if line["amount_residual_currency"] > 0), None)
        credit = next((line for line in lines if line["amount_residual_currency"] < 0), None)
        if debit is None or credit is None:
            raise user_error("There is nothing to match.")
        amount = min(debit["amount_residual_currency"], -credit["amount_residual_currency"])
        self.make("account.partial.reconcile", debit_move_id=debit["id"], credit_move_id=credit["id"],
                  debit_amount_currency=amount, credit_amount_currency=amount,
                  max_date=max(debit["date"], credit["date"]))  # fmt: skip
        for line, change in ((debit, -amount), (credit, amount)):
            line["amount_residual_currency"] += change
            self.settle(line)

    def settle(self, line):
        line["reconciled"] = not line["amount_residual_currency"]
        self.touch(line)
        move = self.data["account.move"][line["move_id"]]
        move["payment_state"] = "paid" if line["reconciled"] else "partial"
        self.touch(move)

    def do_action_undo_reconciliation(self, model, ids):
        for each in ids:
            move_id = self.data[model][each]["move_id"]
            own = {key for key, line in self.data["account.move.line"].items() if line["move_id"] == move_id}
            self.unmatch(own)
            for key in own:
                line = self.data["account.move.line"][key]
                if line["account_id"] != BANK:
                    line["account_id"] = SUSPENSE
                    line["name"] = "suspense"

    def unmatch(self, own):
        for key, match in list(self.data["account.partial.reconcile"].items()):
            if own & {match["debit_move_id"], match["credit_move_id"]}:
                for side, sign in (("debit", 1), ("credit", -1)):
                    line = self.data["account.move.line"][match[f"{side}_move_id"]]
                    line["amount_residual_currency"] += sign * match["debit_amount_currency"]
                    line["reconciled"] = False
                    self.touch(line)
                del self.data["account.partial.reconcile"][key]

    def do_js_remove_outstanding_partial(self, model, ids, partial_id):
        match = self.data["account.partial.reconcile"].pop(partial_id)
        for side, sign in (("debit", 1), ("credit", -1)):
            line = self.data["account.move.line"][match[f"{side}_move_id"]]
            line["amount_residual_currency"] += sign * match["debit_amount_currency"]
            line["reconciled"] = False
            self.touch(line)

    # -- the payment wizard ------------------------------------------------------------------------------------------

    def do_create(self, model, ids, vals_list):
        """The form: within the discount period and with the discounted amount, Odoo offers to book the discount."""
        assert model == "account.payment.register"
        (line_id,) = self.wizard_lines
        line = self.data["account.move.line"][line_id]
        if line["reconciled"]:
            raise user_error("You can't register a payment because there is nothing left to pay.")
        values = dict(vals_list[0] if isinstance(vals_list, list) else vals_list)
        amount, until = Decimal(values["amount"]), line["discount_date"]
        granted = bool(until) and values["payment_date"] <= until and amount == line["discount_amount_currency"]
        return self.make(
            model, line=line_id, early_payment_discount_mode=granted,
            payment_difference=line["amount_residual_currency"] - amount, **values,
        )["id"]  # fmt: skip

    def do_action_create_payments(self, model, ids):
        wizard = self.data[model][ids[0]]
        line = self.data["account.move.line"][wizard["line"]]
        paid, settled = Decimal(wizard["amount"]), line["amount_residual_currency"]
        move = self.make("account.move", name="PBNK1/1", payment_reference=False, ref=wizard["communication"],
                         invoice_origin=False, payment_state="not_paid", state="posted", move_type="entry",
                         date=self.unlocked(date.fromisoformat(wizard["payment_date"])))  # fmt: skip
        self.add_line(move, "Manual Payment", paid, line["partner_id"], EUR, account=OUTSTANDING)
        if not wizard["early_payment_discount_mode"]:
            settled = paid
        elif settled != paid:
            vat = ((settled - paid) * 19 / 119).quantize(Decimal("0.01"))
            self.add_line(
                move, "Early Payment Discount", settled - paid - vat, line["partner_id"], EUR, account=DISCOUNT
            )
            self.add_line(move, "Early Payment Discount (19%)", vat, line["partner_id"], EUR, account=WRITE_OFF)
        own = self.add_line(move, "Manual Payment", -settled, line["partner_id"], EUR)
        text = {"memo" if self.version >= 18 else "ref": wizard["communication"]}
        state = "in_process" if self.version >= 18 else "posted"
        self.make("account.payment", state=state, move_id=move["id"], outstanding_account_id=OUTSTANDING, **text)
        self.do_reconcile("account.move.line", [own["id"], line["id"]])

    def do_action_cancel(self, model, ids):
        for each in ids:
            payment = self.data[model][each]
            move = self.data["account.move"][payment["move_id"]]
            self.unmatch({key for key, line in self.data["account.move.line"].items() if line["move_id"] == move["id"]})
            payment["state"] = "canceled" if self.version >= 18 else "cancel"
            move["state"] = "cancel"

    def do_unlink(self, model, ids):
        for each in ids:
            if self.data["account.journal"][self.data[model][each]["journal_id"]]["restrict_mode_hash_table"]:
                raise user_error("You cannot delete journal items belonging to a locked journal entry.")
            move_id = self.data[model][each]["move_id"]
            own = {key for key, line in self.data["account.move.line"].items() if line["move_id"] == move_id}
            matches = self.data["account.partial.reconcile"].values()
            if any(own & {match["debit_move_id"], match["credit_move_id"]} for match in matches):
                raise user_error("You cannot delete a reconciled line.")
            for key in own:
                del self.data["account.move.line"][key]
            del self.data["account.move"][move_id]
            del self.data[model][each]
            self.references = {name: at for name, at in self.references.items() if at != (model, each)}
        return True

    def do_activity_schedule(self, model, ids, act_type_xmlid, **values):
        record = self.make("mail.activity", res_model=model, res_id=ids[0], **values)
        return f"mail.activity({record['id']},)"

    def do_write(self, model, ids, vals):
        for each in ids:
            self.data[model][each].update(vals)
            self.touch(self.data[model][each])
        return True

    def do_action_feedback(self, model, ids, feedback):
        for each in ids:
            del self.data[model][each]
        return 77

    def do_action_toggle_block_payment(self, model, ids):
        move = self.data[model][ids[0]]
        move["payment_state"] = "not_paid" if move["payment_state"] == "blocked" else "blocked"
        self.touch(move)
