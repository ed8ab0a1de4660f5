"""The check-in kiosk: the touchscreen daemon, its rules, its ledger and its screen."""
