"""The pages of a member's data rights: a copy of all their data, or erasure."""

from __future__ import annotations

from typing import cast

import msgspec
from litestar import MediaType, Response
from litestar.di import NamedDependency
from litestar.params import FromPath

from kiosk.answers import Exported
from kiosk.commands import EraseMember, ExportMember
from sync.central.accounts.staff import Role
from sync.central.pages.framework.page_request import HEADERS, Answer, PageRequest
from sync.central.pages.framework.routes import reads, writes


@reads("/members/{member_id:str}/export", role=Role.HOST)
def export(page: NamedDependency[PageRequest], member_id: FromPath[str]) -> Answer:
    """Download all data about a member, as a file for them."""
    found = cast("Exported", page.ask(ExportMember(member=page.member(member_id).id)))
    text = msgspec.json.format(msgspec.json.encode(found.document), indent=2)
    headers = HEADERS | {"Content-Disposition": f'attachment; filename="{member_id[:40]}.json"'}
    return Response(text, media_type=MediaType.JSON, headers=headers)


@reads("/members/{member_id:str}/erase", role=Role.MANAGER)
def ask_erasure(page: NamedDependency[PageRequest], member_id: FromPath[str]) -> Answer:
    """Explain and confirm erasing a member."""
    return page.show("erase.html", member=page.member(member_id))


@writes("/members/{member_id:str}/erase", role=Role.MANAGER)
def erase(page: NamedDependency[PageRequest], member_id: FromPath[str]) -> Answer:
    """Erase a member for ever, everywhere."""
    member = page.member(member_id)
    if not page.form.ticked("sure"):
        page.form.add_error("sure", page.say("Tick the box: this cannot be undone"))
        return page.show("erase.html", member=member)
    if page.attempt(EraseMember(member=member.id, by=page.signed_in.name), "sure") is None:
        return page.show("erase.html", member=member)
    return page.go("/members", "member-erased")


HANDLERS = [export, ask_erasure, erase]
