"""Why something was not sent: the closed list of contract section 9."""

from enum import StrEnum


class Reason(StrEnum):
    """A reason's word; some carry a parameter after a colon (`takes`)."""

    CHANNEL_NOT_ACTIVATED = "channel_not_activated"
    SMS_PAYMENT_PENDING = "sms_payment_pending"
    ENTITLEMENT_LAPSED = "entitlement_lapsed"
    INSUFFICIENT_CREDIT = "insufficient_credit"
    SPEND_CAP_REACHED = "spend_cap_reached"
    SETTING_OFF = "setting_off"
    CRITERIA_FALSE = "criteria_false"
    NO_RULE_MATCHED = "no_rule_matched"
    WORKFLOW_NOT_STOP_AFTER_REGISTRATION = "workflow_not_stop_after_registration"
    NOT_LINKED_TO_ORDER = "not_linked_to_order"
    ALREADY_HAS_LOGIN = "already_has_login"
    NO_ADDRESS = "no_address"
    NO_MOBILE_NUMBER = "no_mobile_number"
    NO_PRIMARY_PHONE = "no_primary_phone"
    CARRIER_UNKNOWN = "carrier_unknown"
    CARRIER_GATEWAY_RETIRED = "carrier_gateway_retired"
    CONTACT_PREF_OFF = "contact_pref_off"
    DISPATCH_UNCHECKED = "dispatch_unchecked"
    REMINDERS_OFF = "reminders_off"
    OPTED_OUT = "opted_out"
    NOT_OPTED_IN = "not_opted_in"
    SUPPRESSED = "suppressed"
    DUPLICATE = "duplicate"
    DUPLICATE_RECIPIENT = "duplicate_recipient"
    DUPLICATE_INPUT = "duplicate_input"
    REMINDER_WINDOW_PASSED = "reminder_window_passed"
    CANCELLED_BY_EVENT = "cancelled_by_event"
    RESCHEDULED_BY_EVENT = "rescheduled_by_event"
    COALESCED_INTO = "coalesced_into"
    HELD_QUIET_HOURS_UNTIL = "held_quiet_hours_until"
    FREQUENCY_CAPPED = "frequency_capped"
    EXPIRED = "expired"
    NOT_APPROVED = "not_approved"
    EXPIRED_UNAPPROVED = "expired_unapproved"
    BALANCE_CHANGED = "balance_changed"
    CLASS_NOT_ALLOWED_ON_SENDER = "class_not_allowed_on_sender"
    MISSING_VARIABLE = "missing_variable"
    RENDER_ERROR = "render_error"
    TOO_MANY_SEGMENTS = "too_many_segments"
    NOT_PERMITTED = "not_permitted"
    REPORT_MISSING_CONTACT_COLUMN = "report_missing_contact_column"
    CONTENT_CHANGED = "content_changed"
    RECIPIENT_CHANGED = "recipient_changed"
    UNKNOWN_ACCOUNT = "unknown_account"
    CLOSED_ACCOUNT = "closed_account"
    TOO_MANY_ATTACHMENTS = "too_many_attachments"
    NOT_PDF = "not_pdf"
    NOT_EXCLUSIVE = "not_exclusive"
    DOUBTFUL = "doubtful"
    PROVIDER_REJECTED = "provider_rejected"

    @property
    def takes(self) -> str | None:
        """What stands after the colon, or None for a reason without a parameter."""
        return _PARAMETERS.get(self)

    def of(self, parameter: str) -> str:
        """The reason as decisions carry it: `word:parameter`."""
        return f"{self}:{parameter}"


_PARAMETERS = {
    Reason.SETTING_OFF: "key",
    Reason.CRITERIA_FALSE: "expression",
    Reason.NO_ADDRESS: "channel, or `field:<path>`",
    Reason.OPTED_OUT: "scope",
    Reason.NOT_OPTED_IN: "programme",
    Reason.SUPPRESSED: "bounce, complaint or deceased",
    Reason.DUPLICATE: "message id",
    Reason.COALESCED_INTO: "message id",
    Reason.HELD_QUIET_HOURS_UNTIL: "time",
    Reason.EXPIRED: "useful_until",
    Reason.MISSING_VARIABLE: "path",
    Reason.PROVIDER_REJECTED: "code",
}


def word(reason: str) -> Reason:
    """The closed word of a reason as decisions carry it; raises ValueError for anything else."""
    return Reason(reason.partition(":")[0])
