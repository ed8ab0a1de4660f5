"""Staff accounts: roles, passwords, one-time codes, known browsers, and the audit log."""
