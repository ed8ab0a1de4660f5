"""Alarm messages by e-mail or webhook, for people who do not look at a screen."""
