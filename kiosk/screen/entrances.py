"""The first scene for each kind of admission."""

from __future__ import annotations

from kiosk.screen.scenes.people.own_account import OwnAccount
from kiosk.screen.scenes.set_up.first_steps import SetUpLanguage
from kiosk.screen.scenes.sign_in import SignInScene
from kiosk.screen.scenes.visits.evacuation import Evacuation
from kiosk.screen.stage import Entrances

ENTRANCES: Entrances = {
    "account": OwnAccount,
    "desk": SignInScene,
    "evacuation": Evacuation,
    "set_up": SetUpLanguage,
}
