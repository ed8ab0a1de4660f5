"""The storage under kiosk.ledger and kiosk.roster: the database file, its tables, the chain of hashes, the fold."""
