"""Accounts of staff: roles, passwords, one-time codes, browsers, and who did what."""
