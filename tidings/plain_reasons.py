"""Every reason of the closed list in plain words, with what can be done about it (contract section 9)."""

from dataclasses import dataclass

from schemas.reasons import Reason, word


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """Why a message did not leave, as a clause after "because", and what somebody who wants it to leave can do."""

    why: str
    advice: str


def because(reason: str) -> Because:
    """A reason as decisions carry it, in plain words; raises ValueError for one that is not in the list."""
    texts = _TEXTS[word(reason)]
    parameter = reason.partition(":")[2]
    if word(reason) is Reason.NO_ADDRESS and parameter.startswith("field:"):
        field = parameter.removeprefix("field:")
        return Because(
            why=f"the event's field {field!r}, which names the recipient, is missing or empty",
            advice="Have the upstream system fill the field, or name another recipient in the rule.",
        )
    return Because(why=texts.why.format(parameter), advice=texts.advice.format(parameter))


def _text(why: str, advice: str) -> Because:
    return Because(why=why, advice=advice)


_NOTHING = "Nothing needs to be done."

_TEXTS: dict[Reason, Because] = {
    Reason.CHANNEL_NOT_ACTIVATED: _text(
        "the tenant has not asked for this channel", "Set channels.<channel>.requested in the tenant's settings."
    ),
    Reason.SMS_PAYMENT_PENDING: _text(
        "the channel was asked for but is not paid", "Set channels.<channel>.paid once the payment has arrived."
    ),
    Reason.ENTITLEMENT_LAPSED: _text(
        "the tenant's support agreement has ended", "Renew it and set support_agreement_until."
    ),
    Reason.INSUFFICIENT_CREDIT: _text(
        "the tenant has too few prepaid credits", "Buy credits; what still waits then leaves, oldest first."
    ),
    Reason.SPEND_CAP_REACHED: _text(
        "the tenant's spending limit for the month is reached", "Raise billing.spend_cap, or wait for the next month."
    ),
    Reason.SETTING_OFF: _text("the setting {} is off", "Switch it on in the tenant's settings, if it is wanted."),
    Reason.CRITERIA_FALSE: _text(
        "the rule's criteria did not hold: {}",
        "Compare the criteria with the event's fields; what is missing is false.",
    ),
    Reason.NO_RULE_MATCHED: _text(
        "no kind and none of the tenant's rules answers such an event",
        "Add a rule for this event type, if one is wanted.",
    ),
    Reason.WORKFLOW_NOT_STOP_AFTER_REGISTRATION: _text(
        "registrations are announced only when the workflow stops there",
        "Set kinds.registration_notification.stop_after_registration, if they should be.",
    ),
    Reason.NOT_LINKED_TO_ORDER: _text("the visit or appointment has no order", _NOTHING),
    Reason.ALREADY_HAS_LOGIN: _text("the contact already has a login", _NOTHING),
    Reason.NO_ADDRESS: _text("the recipient has no address for {}", "Enter one; it counts from the next event on."),
    Reason.NO_MOBILE_NUMBER: _text("the contact has no phone of type mobile", "Enter one, or set its type to mobile."),
    Reason.NO_PRIMARY_PHONE: _text("none of the contact's phones is the primary one", "Mark one of them as primary."),
    Reason.CARRIER_UNKNOWN: _text(
        "texts leave by the carrier's email gateway and the contact's carrier is not known",
        "Enter the carrier as sms_alerts `carrier:<name>`, or send with `via: gateway`.",
    ),
    Reason.CARRIER_GATEWAY_RETIRED: _text(
        "the contact's carrier has closed its email gateway", "Send with `via: gateway` or `via: email_then_gateway`."
    ),
    Reason.CONTACT_PREF_OFF: _text(
        "the contact's preferences silence this channel", "Only the contact can change that: a box, or `No SMS`."
    ),
    Reason.DISPATCH_UNCHECKED: _text(
        "its box was not ticked for this sending", "Tick it and send again, if it should go."
    ),
    Reason.REMINDERS_OFF: _text(
        "the contact gets no reminders", "Set `reminders` of the contact, if it should get them."
    ),
    Reason.OPTED_OUT: _text("the recipient opted out of {}", "Respect it. Only the recipient can opt in again."),
    Reason.NOT_OPTED_IN: _text(
        "the recipient has not joined the programme {}", "The recipient joins by texting its keyword to the short code."
    ),
    Reason.SUPPRESSED: _text(
        "the address may not be used any more ({})", "Ask the recipient for another address and enter that one."
    ),
    Reason.DUPLICATE: _text("it is the very message {} again", _NOTHING),
    Reason.DUPLICATE_RECIPIENT: _text("the same address already gets this message", _NOTHING),
    Reason.DUPLICATE_INPUT: _text("the same account was named more than once", _NOTHING),
    Reason.REMINDER_WINDOW_PASSED: _text(
        "its hour had already passed when the event came",
        "Set late_policy to send_now, if late ones should still leave.",
    ),
    Reason.CANCELLED_BY_EVENT: _text("a later event cancelled what it was about", _NOTHING),
    Reason.RESCHEDULED_BY_EVENT: _text("a later event moved what it was about; a new one is planned", _NOTHING),
    Reason.COALESCED_INTO: _text("it was joined to message {}", "Ask about that message."),
    Reason.HELD_QUIET_HOURS_UNTIL: _text("it is the recipient's quiet time until {}", "It leaves then by itself."),
    Reason.FREQUENCY_CAPPED: _text(
        "the recipient has had as many messages as `caps` allow", "Wait, or raise `caps` in the tenant's settings."
    ),
    Reason.EXPIRED: _text(
        "it would have been of no use after {}", "If it was late, see whether workers, gateway and provider keep up."
    ),
    Reason.NOT_APPROVED: _text(
        "nobody has approved it, or it was rejected", "Somebody with role approver can approve it."
    ),
    Reason.EXPIRED_UNAPPROVED: _text(
        "nobody approved it in time", "Make the campaign again; approvals.expires_after sets the time."
    ),
    Reason.BALANCE_CHANGED: _text(
        "the account's balance changed after the message was made", "Look at it again and approve with confirm_changes."
    ),
    Reason.CLASS_NOT_ALLOWED_ON_SENDER: _text(
        "marketing may not leave from this sender", "Send marketing by email, or from a short code with a programme."
    ),
    Reason.MISSING_VARIABLE: _text(
        "the template names {}, which this event does not have", "Mend the template, or have the event carry it."
    ),
    Reason.RENDER_ERROR: _text("the template failed", "Mend the tenant's template; the facts say what went wrong."),
    Reason.TOO_MANY_SEGMENTS: _text(
        "the text is longer than max_segments allows", "Shorten it, or raise max_segments."
    ),
    Reason.NOT_PERMITTED: _text("whoever did it may not do so", "Give the person the role, or have another one do it."),
    Reason.REPORT_MISSING_CONTACT_COLUMN: _text(
        "the report has no column with an address", "Add a column for email, phone or account to the report."
    ),
    Reason.CONTENT_CHANGED: _text("its content changed after it was approved", "Look at it again and approve it anew."),
    Reason.RECIPIENT_CHANGED: _text(
        "its recipient changed after it was approved", "Look at it again and approve it anew."
    ),
    Reason.UNKNOWN_ACCOUNT: _text("nobody has this account number", "Correct the number."),
    Reason.CLOSED_ACCOUNT: _text("the account is closed", _NOTHING),
    Reason.TOO_MANY_ATTACHMENTS: _text("it has more than one attachment", "Join them into one PDF."),
    Reason.NOT_PDF: _text("the attachment is no PDF", "Attach a PDF."),
    Reason.NOT_EXCLUSIVE: _text("an earlier rule of the same group already answers the event", _NOTHING),
    Reason.DOUBTFUL: _text(
        "nobody can say whether it arrived: the connection broke at the wrong moment",
        "Ask the recipient or the provider before sending it again.",
    ),
    Reason.PROVIDER_REJECTED: _text(
        "the provider refused it with {}", "Look the code up with the provider; see `facts`."
    ),
}
