"""The feed: takes in pushes, serves all entries in one order, keeps the quarantine and the server's own ledger."""
