"""Microsoft Dynamics 365 Business Central over its API v2.0: documents are pulled, payments become journal lines."""
