"""Alarms: what is wrong and since when, as codes and facts."""
