"""`python -m sync.central`: the command line."""

from sync.central.cli import main

main()
