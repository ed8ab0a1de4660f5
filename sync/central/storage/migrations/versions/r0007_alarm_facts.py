"""Alarms as a code and facts, in place of a sentence in English."""

import json
import re

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

SENTENCES = {
    "two_versions": r"entry (?P<n>\d+) exists in two versions",
    "not_chained": r"entry (?P<n>\d+) does not follow the one before",
    "missing": r"entry (?P<n>\d+) is missing, (?P<known>\d+) is known",
    "cut_off": r"ends at entry (?P<n>\d+), and entry (?P<known>\d+) had been seen",
    "goes_on_elsewhere": (
        r"goes on elsewhere: a kiosk with this ledger ends at entry (?P<n>\d+), and was told of a later one"
    ),
    "sent_before": r"acknowledged up to (?P<n>\d+), and (?P<known>\d+) is here: put back from a copy\?",
    "other_feed": (r"the feed up to position (?P<n>\d+) was seen, and is another one here: put back from a copy\?"),
    "new_ledger": r"goes on in a new ledger after (?P<ledger>.+): the end of that may be lost",
    "below_zero": r"pass (?P<pass_id>.+?) of (?P<member>.+) stands at (?P<left>-\d+)",
    "charged_twice": r"(?P<member>.+) was charged twice: by entry (?P<n>\d+) of (?P<ledger>.+) as well",
    "badge_lost": r"badge (?P<badge>.+?) of (?P<member>.+) is lost, and opened the door",
    "badge_blocked": r"badge (?P<badge>.+?) of (?P<member>.+) is blocked, and opened the door",
    "not_applied": r"entry (?P<n>\d+) cannot be applied: (?P<error>.+)",
}
"""The sentences of the release before, by the present code."""
NUMBERS = {"n", "known", "left"}


def upgrade() -> None:
    """Read each sentence once and for all; one that nobody wrote is kept as it is, as the fact `sentence`."""
    op.add_column("alarms", sa.Column("note", sa.String, nullable=False, server_default=""))
    op.add_column("alarms", sa.Column("facts", sa.Text, nullable=False, server_default="{}"))
    names = ("network_id", "alarm_id", "detail", "note", "facts")
    alarms = sa.table("alarms", *(sa.column(name, sa.String) for name in names))
    connection = op.get_bind()
    for row in connection.execute(sa.select(alarms)).all():
        note, facts = read(row.detail)
        one = (alarms.c.network_id == row.network_id, alarms.c.alarm_id == row.alarm_id)
        values = {"note": note, "facts": json.dumps(facts, ensure_ascii=False)}
        connection.execute(sa.update(alarms).where(*one).values(values))
    op.drop_column("alarms", "detail")


def read(sentence: str) -> tuple[str, dict[str, str | int]]:
    """Return the code and the facts of a sentence."""
    for note, pattern in SENTENCES.items():
        if found := re.fullmatch(pattern, sentence, re.DOTALL):
            return note, {name: int(text) if name in NUMBERS else text for name, text in found.groupdict().items()}
    return "", {"sentence": sentence}
