"""Queries on the roster: at a tap, of members by name, of sales and receipts."""
