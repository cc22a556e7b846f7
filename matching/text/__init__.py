"""Normalising what people and banks write: names, remittance text, legal forms."""
