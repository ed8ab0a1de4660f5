"""The queries of a tap. Built once: building a statement costs as much as running it."""

from __future__ import annotations

from sqlalchemy import and_, bindparam, func, select

from kiosk.store.tables import badges, departures, members, overrides, pass_holders, passes, sites, uses, visits

SITE = (
    select(sites.c.doc, overrides.c.doc)
    .outerjoin_from(sites, overrides, overrides.c.site_id == sites.c.id)
    .where(sites.c.id == bindparam("site_id"))
)
BADGE = (
    select(badges.c.doc, members.c.doc)
    .outerjoin_from(badges, members, members.c.id == badges.c.member_id)
    .where(badges.c.id == bindparam("badge_id"))
)
MEMBER = select(members.c.doc).where(members.c.id == bindparam("member_id"))
_USED = select(func.coalesce(func.sum(uses.c.units), 0)).where(uses.c.pass_id == passes.c.id).scalar_subquery()
HOLDINGS = (
    select(passes.c.doc, _USED)
    .join_from(pass_holders, passes, passes.c.id == pass_holders.c.pass_id)
    .where(pass_holders.c.member_id == bindparam("member_id"), passes.c.voided_at.is_(None))
)
RECENT_USES = (
    select(uses.c.pass_id, uses.c.at, uses.c.units)
    .join_from(pass_holders, uses, uses.c.pass_id == pass_holders.c.pass_id)
    .where(pass_holders.c.member_id == bindparam("member_id"), uses.c.at >= bindparam("since"))
    .order_by(uses.c.at, uses.c.ledger_id, uses.c.seq)
)
VISITS = select(visits).where(visits.c.member_id == bindparam("member_id"), visits.c.at >= bindparam("since"))
VISITS = VISITS.order_by(visits.c.at.desc(), visits.c.ledger_id.desc(), visits.c.seq.desc())
_LASTS = and_(
    visits.c.site_id == bindparam("site_id"),
    visits.c.presence_end > bindparam("now"),
    visits.c.at <= bindparam("now"),
    visits.c.at >= bindparam("since"),
)
INSIDE = select(visits).where(_LASTS).order_by(visits.c.at, visits.c.ledger_id, visits.c.seq)
CAME = select(visits).where(
    visits.c.site_id == bindparam("site_id"), visits.c.at >= bindparam("since"), visits.c.member_id != ""
)
CAME = CAME.order_by(visits.c.at, visits.c.ledger_id, visits.c.seq)
DEPARTED = select(departures.c.member_id, func.max(departures.c.at).label("at")).where(
    departures.c.site_id == bindparam("site_id"), departures.c.at >= bindparam("since")
)
DEPARTED = DEPARTED.group_by(departures.c.member_id)
HERE = select(members.c.doc).join_from(visits, members, members.c.id == visits.c.member_id).where(_LASTS)
HERE = HERE.where(members.c.role == "member").order_by(visits.c.at, visits.c.ledger_id, visits.c.seq)
PRESENT = (
    select(func.count(visits.c.member_id.distinct()), members.c.role)
    .outerjoin_from(visits, members, members.c.id == visits.c.member_id)
    .where(_LASTS)
    .group_by(members.c.role)
)
