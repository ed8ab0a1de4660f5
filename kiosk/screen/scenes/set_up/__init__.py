"""The first start, in ten steps."""
