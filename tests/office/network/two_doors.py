"""Two kiosks and the server as processes: both cables pulled, taps at both, cables plugged in again: all agree.

`python -m tests.office.network.two_doors PICTURES` plays it with a browser at the server's pages, prints each step and
takes pictures.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from kiosk.ledger import open_reader
from tests.office.network.processes import Cable, CentralProcess, KioskProcess, until
from tests.sync.central.pages.test_browser import CHROMIUM, QUIET

PASSWORD = "une longue phrase de passe"


class Network:
    """The server, two kiosks behind cables, and a browser at the pages."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self.central = stack.enter_context(CentralProcess(folder / "central"))
        self.cables = [stack.enter_context(Cable(self.central.port)) for _ in range(2)]
        self.north, self.south = (stack.enter_context(KioskProcess(folder / name)) for name in ("north", "south"))
        playwright = stack.enter_context(sync_playwright())
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        stack.callback(chromium.close)
        self.page: Page = chromium.new_page(
            base_url=self.central.url, viewport={"width": 1280, "height": 800}, locale="fr-FR"
        )

    # ------------------------------------------------------------ at the pages

    def sends(self, path: str, **fields: str) -> None:
        """Go to a page, fill in its form, and send it."""
        self.page.goto(path)
        for name, value in fields.items():
            self.page.locator(f"main [name={name}]").first.fill(value)
        self.page.locator("main form button").first.click()

    def opens(self, hours: str) -> None:
        """Write the hours of the site as text, and confirm the days that change."""
        self.page.goto("/hours")
        self.page.get_by_text("Écrire les horaires en texte").click()
        self.page.locator("[name=hours]").fill(hours)
        self.page.get_by_role("button", name="Enregistrer tel quel").click()
        self.page.get_by_role("button", name="Changer les horaires").click()
        expect(self.page.get_by_role("status").filter(has_text="enregistrés")).to_be_visible()

    def sign_in(self) -> None:
        self.central.does("account", "add", "chef", "--role", "manager", KIOSK_CENTRAL_PASSWORD=PASSWORD)
        self.sends("/sign-in", name="chef", password=PASSWORD)
        expect(self.page.get_by_role("heading", name="Aujourd’hui")).to_be_visible()

    def pairs(self, kiosk: KioskProcess, name: str, cable: Cable) -> None:
        self.page.goto("/kiosks")
        self.page.locator("#f-name").fill(name)
        self.page.get_by_role("button", name="Créer un code").click()
        kiosk.does("pair", cable.url, self.page.locator("p.code").inner_text().replace(" ", ""))

    def welcomes(self, name: str) -> None:
        """A new member, with a pass, and the badge that was just tapped."""
        self.sends("/members/new", name=name)
        self.sends(self.page.url.partition("?")[0].removeprefix(self.central.url) + "/sell")
        expect(self.page.get_by_role("heading", name=name)).to_be_visible()
        self.page.goto("/badges")
        self.page.locator("main input[name=member]").first.fill(name)
        self.page.locator("main form button").first.click()

    def sees(self, *rows: str) -> None:
        """The first page shows these, without being loaded anew."""
        for row in rows:
            expect(self.page.get_by_role("row", name=row).first).to_be_visible(timeout=30_000)

    def picture(self, into: Path, name: str) -> None:
        self.page.mouse.move(0, 0)
        self.page.screenshot(path=into / f"{name}.png", full_page=True)

    # ------------------------------------------------------------ at the kiosks

    @property
    def both(self) -> tuple[KioskProcess, KioskProcess]:
        return self.north, self.south

    def all_know(self, name: str) -> bool:
        return all(self.knows(kiosk, name) for kiosk in self.both)

    def knows(self, kiosk: KioskProcess, name: str) -> bool:
        """Whether a kiosk knows somebody, their badge and their pass."""
        with open_reader(kiosk.folder / "ledger.db") as ledger:
            found = ledger.roster.find_members(name)
            now = datetime.now(UTC)
            return bool(found and ledger.roster.badges(found[0].id) and ledger.roster.holdings(found[0].id, now))

    def left(self, name: str) -> tuple[int, int]:
        """How many entries somebody has left, by the word of each kiosk."""
        return self.left_at(self.north, name), self.left_at(self.south, name)

    def left_at(self, kiosk: KioskProcess, name: str) -> int:
        with open_reader(kiosk.folder / "ledger.db") as ledger:
            (member,) = ledger.roster.find_members(name)
            held = ledger.roster.holdings(member.id, datetime.now(UTC))
            return sum((one.pass_.terms.units or 0) - one.used for one in held)

    def agree(self) -> bool:
        """Whether both kiosks have sent all, and know the same."""
        return all(kiosk.is_level() for kiosk in self.both) and self.north.roster() == self.south.roster()


@contextmanager
def network(folder: Path) -> Iterator[Network]:
    with ExitStack() as stack:
        yield Network(stack, folder)


def play(net: Network, pictures: Path, say: Callable[[str], object]) -> None:
    """The whole of it. Raises where something is not as it should be."""
    north, south = net.both
    net.sign_in()
    net.sends("/sites/new", name="La Serre")
    net.opens("24/7")
    net.sends("/products/new", name="Carnet de 10", price="50")
    for kiosk, name, cable in zip(net.both, ("Porte nord", "Porte sud"), net.cables, strict=True):
        net.pairs(kiosk, name, cable)
    until(lambda: all(kiosk.idle.get("is_open") for kiosk in net.both), "the kiosks do not learn of their site")
    say("two kiosks were paired by codes of the page, and show La Serre open")
    for kiosk, card, name in ((north, "camille", "Camille Roux"), (south, "nadia", "Nadia Benali")):
        answered(say, f"{name}'s new badge", kiosk.taps(card), "Badge inconnu")
        net.page.goto("/badges")
        expect(net.page.locator("main input[name=member]")).to_be_visible(timeout=30_000)
        net.welcomes(name)
        until(lambda name=name: net.all_know(name), f"{name} is not known everywhere")  # type: ignore[misc]
    net.page.goto("/")
    expect(net.page.locator("html[data-following=yes]")).to_be_attached(timeout=30_000)
    answered(say, "Camille, at the other door", south.taps("camille"), "Entrée validée")
    net.sees("Camille Roux")
    until(lambda: net.left("Camille") == (9, 9), "her own door does not hear of Camille's entry")
    net.picture(pictures, "network-1-together")

    for cable in net.cables:
        cable.pull()
    say("both cables are pulled")
    # Camille's badge was the last one at the north door: tapped within five seconds it would get that answer again.
    answered(say, "north, Nadia", north.taps("nadia"), "Entrée validée")
    answered(say, "north, Camille", north.taps("camille"), "Rebonjour")
    answered(say, "south, Nadia", south.taps("nadia"), "Entrée validée")
    say(f"Nadia has left: north {net.left('Nadia')[0]}, south {net.left('Nadia')[1]}; to send: {waiting(net)}")
    assert not net.agree()
    for cable in net.cables:
        cable.plug()
    say("both cables are put in again")
    until(
        lambda: net.agree() and net.left("Nadia") == (9, 9), f"they do not agree: {waiting(net)}, {net.left('Nadia')}"
    )
    left = f"Nadia has left: {net.left('Nadia')}, Camille: {net.left('Camille')}"
    say(f"{left}; to send: {waiting(net)}; rosters are equal")
    net.sees("Nadia Benali", "Camille Roux")
    net.picture(pictures, "network-2-together-again")
    net.page.goto("/alarms")
    expect(net.page.get_by_role("main")).to_contain_text("Compté deux fois")
    net.picture(pictures, "network-3-charged-twice-given-back")

    before = [(kiosk.folder / "screen.png").read_bytes() for kiosk in net.both]
    net.page.goto("/hours")
    net.page.locator("a[href^='/hours/today?what=close']").click()
    net.page.locator("main form button").first.click()  # the page that asks first
    until(lambda: not any(kiosk.idle["is_open"] for kiosk in net.both), "the kiosks do not hear that it is closed")
    until(lambda: all((k.folder / "screen.png").read_bytes() != b for k, b in zip(net.both, before, strict=True)))
    say(f"closed on the page: {north.idle['state']} at the north door, {south.idle['state']} at the south door")
    shutil.copy(north.folder / "screen.png", pictures / "network-4-screen-closed.png")
    net.page.goto("/kiosks")
    net.picture(pictures, "network-5-kiosks")


def answered(say: Callable[[str], object], who: str, told: str, expected: str) -> None:
    """Say what a tap answered, and hold it to what it should."""
    say(f"{who}: {told}")
    assert told.startswith(expected), f"{who}: {told}, and not {expected}"


def waiting(net: Network) -> str:
    told = []
    for kiosk in net.both:
        with open_reader(kiosk.folder / "ledger.db") as ledger:
            told.append(str(ledger.waiting))
    return " and ".join(told)


def main() -> None:
    into = Path(sys.argv[1])
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, network(Path(folder)) as net:
        play(net, into, print)


if __name__ == "__main__":
    main()
