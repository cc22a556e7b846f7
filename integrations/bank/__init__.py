"""Bank statement files: bytes in, statements, entries and findings out, streaming and without loss."""
