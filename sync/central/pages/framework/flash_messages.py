"""Flash messages: what the pages say after something was done. An address can name one, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

from sync.central.words import Words

FLASH_MESSAGES: dict[str, Callable[[Words], str]] = {
    "member-added": lambda words: words.say("The member is added."),
    "member-changed": lambda words: words.say("The changes are saved."),
    "member-suspended": lambda words: words.say("The member is suspended: their badges open no door."),
    "member-restored": lambda words: words.say("The member may come in again."),
    "member-in": lambda words: words.say("Checked in."),
    "member-left": lambda words: words.say("Checked out."),
    "member-erased": lambda words: words.say("The member is forgotten, here and on every kiosk that hears of it."),
    "badge-assigned": lambda words: words.say("The badge is given. Every connected kiosk knows it in a few seconds."),
    "badge-changed": lambda words: words.say("The badge is changed. Every connected kiosk knows it in a few seconds."),
    "pass-sold": lambda words: words.say("The pass is sold."),
    "given-back": lambda words: words.say("It is taken back, and stays in the history."),
    "product-kept": lambda words: words.say("The tariff is saved. Passes sold before keep their terms."),
    "hours-kept": lambda words: words.say("The hours are saved. Every connected kiosk follows in a few seconds."),
    "site-kept": lambda words: words.say("The site is saved. Every connected kiosk follows in a few seconds."),
    "site-added": lambda words: words.say(
        "The site is added, closed for now. Go to its desk and write its hours under Hours."
    ),
    "kiosk-revoked": lambda words: words.say("The kiosk is shut out."),
    "alarm-ended": lambda words: words.say("The alarm is settled. It comes back if there is new cause."),
    "taken": lambda words: words.say("The entry is stored."),
    "dismissed": lambda words: words.say("The entry is settled without storing it."),
    "account-added": lambda words: words.say("The account is created."),
    "account-changed": lambda words: words.say("The account is changed; its user must sign in again."),
    "password-changed": lambda words: words.say("The password is changed. Sign in with it."),
    "codes-on": lambda words: words.say("One-time codes are asked for from now on. Sign in again."),
    "site-changed": lambda words: words.say("This is the desk of another site now."),
}
