"""Which facts this release can read: a mark of all their kinds and fields, stored with every folded roster.

An entry of a kind, or with a field, that a release does not know is stored and not folded. The release that knows it
finds another mark than its own with the roster, and folds all entries anew; so it does not matter whether the entry or
the upgrade came first.
"""

READS = "580f04678e09"
"""Of kiosk.facts.AnyFact; tests/store/test_reading.py says what it must be, whenever a fact changes."""
