"""The central server: stores the ledgers of all kiosks, serves them as one feed, and builds the roster."""
