"""One schema for companies, banks, ERPs and policy; secrets only by name of environment variable."""
