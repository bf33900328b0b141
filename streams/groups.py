"""Groups: whether this user may join those of its stages, which Faust would wait for in silence."""

from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupAuthorizationFailedError, GroupCoordinatorNotAvailableError, KafkaError

from streams.client import not_let_in
from streams.naming import app_id
from tidings.config import Installation
from tidings.security import client_security


async def find_groups(installation: Installation, stages: Iterable[str]) -> None:
    """Raises GroupAuthorizationFailedError with the group's name, or Unavailable."""
    kafka = installation.kafka
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers, **client_security(kafka))
    try:
        await admin.start()
        for group in (app_id(installation, stage) for stage in stages):
            try:
                await admin.find_coordinator(group)
            except GroupAuthorizationFailedError:
                raise GroupAuthorizationFailedError(group) from None
            except GroupCoordinatorNotAvailableError:  # a new cluster makes the topic for positions when first asked
                continue
    except GroupAuthorizationFailedError:
        raise
    except (KafkaError, OSError) as error:
        raise await not_let_in(kafka) from error
    finally:
        await admin.close()
