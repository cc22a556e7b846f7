"""Component types that integration engineers use in defs.yaml."""
