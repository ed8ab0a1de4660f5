"""Copies of the ledger, and the work that is done at night."""
