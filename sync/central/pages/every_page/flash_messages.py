"""What the pages say after something was done: by name, so that an address can ask for one of them and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sync.central.pages.every_page.page_request import PageRequest

FLASH_MESSAGES: dict[str, Callable[[PageRequest], str]] = {
    "member-added": lambda page: page.say("The member is added."),
    "member-changed": lambda page: page.say("The changes are kept."),
    "member-suspended": lambda page: page.say("The member is suspended: their badges open no door."),
    "member-restored": lambda page: page.say("The member may come again."),
    "member-in": lambda page: page.say("Checked in."),
    "member-left": lambda page: page.say("Noted: they have left."),
    "member-erased": lambda page: page.say("The member is forgotten, here and on every kiosk that hears of it."),
    "badge-assigned": lambda page: page.say("The badge is assigned. Every connected kiosk knows it in a few seconds."),
    "badge-changed": lambda page: page.say("The badge is changed. Every connected kiosk knows it in a few seconds."),
    "pass-sold": lambda page: page.say("The pass is sold."),
    "given-back": lambda page: page.say("It is taken back, and stays in the history."),
    "product-kept": lambda page: page.say("The tariff is kept. Passes sold before keep their terms."),
    "hours-kept": lambda page: page.say("The hours are kept. Every connected kiosk follows in a few seconds."),
    "site-kept": lambda page: page.say("The site is kept. Every connected kiosk follows in a few seconds."),
    "kiosk-revoked": lambda page: page.say("The kiosk is shut out."),
    "alarm-ended": lambda page: page.say("The alarm is settled. It comes back if there is new cause."),
    "taken": lambda page: page.say("The entry was taken in."),
    "dismissed": lambda page: page.say("The entry is settled without being taken in."),
    "account-added": lambda page: page.say("The account is made."),
    "account-changed": lambda page: page.say("The account is changed; whoever used it signs in anew."),
    "password-changed": lambda page: page.say("The password is changed. Sign in with it."),
    "codes-on": lambda page: page.say("One-time codes are asked for from now on. Sign in anew."),
    "site-changed": lambda page: page.say("This is the desk of another site now."),
}
