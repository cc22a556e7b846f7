"""The demo company: who its customers are, what they owe, how they pay, and what their banks make of it."""
