"""Which facts this release can read: a mark of all their kinds and fields, kept beside every roster that is folded.

An entry of a kind, or with a field, that a release does not know is kept and passed over. The release that knows it
finds another mark beside the roster than its own, and folds all entries anew: so it does not matter whether an entry
or the upgrade came first.
"""

READS = "c1919af1e501"
"""Of kiosk.facts.AnyFact; tests/store/test_reading.py says what it must be, whenever a fact changes."""
