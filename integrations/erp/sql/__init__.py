"""ERPs reached through SQL views and tables."""
