"""Exact Online over its REST API: receivables are pulled, payments become bank or general journal entries."""
