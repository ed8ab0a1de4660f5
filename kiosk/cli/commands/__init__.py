"""The commands of `kiosk`, one module for each group of `kiosk --help`."""
