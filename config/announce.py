"""Messages to the person at the screen, which may carry one action such as Undo."""

import json
from dataclasses import asdict, dataclass, field

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class MessageAction:
    """A button in a message: posts `fields` to `address`."""

    label: str
    address: str
    fields: dict[str, str] = field(default_factory=dict)


def announce(
    request: HttpRequest, text: str, *, level: int = messages.SUCCESS, action: MessageAction | None = None
) -> None:
    """Tell the person what happened, on this page or the next one they see."""
    messages.add_message(request, level, text, extra_tags=json.dumps(asdict(action)) if action else "")


def action_of(message: Message) -> MessageAction | None:
    """The action that `announce` gave a message."""
    return MessageAction(**json.loads(message.extra_tags)) if (message.extra_tags or "").startswith("{") else None
