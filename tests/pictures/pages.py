"""The pictures in docs/pages, at a desk and on a phone: `python -m tests.pictures.pages docs/pages`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from msgspec.structs import replace
from playwright.sync_api import ViewportSize, sync_playwright

from kiosk.facts import Reversed
from kiosk.model import Ref
from tests.office.ledgers.small_house import sold_to
from tests.office.servers.office import Office, lived_in, office
from tests.sync.central.pages.test_browser import CHROMIUM, QUIET, listening, signs_in

TAKEN = {
    "today": "/",
    "members": "/members",
    "account": "/members/lea",
    "hours": "/hours",
    "kiosks": "/kiosks",
    "sales": "/sales",
}
SIZES = {"desk": (1280, 800), "phone": (360, 740)}


def sells(house: Office) -> None:
    """A morning at the till: cards, gifts, one by mistake."""
    kiosk = house.kiosk("Accueil")
    for number, method in enumerate(("cash", "card", "transfer", "cash", "free", "card")):
        sold = replace(sold_to(f"m{number % 5}", pass_id=f"sold-{number}", when=house.moment.now), method=method)
        kiosk.push(replace(sold, price_cents=0) if method == "free" else sold)
        house.moment.moves(minutes=7)
    kiosk.push(Reversed(ref=Ref(ledger_id=kiosk.ledger_id, seq=2), reason="wrong card", by="desk"))


def pictures(house: Office, into: Path, pages: dict[str, str]) -> None:
    """Take the pictures of pages in both sizes."""
    lived_in(house)
    sells(house)
    with listening(house) as address, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        for size, (width, height) in SIZES.items():
            viewport: ViewportSize = {"width": width, "height": height}
            page = chromium.new_page(base_url=address, viewport=viewport, locale="fr-FR")
            signs_in(page, "anne" if pages is TAKEN else "chef")
            for name, path in pages.items():
                page.goto(path)
                page.screenshot(path=into / f"{name}-{size}.png", full_page=True)
        chromium.close()


def main() -> None:
    """Take the pictures named after the folder, or those of the documentation."""
    into, *paths = sys.argv[1:]
    Path(into).mkdir(parents=True, exist_ok=True)
    named = {path.strip("/").replace("/", "-").split("?")[0] or "today": path for path in paths}
    with tempfile.TemporaryDirectory() as folder, office(Path(folder)) as house:
        pictures(house, Path(into), named or TAKEN)


if __name__ == "__main__":
    main()
