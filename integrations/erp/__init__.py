"""ERP connectors behind one protocol: pull, plan, find, apply, reverse, note."""
