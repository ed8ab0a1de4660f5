"""The base class of the errors of hardware. Each error is defined beside the part that raises it."""


class HardwareError(Exception):
    """A device is broken or wrongly configured. The message is one sentence that says how to repair it."""
