"""Accounts, as an admin of the whole site keeps them: adding, changing, disabling, helping somebody back in."""

from collections.abc import Sequence
from datetime import datetime

from lookout_server.domain.access import Access
from lookout_server.domain.audit import Act, Entry
from lookout_server.domain.moves import IN_HAND
from lookout_server.domain.territory import Role, Site, person_id
from lookout_server.errors import ConflictError, NotFoundError
from lookout_server.ports import AccountFilter, CaseFilter, KeptAccount, Page, PasswordHasher, Store, UnitOfWork
from lookout_server.services import announce, factors
from lookout_server.services.accounts import Account, add_person
from lookout_server.services.concerning import notify_of_absence

_MOST_CASES = 1_000


async def page(store: Store, wanted: AccountFilter, limit: int) -> Sequence[KeptAccount]:
    """By user name, also those that are disabled."""
    async with store.read() as uow:
        return await uow.people.accounts(wanted, limit)


async def add(store: Store, hasher: PasswordHasher, account: Account, by: Access, *, at: datetime) -> KeptAccount:
    """A new account. ConflictError when somebody goes by this name; user names are never given again."""
    async with store.read() as uow:
        if await uow.people.get([person_id(account.username)]):
            raise ConflictError(
                f"there is an account {account.username!r} already: change that one, or take another name"
            )
    await add_person(store, hasher, account, by=by.person.id, at=at)
    return await _kept(store, account.username)


async def change(store: Store, hasher: PasswordHasher, account: Account, by: Access, *, at: datetime) -> KeptAccount:
    """Change an account that exists; skills and consent stay as they are. Nobody takes the keys from themselves."""
    if account.person.id == by.person.id and (Role.ADMIN not in account.roles or account.grids):
        raise ConflictError("you would shut yourself out: have another admin change your own roles and places")
    await add_person(store, hasher, account, by=by.person.id, at=at)
    return await _kept(store, account.username)


async def bar(store: Store, site: Site, who: str, by: Access, *, at: datetime) -> tuple[KeptAccount, int]:
    """Disable an account and end its sessions; also how many cases it leaves behind. What somebody has done stays."""
    if who == by.person.id:
        raise ConflictError("you would shut yourself out: have another admin disable your account")
    async with store.write() as uow:
        username = await _username(uow, who)
        left = await shut_out(uow, site, who, by, at=at)
        await uow.commit()
    return await _kept(store, username), left


async def shut_out(uow: UnitOfWork, site: Site, who: str, by: Access, *, at: datetime) -> int:
    """What disabling an account means; returns how many cases it has in hand: operators are asked to send others."""
    await uow.people.bar(who, True)
    await uow.people.end_sessions(person_id=who)
    uow.audit.add(Entry(at=at, act=Act.ACCOUNT_BARRED, actor=by.person.id, subject=who))
    held = CaseFilter(handler=who, states=IN_HAND)
    cases = await uow.cases.page(held, Page(limit=_MOST_CASES))
    for case in cases:
        await notify_of_absence(uow, site, case, at=at)
        announce.case_noted(uow, case, "handler_gone", at)
    return len(cases)


async def let_in(store: Store, who: str, by: Access, *, at: datetime) -> KeptAccount:
    """Let a disabled account in again."""
    async with store.write() as uow:
        username = await _username(uow, who)
        await uow.people.bar(who, False)
        for case in await uow.cases.page(CaseFilter(handler=who, states=IN_HAND), Page(limit=_MOST_CASES)):
            announce.case_noted(uow, case, "handler_back", at)
        uow.audit.add(Entry(at=at, act=Act.ACCOUNT_LET_IN, actor=by.person.id, subject=who))
        await uow.commit()
    return await _kept(store, username)


async def reset_codes(store: Store, who: str, by: Access, *, at: datetime) -> KeptAccount:
    """Turn one-time codes off for somebody who has lost telephone and recovery codes; ends their sessions."""
    async with store.read() as uow:
        username = await _username(uow, who)
    await factors.reset(store, username, at=at, by=by.person.id)
    return await _kept(store, username)


async def known(store: Store, who: str) -> KeptAccount:
    """By id. NotFoundError when there is none."""
    async with store.read() as uow:
        username = await _username(uow, who)
    return await _kept(store, username)


async def _kept(store: Store, username: str) -> KeptAccount:
    async with store.read() as uow:
        (found,) = await uow.people.accounts(AccountFilter(username=username), 1)
    return found


async def _username(uow: UnitOfWork, who: str) -> str:
    found = (await uow.people.get([who])).get(who)
    if found is None:
        raise NotFoundError(f"there is no account {who!r}: see the list of accounts")
    return found.username
