"""Entries come in and go out: pushes, the feed in one order, the quarantine, the server's own ledger."""
