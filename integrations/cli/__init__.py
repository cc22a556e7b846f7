"""The command line, as thin as it can be over the services."""
