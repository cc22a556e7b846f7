"""Component types that integration engineers use in defs.yaml."""

from dagster_project.components.company import Company

__all__ = ["Company"]
