"""The report: who comes, when, and what for; from the sums of months and the accounts.

`figures` adds the months up, `accounts` reads what was sold and used, `reading` does both. None knows a name.
"""
