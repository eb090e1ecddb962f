"""Accounts, as an admin of the whole site keeps them: adding, changing, disabling, helping somebody back in."""

from collections.abc import Sequence
from datetime import datetime

from lookout_server.domain.access import Access
from lookout_server.domain.audit import Act, Entry
from lookout_server.domain.territory import Role, person_id
from lookout_server.errors import ConflictError, NotFoundError
from lookout_server.ports import AccountFilter, KeptAccount, PasswordHasher, Store, UnitOfWork
from lookout_server.services import factors
from lookout_server.services.accounts import Account, add_person


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


async def bar(store: Store, who: str, barred: bool, by: Access, *, at: datetime) -> KeptAccount:
    """Disable an account and end its sessions, or let it in again. What somebody has done stays theirs."""
    if who == by.person.id:
        raise ConflictError("you would shut yourself out: have another admin disable your account")
    async with store.write() as uow:
        username = await _username(uow, who)
        await uow.people.bar(who, barred)
        if barred:
            await uow.people.end_sessions(person_id=who)
        act = Act.ACCOUNT_BARRED if barred else Act.ACCOUNT_LET_IN
        uow.audit.add(Entry(at=at, act=act, actor=by.person.id, subject=who))
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
