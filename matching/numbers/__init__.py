"""How the ERP numbers its documents, learned from the numbers it has issued."""
