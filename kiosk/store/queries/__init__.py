"""Queries on the roster: at a tap, for members by name, for sales and receipts."""
