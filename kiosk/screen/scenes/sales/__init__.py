"""Selling a pass, the receipt, the till."""
