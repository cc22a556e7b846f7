"""Where statement files arrive, and the archive they go to once they are in the ledger."""
