"""The pages of network managers: sites, accounts, the journal, quarantined entries."""
