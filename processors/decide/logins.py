"""Who has a login: whoever made one or chose a password (contract section 5)."""

from processors.decide.tables import LOGINS
from processors.effects import Put, Tables, row_key
from schemas.envelope import Event
from schemas.state import KnownLogin

GIVE_A_LOGIN = frozenset({"login.created", "password.chosen"})


def note_login(event: Event) -> Put:
    """Remember that the contact has a login from now on, by an event that gives one."""
    login = KnownLogin(since=event.time, event_id=event.id)
    return Put(table=LOGINS, key=row_key(event.tenant, event.subject), value=login)


def has_login(tables: Tables, tenant: str, contact: str) -> bool:
    """Whether an event said so, whatever the contact's record says."""
    return tables.get(LOGINS, row_key(tenant, contact)) is not None
