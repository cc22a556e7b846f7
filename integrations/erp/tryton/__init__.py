"""Tryton 7 and 8: posted customer invoices out, posted bank statements in."""
