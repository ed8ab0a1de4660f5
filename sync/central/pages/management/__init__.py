"""What network managers see: sites, accounts, the journal, entries set aside."""
