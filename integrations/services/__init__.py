"""What Lettrage does, as plain functions: sync, clear, reopen, push, verify, doctor."""
