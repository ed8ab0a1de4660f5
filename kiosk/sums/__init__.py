"""The sums of a month, which outlive its passages.

`months` knows when a month is due, `counting` counts without a database, `summing` reads the passages of the next month
that is due, and returns the facts that replace them.
"""
