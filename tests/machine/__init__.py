"""A whole machine: Debian with systemd as its first process, under QEMU, with the kiosk installed as on a Pi.

`python -m tests.machine --help` tells the stages. It is no part of the tests: a run takes the better part of an hour.
"""
