"""Words for codes, in English: why a tap was granted or denied, how each part of the kiosk is, conflicts of kiosks.

Screen, web pages, command line and journal share these tables. Translations are in kiosk/locale, by these texts; Babel
is not loaded here, so that the command line starts fast. Codes are stored and sent: they are never renamed.
"""

from __future__ import annotations

from typing import NamedTuple

from kiosk.model import Reason


def _(text: str) -> str:
    """Mark a text for the catalogue; it is translated where it is shown."""
    return text


class Count(NamedTuple):
    """A text with a number in it: for one, and for any other number."""

    one: str
    many: str
    fact: str
    """Name of the fact that is counted."""


class ConflictWords(NamedTuple):
    """The words for one kind of conflict between kiosks that could not hear each other."""

    said: str
    """What happened, as a heading."""
    advice: str
    """What to do about it."""
    short: str
    """In a message, after the name of the kiosk."""


class HealthWords(NamedTuple):
    """The words for one health code. Facts in braces are those of the code's Vital (kiosk.health.vitals)."""

    said: str | Count = ""
    """How the part is, beside its name."""
    advice: str = ""
    """What to do about it; empty when there is nothing to do."""
    short: str = ""
    """In a list with others, without facts."""
    idle: str = ""
    """On the idle screen: what works all the same; what does not: what to do."""


REASONS: dict[str, str] = {
    Reason.READ_ERROR: _("Badge could not be read"),
    Reason.RANDOM_UID: _("Phone or bank card"),
    Reason.UNKNOWN_BADGE: _("Unknown badge"),
    Reason.BADGE_BLOCKED: _("Badge reported lost or blocked"),
    Reason.MEMBER_SUSPENDED: _("Member suspended"),
    Reason.CLOCK_UNTRUSTED: _("Time not certain"),
    Reason.STAFF: _("Host"),
    Reason.RE_ENTRY: _("Free re-entry"),
    Reason.CLOSED: _("Closed"),
    Reason.FULL: _("Full"),
    Reason.COURTESY: _("Free, shortly before closing"),
    Reason.UNLIMITED: _("Unlimited pass"),
    Reason.ENTRY_USED: _("Entry used"),
    Reason.DEBT: _("Entry to settle"),
    Reason.NO_ENTRIES_LEFT: _("No entries left"),
    Reason.PASS_EXPIRED: _("Pass expired"),
    Reason.PASS_NOT_YET_VALID: _("Pass not valid yet"),
    Reason.PASS_NOT_HERE: _("Pass not valid here"),
    Reason.NO_PASS: _("No pass"),
    Reason.OUT_OF_SERVICE: _("Out of service"),
}
"""Reason of a verdict -> the few words that fit a line of a list, for hosts."""


def reason_text(reason: str) -> str:
    """Return the reason of a verdict in English; the code itself if it is of a newer release."""
    return REASONS.get(reason, reason)


PARTS: dict[str, str] = {
    "reader": _("Reader"),
    "screen": _("Screen"),
    "door": _("Door"),
    "disk": _("Memory card"),
    "clock": _("Clock"),
    "power": _("Power supply"),
    "network": _("Network"),
    "exchange": _("Central server"),
    "copy": _("Nightly copy"),
    "medium": _("Copy on the second medium"),
    "versions": _("Versions"),
}
"""Part of a kiosk -> its name."""

HEALTH: dict[str, HealthWords] = {
    "ledger_failed": HealthWords(
        said=_("Entries cannot be recorded"),
        advice=_("Restart the kiosk; write entries down on paper meanwhile"),
        short=_("entries cannot be recorded"),
        idle=_("The way out is free; nothing is recorded: check the memory card"),
    ),
    "reader_down": HealthWords(
        said=_("Does not answer"),
        advice=_("Unplug its cable and plug it in again; members can be checked in by hand meanwhile"),
        short=_("the reader does not answer"),
        idle=_("The way out is free; the reader is silent: check its cable"),
    ),
    "door_down": HealthWords(
        said=_("Does not move: its lines cannot be used"),
        advice=_("Open by hand; stop what else uses the pins, check the wiring, then restart the kiosk"),
        short=_("the door does not move"),
        idle=_("Badges are read; the door does not move: open by hand, call for help"),
    ),
    "ledger_mended": HealthWords(
        said=_("Was damaged, and repaired itself"),
        advice=_("Have the memory card replaced"),
        short=_("the memory card has failed, and what it held was repaired: have it replaced"),
        idle=_("Entries are recorded; the memory card has failed once: replace it"),
    ),
    "door_forced_open": HealthWords(
        said=_("Was opened without a badge"),
        advice=_("Have a look; a host’s badge ends this alarm"),
        short=_("the door was opened without a badge"),
        idle=_("Badges are read; the door was opened without one: have a look"),
    ),
    "door_held_open": HealthWords(
        said=_("Stands open"),
        advice=_("Close it; if it is closed, look at its contact"),
        short=_("the door stands open"),
        idle=_("Badges are read; the door stands open: please close it"),
    ),
    "exit_button_stuck": HealthWords(
        said=_("The exit button is held or stuck"),
        advice=_("Free the button; if it is free, look at its lead for water"),
        short=_("the exit button is stuck"),
        idle=_("The way out is free; the exit button is stuck: free it"),
    ),
    "exit_button_flutters": HealthWords(
        said=_("The exit button flutters, and the door opens each time"),
        advice=_("Look at the button and its lead for water or a loose screw"),
        short=_("the exit button flutters"),
        idle=_("The way out is free; the exit button flutters: check its lead"),
    ),
    "door_contact_flutters": HealthWords(
        said=_("The door contact flutters"),
        advice=_("Look at the contact, its magnet and its lead"),
        short=_("the door contact flutters"),
        idle=_("Badges are read; the door contact flutters: check its magnet"),
    ),
    "clock_untrusted": HealthWords(
        said=_("Not certain after a power cut"),
        advice=_("Set it below, or plug in the network"),
        short=_("the time is not certain"),
        idle=_("Badges are read; the time is uncertain: set the clock"),
    ),
    "badge_refused": HealthWords(
        short=_("a lost or blocked badge was tapped"),
        idle=_("Badges are read; a blocked one was tapped: look at today’s taps"),
    ),
    "badge_on_reader": HealthWords(
        said=_("A badge lies on the reader"),
        advice=_("Lift it, wait two seconds and lay it on again"),
        short=_("a badge was left on the reader"),
        idle=_("The way out is free; one badge left on the reader hides all others: lift it"),
    ),
    "feed_set_aside": HealthWords(
        said=_("Sent something that cannot be shown here; it was set aside"),
        advice=_("Tell whoever looks after the server; if nothing is wrong there, upgrade this kiosk"),
        short=_("the central server sent something that was set aside"),
        idle=_("Badges are read; something from the central server was set aside: tell its keeper"),
    ),
    "change_lost": HealthWords(
        said=_("A change made here does not stand: {field}. Somebody changed the same elsewhere"),
        advice=_("Look at it as it is now, and change it again if yours was right"),
        short=_("a change made here does not stand"),
        idle=_("Badges are read; a change made here does not stand: look at the kiosk’s health"),
    ),
    "server_unreachable": HealthWords(
        short=_("the central server is out of reach; everything goes on without it"),
        idle=_("Everything works here; central server out of reach: nothing to do"),
    ),
    "reader_up": HealthWords(said=_("Answers: {name}")),
    "reader_silent": HealthWords(
        said=_("Has said nothing yet"),
        advice=_("Wait a moment, then check its cable"),
    ),
    "screen_shown": HealthWords(said="{drawn_by}"),
    "screen_dark": HealthWords(
        said=_("Dark; the reader and the door work on"),
        advice=_("Look at its cable and its power"),
        short=_("the screen is dark"),
    ),
    "screen_black": HealthWords(
        said=_("Stays black; the reader and the door work on ({drawn_by})"),
        advice=_("Install the packages libgl1 and libgles2, then restart the kiosk"),
        short=_("the screen stays black"),
    ),
    "screen_pulled": HealthWords(
        said=_("Unplugged; the reader and the door work on"),
        advice=_("Plug it in: the kiosk restarts by itself and shows its picture"),
        short=_("the screen is unplugged"),
    ),
    "power_low": HealthWords(
        said=_("Gives too little voltage"),
        advice=_("Use the supply made for this computer, and a short cable"),
        short=_("the power supply is too weak"),
    ),
    "door_wired": HealthWords(said=_("Strike and contact are wired")),
    "door_without_contact": HealthWords(said=_("Strike wired, no door contact")),
    "door_not_wired": HealthWords(said=_("No strike is wired: entries are only counted")),
    "disk_roomy": HealthWords(said=_("{free} GB free of {total}")),
    "disk_low": HealthWords(
        said=_("{free} GB free of {total}"),
        advice=_("Call whoever looks after the kiosk: its memory card fills up"),
        short=_("the memory card is nearly full"),
    ),
    "disk_full": HealthWords(
        said=_("{free} GB free of {total}"),
        advice=_("Entries are refused, now or soon: call whoever looks after the kiosk"),
    ),
    "disk_errors": HealthWords(
        said=Count("{n} error was counted", "{n} errors were counted", fact="errors"),
        advice=_("Make a copy on a USB stick today, and have the memory card replaced"),
    ),
    "disk_read_only": HealthWords(
        said=_("Takes no data any more"),
        advice=_("Restart the kiosk; if it comes back, have the memory card replaced"),
    ),
    "disk_failing": HealthWords(short=_("the memory card fails")),
    "clock_trusted": HealthWords(said=_("Right: kept by the network or a battery")),
    "clock_holdover": HealthWords(said=_("Right since it was last set")),
    "clock_unconfirmed": HealthWords(
        said=_("Nobody has confirmed the date; passages from {day} on wait to be forgotten"),
        advice=_("Touch “Set the clock” and confirm the date"),
    ),
    "network_none": HealthWords(said=_("None; the door needs none")),
    "network_up": HealthWords(said=_("By cable ({link})")),
    "network_wifi": HealthWords(said=_("By Wi-Fi ({link})")),
    "network_leads_nowhere": HealthWords(
        said=_("Connected, without access to the internet ({link})"),
        advice=_("Look at the box of your internet provider; the door works on"),
    ),
    "exchange_alone": HealthWords(said=_("None: this kiosk works alone")),
    "exchange_done": HealthWords(said=_("Has everything")),
    "exchange_waiting": HealthWords(said=Count("{n} entry to send", "{n} entries to send", fact="waiting")),
    "exchange_unreachable": HealthWords(
        said=Count("Out of reach; {n} entry to send", "Out of reach; {n} entries to send", fact="waiting"),
        advice=_("Nothing is lost: all of it is sent once the server is back"),
    ),
    "copy_none": HealthWords(
        said=_("None yet"),
        advice=_("One is made each night; until then, export to a USB stick"),
    ),
    "copy_made": HealthWords(said=_("Made {day}")),
    "copy_old": HealthWords(
        said=_("Made {day}"),
        advice=_("Export to a USB stick, and call whoever looks after the kiosk"),
    ),
    "medium_missing": HealthWords(
        said=_("The medium at {folder} is not there"),
        advice=_("Plug it in again: until then, copies are only on the card itself"),
        short=_("the medium for the copies is missing"),
    ),
    "medium_none": HealthWords(said=_("None yet"), advice=_("One is made in the coming night")),
    "medium_copied": HealthWords(said=_("Made {day}")),
    "medium_old": HealthWords(
        said=_("Made {day}"),
        advice=_("See whether the medium at {folder} is full or broken"),
        short=_("the copies on the second medium are old"),
    ),
    "versions": HealthWords(said=_("Kiosk {kiosk}, {system}"), advice="{model}"),
}
"""Code of the kiosk's health, or of one of its parts -> words. The gravest of those for the idle screen come first."""


def health_text(code: str) -> str:
    """Return a health code in English, for a list; says so if it is of a newer release."""
    return HEALTH[code].short if code in HEALTH else _("trouble that this release has no words for")


CONFLICTS: dict[str, ConflictWords] = {
    "overdraft": ConflictWords(
        said=_("More entries used than the pass had"),
        advice=_("Speak with the member: the next card they buy pays for it, or give the entry back."),
        short=_("more entries were used than a pass had"),
    ),
    "overlap": ConflictWords(
        said=_("Charged twice at two doors; the second was given back"),
        advice=_("Nothing: the member paid once."),
        short=_("somebody was charged twice at two doors, and got the second back"),
    ),
    "blocked_badge": ConflictWords(
        said=_("A blocked badge opened a door that did not know it yet"),
        advice=_("See who came, and ask for the badge back."),
        short=_("a blocked badge opened a door"),
    ),
    "suspended_member": ConflictWords(
        said=_("A suspended member was let in by a kiosk that did not know it yet"),
        advice=_("Speak with the member; give the entry back if none was to be used."),
        short=_("a suspended member was let in"),
    ),
    "withdrawn_product": ConflictWords(
        said=_("A pass was sold that is no longer on sale, by a kiosk that did not know it yet"),
        advice=_("Speak with the member: the pass is valid; take the sale back if it is not to be."),
        short=_("a pass was sold that is no longer on sale"),
    ),
    "refunded_pass": ConflictWords(
        said=_("Entries were used of a pass whose sale was cancelled"),
        advice=_("Give the entry back, or have it paid: the pass is no longer valid."),
        short=_("entries of a refunded pass were used"),
    ),
    "changed_apart": ConflictWords(
        said=_("Two people changed the same thing, and neither knew of the other"),
        advice=_("Look at it as it is now, and change it again if the other was right: the journal has both."),
        short=_("the same thing was changed twice"),
    ),
}
"""`what` of a conflict in the server's ledger, which is its kind of alarm too -> words."""

FIELDS: dict[str, str] = {
    "name": _("name"),
    "role": _("member or host"),
    "status": _("suspended, lost or blocked, or not"),
    "language": _("language of the screen"),
    "greeting": _("greeting"),
    "pseudonym": _("pseudonym"),
    "pin": _("PIN"),
    "large_text": _("large text"),
    "sound": _("sound"),
    "listed": _("named on the screen or not"),
    "note": _("note"),
    "profile": _("profile"),
    "member_id": _("who carries it"),
    "zone": _("time zone"),
    "hours": _("weekly hours"),
    "country": _("country"),
    "currency": _("currency"),
    "retired": _("retired or not"),
    "region": _("region"),
    "override": _("hours of today"),
    "price_cents": _("price"),
    "cover": _("what an entry covers"),
    "units": _("number of entries"),
    "per": _("renewal"),
    "valid_days": _("validity in days"),
    "valid_months": _("validity in months"),
    "calendar_month": _("validity to the end of the month"),
    "sites": _("sites where it is valid"),
    "access_hours": _("own access hours"),
    "converts_to": _("day that two half days become"),
    "converts_cents": _("price of that day"),
    "converts_cover": _("length of that day"),
    "converts_hours": _("hours of that day"),
    "on_sale": _("on sale or not"),
    "policy.profiles": _("what brings members"),
    "policy.capacity": _("most people at once"),
    "policy.capacity_hard": _("refuse whoever comes when it is full"),
    "policy.assume_staff": _("count on a host in opening hours"),
    "policy.debt_limit": _("entries a member may owe"),
    "policy.courtesy_minutes": _("free minutes before closing"),
    "policy.courtesy_per_month": _("free visits before closing, a month"),
    "policy.continuation_minutes": _("minutes after which a window goes on"),
    "policy.early_minutes": _("minutes before opening"),
    "policy.presence_minutes": _("minutes until somebody counts as gone"),
    "policy.undo_seconds": _("seconds to undo"),
    "policy.undo_per_day": _("undos a day"),
    "policy.undo_per_month": _("undos a month"),
    "policy.staff_undo_days": _("days in which hosts give back"),
    "policy.debounce_seconds": _("seconds between two taps"),
    "policy.warn_units": _("warnings of few entries"),
    "policy.warn_days": _("warnings of the end"),
    "policy.untrusted_clock": _("who comes in while the time is not certain"),
    "policy.guests": _("guests"),
}
"""Field of a member, badge, site or product that two may change apart, as kiosk.store.fold.fields names it -> words."""

EXCEPTION = _("the exception {rule}")
"""Of the hours: each is a field of its own, `exceptions/` and its text."""

CONFLICT_NOTES: dict[str, str] = {
    "below_zero": _("The pass stands at {left}."),
    "charged_twice": _("The other charge is entry {n} of {ledger}."),
    "badge_lost": _("The badge had been reported lost."),
    "badge_blocked": _("The badge had been blocked."),
    "suspended": _("The member had been suspended."),
    "sold_withdrawn": _("The pass is {pass_id}, of the product {product}."),
    "taken_back": _("The pass is {pass_id}."),
    "member_changed": _("Changed for a member: {field}. Entry {n} of {ledger} does not stand."),
    "badge_changed": _("Changed for the badge {badge}: {field}. Entry {n} of {ledger} does not stand."),
    "site_changed": _("Changed for the site {site}: {field}. Entry {n} of {ledger} does not stand."),
    "product_changed": _("Changed for the tariff {product}: {field}. Entry {n} of {ledger} does not stand."),
}
"""`note` of a conflict -> a sentence with its facts."""

PROFILES: dict[str, str] = {
    "coworker": _("coworking"),
    "teleworker": _("remote work"),
    "other": _("other reasons"),
}
"""What brings members here -> words; a site's own profiles are their own words."""
