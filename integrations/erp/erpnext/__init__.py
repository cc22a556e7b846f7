"""ERPNext 15 and 16: sales invoices out, submitted payment entries in."""
