"""The books for people: files that spreadsheets open, written to a USB stick."""
