"""Speaks to the outside: banks, ERPs, the inbox, the ledger database, and the services that join them."""
