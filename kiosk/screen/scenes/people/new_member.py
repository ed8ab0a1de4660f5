"""A new member: the name, and then the badge."""

from __future__ import annotations

from kiosk.answers import Answered, Done, Refused
from kiosk.commands import AddMember, Command
from kiosk.screen.scene import Ask, Context, Effects, Swap
from kiosk.screen.scenes.people.badges import GiveBadge
from kiosk.screen.scenes.people.member import MemberAccount
from kiosk.screen.scenes.text_entry import TextEntry
from kiosk.screen.widgets.message import Message


class NewMember(TextEntry):
    """Asks for the name of a new member, and confirms a name that exists already."""

    def __init__(self, context: Context, name: str = "", code: str | None = None) -> None:
        """`code`: the claim code of a badge tapped before."""
        super().__init__(context, name, hint=context.words.say("First and last name"), names=True)
        self._code, self._name = code, ""

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("New member")

    def key(self) -> str:
        """Return the word on the large key."""
        return self.words.say("Go on")

    def written(self, text: str) -> Effects:
        """Add the member."""
        if not text:
            self.message = Message(self.words.say("A member needs a name"), is_good=False)
            return None
        self._name = text
        return Ask(AddMember(name=text))

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Go on to the badge."""
        if isinstance(answer, Done) and answer.id:
            account = MemberAccount(self.context, answer.id)
            return Swap(GiveBadge(self.context, answer.id, self._name, code=self._code, after=account))
        if isinstance(answer, Refused) and answer.code == "NAME_TAKEN":
            self.confirm(
                self.words.say("There is a {name} already", name=answer.facts.get("name", self._name)),
                self.words.say("Is this somebody else with the same name?"),
                yes=self.words.say("Yes, somebody else"),
                then=Ask(AddMember(name=self._name, anyway=True)),
            )
            return None
        return super().answered(command, answer)
