"""How tenants' settings are: whether this version of Tidings takes all that stand."""

from processors.settings import faults_of
from schemas.faults import Fault
from streams.unavailable import TopicMissing
from tidings.config import Kafka
from tidings.doctor.finding import Finding, fault, well
from tidings.tenant_settings.standing import all_standing

_SUBJECT = "settings"
_SHOWN = 3


async def settings(kafka: Kafka) -> Finding:
    """Run before workers are updated, it tells whose events would wait."""
    try:
        standing = await all_standing(kafka)
    except TopicMissing as error:
        return fault(_SUBJECT, str(error), "tidings topics apply")
    refused = {row.tenant: faults for row in standing if (faults := faults_of(row))}
    if not refused:
        return well(_SUBJECT, f"Those of all {len(standing)} tenants are taken by this version.")
    some = "; ".join(_said(tenant, faults) for tenant, faults in sorted(refused.items())[:_SHOWN])
    more = f"; and {len(refused) - _SHOWN} more" if len(refused) > _SHOWN else ""
    return fault(
        _SUBJECT,
        f"This version refuses settings that stand, and their tenants' events wait: {some}{more}.",
        "Mend what `tidings settings show --yaml` writes and apply it, or run the older version.",
    )


def _said(tenant: str, faults: tuple[Fault, ...]) -> str:
    rest = f" and {len(faults) - 1} more" if len(faults) > 1 else ""
    return f"{tenant}: {faults[0]}{rest}"
