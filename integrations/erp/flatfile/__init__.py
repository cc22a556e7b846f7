"""The flat-file ERP: an inbox folder of CSV files in, an outbox folder of CSV files out."""
