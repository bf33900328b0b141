"""How the mail server is: whether it answers, lets us in, and what it offers."""

import aiosmtplib

from tidings.config import Installation, Smtp, Tls
from tidings.doctor.finding import Finding, fault, warning, well

WORTH_NAMING = ("PIPELINING", "STARTTLS", "AUTH", "DSN", "SMTPUTF8", "8BITMIME", "SIZE")
_SUBJECT = "mail server"


async def mail_server(installation: Installation) -> Finding:
    """Connects as the email gateway does, says EHLO, authenticates where told to, and leaves."""
    smtp = installation.smtp
    place = f"{smtp.host}:{smtp.port}"
    try:
        offered = await _offered(smtp)
    except aiosmtplib.SMTPAuthenticationError as error:
        advice = "Check TIDINGS_SMTP__USERNAME and TIDINGS_SMTP__PASSWORD."
        return fault(_SUBJECT, f"{place} does not let us in: {error.code} {error.message}", advice)
    except (aiosmtplib.SMTPException, OSError) as error:
        advice = "`tidings mailbox` runs one for trying out; TIDINGS_SMTP__HOST and TIDINGS_SMTP__PORT name another."
        return fault(_SUBJECT, f"{place} does not take mail: {error}", advice)
    says = f"{place} answers and offers {', '.join(offered) or 'nothing beyond plain SMTP'}."
    if smtp.tls is Tls.NONE and "STARTTLS" in offered:
        return warning(_SUBJECT, says, "It can encrypt: set TIDINGS_SMTP__TLS=starttls.")
    return well(_SUBJECT, says)


async def _offered(smtp: Smtp) -> tuple[str, ...]:
    client = aiosmtplib.SMTP(
        hostname=smtp.host,
        port=smtp.port,
        username=smtp.username,
        password=smtp.password,
        local_hostname=smtp.hostname,
        timeout=min(smtp.timeout_seconds, 10.0),
        use_tls=smtp.tls is Tls.TLS,
        start_tls=smtp.tls is Tls.STARTTLS,
        validate_certs=smtp.verify,
    )
    async with client:
        if client.is_ehlo_or_helo_needed:
            await client.ehlo()
        return tuple(name for name in WORTH_NAMING if name.lower() in client.esmtp_extensions)
