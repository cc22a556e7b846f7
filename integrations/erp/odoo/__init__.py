"""Odoo 16 to 19: receivable lines out, keyed bank lines with explicit counterparts in."""
