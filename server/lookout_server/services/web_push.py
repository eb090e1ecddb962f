"""Turning notices on for the phone in one's hand."""

from datetime import datetime
from typing import Protocol

from lookout_server.domain.access import Access
from lookout_server.domain.audit import Act, Entry
from lookout_server.domain.notice import Contact
from lookout_server.domain.web_push import MOST_DEVICES, Subscription, is_web_push
from lookout_server.errors import ConflictError
from lookout_server.ports import Store


class PushDesk(Protocol):
    """What speaks with push services."""

    @property
    def point(self) -> bytes:
        """The site's public key: an uncompressed point of P-256."""
        ...

    def checked(self, wanted: Subscription) -> Subscription:
        """InvalidError unless messages may go there."""
        ...


async def subscribe(store: Store, desk: PushDesk, wanted: Subscription, by: Access, *, at: datetime) -> str:
    """Tell the asking person on this device from now on, and nobody else on it; the channel's name."""
    subscription = desk.checked(wanted)
    contact = Contact(person=by.person.id, channel=subscription.channel, address=subscription.address)
    async with store.write() as uow:
        # A phone that went to a colleague shows the colleague's notices alone.
        await uow.roster.free_channel(contact.channel)
        held = (await uow.roster.contacts([contact.person])).get(contact.person, [])
        if sum(is_web_push(each.address) for each in held) >= MOST_DEVICES:
            raise ConflictError(f"{MOST_DEVICES} devices are told already: turn it off on one that you no longer use")
        await uow.roster.save_contact(contact)
        subject = f"{contact.person}/{contact.channel}"
        uow.audit.add(Entry(at=at, act=Act.CONTACT_SAVED, actor=by.person.id, subject=subject))
        await uow.commit()
    return contact.channel
