"""The root of what hardware raises. The errors themselves live beside the parts that raise them."""


class HardwareError(Exception):
    """Something with a wire is broken or wrongly set. One sentence that says how to mend it."""
