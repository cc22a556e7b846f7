"""The words of the trade, as frozen data: money, statements, payments, open items, decisions, postings.

Read in the order the data flows: `money`, `bank_statement`, `payment`, `open_item`, `policy`, `decision`, `posting`.
"""
