"""CAMT.052, .053 and .054: the ISO 20022 statement formats."""
