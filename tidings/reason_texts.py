"""The words for every reason of the closed list of contract section 9; `tidings why` and the reference say these."""

from dataclasses import dataclass

from schemas.reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """A reason in plain words.

    `why` is a clause after "because". `advice` is what somebody who wants it to leave can do. `otherwise` is a clause
    after "it would be sent if"; other obstacles may stand behind. `charged` says whether it is charged all the same.
    Texts name {value}, the reason's parameter, and {channel}.
    """

    why: str
    advice: str
    otherwise: str
    charged: str = "no"


NOTHING = "Nothing needs to be done."

TEXTS: dict[Reason, Because] = {
    Reason.CHANNEL_NOT_ACTIVATED: Because(
        why="the tenant has not asked for this channel",
        advice="Set channels.{channel}.requested in the tenant's settings.",
        otherwise="channels.{channel}.requested were true and the channel had a sender",
    ),
    Reason.SMS_PAYMENT_PENDING: Because(
        why="the channel was asked for but is not paid",
        advice="Set channels.{channel}.paid once the payment has arrived.",
        otherwise="channels.{channel}.paid were true",
    ),
    Reason.ENTITLEMENT_LAPSED: Because(
        why="the tenant's support agreement has ended",
        advice="Renew it and set support_agreement_until.",
        otherwise="support_agreement_until were that day or a later one",
    ),
    Reason.INSUFFICIENT_CREDIT: Because(
        why="the tenant has too few prepaid credits",
        advice="Buy credits; what still may leave then leaves, oldest first.",
        otherwise="the tenant had a credit for each of its segments",
        charged="when it leaves",
    ),
    Reason.SPEND_CAP_REACHED: Because(
        why="the tenant's spending limit for the month is reached",
        advice="Raise billing.spend_cap, or wait for the next month.",
        otherwise="it fitted into what billing.spend_cap leaves of the month",
    ),
    Reason.SETTING_OFF: Because(
        why="the setting {value} is off",
        advice="Switch it on in the tenant's settings, if it is wanted.",
        otherwise="the setting {value} were on",
    ),
    Reason.CRITERIA_FALSE: Because(
        why="the rule's criteria did not hold: {value}",
        advice="Compare the criteria with the event's fields; what is missing is false.",
        otherwise="the event, and what is known of its contact, made the criteria true",
    ),
    Reason.NO_RULE_MATCHED: Because(
        why="no kind and none of the tenant's rules answers such an event",
        advice="Add a rule for this event type, if one is wanted.",
        otherwise="a rule answered events of this type",
    ),
    Reason.WORKFLOW_NOT_STOP_AFTER_REGISTRATION: Because(
        why="registrations are announced only when the workflow stops there",
        advice="Set kinds.registration_notification.stop_after_registration, if they should be.",
        otherwise="kinds.registration_notification.stop_after_registration were true",
    ),
    Reason.NOT_LINKED_TO_ORDER: Because(
        why="the visit or appointment has no order",
        advice=NOTHING,
        otherwise="the event named its order_id",
    ),
    Reason.ALREADY_HAS_LOGIN: Because(
        why="the contact already has a login",
        advice=NOTHING,
        otherwise="the contact had no login yet",
    ),
    Reason.NO_ADDRESS: Because(
        why="the recipient has no address for {value}",
        advice="Enter one; it counts from the next event on.",
        otherwise="the recipient had an address for {value}",
    ),
    Reason.NO_MOBILE_NUMBER: Because(
        why="the contact has no phone of type mobile",
        advice="Enter one, or set its type to mobile.",
        otherwise="the contact had a phone of type mobile",
    ),
    Reason.NO_PRIMARY_PHONE: Because(
        why="the contact has no phone that is marked as primary",
        advice="Enter one, or mark one as primary.",
        otherwise="the contact had a phone that is marked as primary",
    ),
    Reason.CARRIER_UNKNOWN: Because(
        why="texts leave by the carrier's email gateway and the contact's carrier is not known",
        advice="Enter the carrier as sms_alerts `carrier:<name>`, or send with `via: gateway`.",
        otherwise="the contact's carrier were known, or texts left by the gateway",
    ),
    Reason.CARRIER_GATEWAY_RETIRED: Because(
        why="the contact's carrier has closed its email gateway",
        advice="Send with `via: gateway` or `via: email_then_gateway`.",
        otherwise="texts to this carrier left by the gateway",
    ),
    Reason.CONTACT_PREF_OFF: Because(
        why="the contact's preferences silence this channel",
        advice="Only the contact can change that: a box, or `No SMS`.",
        otherwise="the contact's box of this channel were ticked and `No SMS` were not set",
    ),
    Reason.DISPATCH_UNCHECKED: Because(
        why="its box was not ticked for this sending",
        advice="Tick it and send again, if it should go.",
        otherwise="the sender had ticked the box of this channel",
    ),
    Reason.REMINDERS_OFF: Because(
        why="the contact gets no reminders",
        advice="Set `reminders` of the contact, if it should get them.",
        otherwise="`reminders` of the contact were true",
    ),
    Reason.OPTED_OUT: Because(
        why="the recipient opted out of {value}",
        advice="Respect it. Only the recipient can opt in again.",
        otherwise="the recipient had not opted out of {value}",
    ),
    Reason.NOT_OPTED_IN: Because(
        why="the recipient has not joined the programme {value}",
        advice="The recipient joins by texting its keyword to the short code.",
        otherwise="the recipient had joined the programme {value}",
    ),
    Reason.SUPPRESSED: Because(
        why="an earlier message to the address bounced",
        advice="Ask the recipient for another address and enter that one.",
        otherwise="no earlier message to the address had bounced",
    ),
    Reason.DUPLICATE: Because(
        why="it is the very message {value} again",
        advice=NOTHING,
        otherwise="message {value} had not been there before",
        charged="the first one is",
    ),
    Reason.DUPLICATE_RECIPIENT: Because(
        why="the same address already gets this message",
        advice=NOTHING,
        otherwise="no other recipient of it had the same address",
        charged="the first one is",
    ),
    Reason.DUPLICATE_INPUT: Because(
        why="the same account was named more than once",
        advice=NOTHING,
        otherwise="the account had not been named before",
    ),
    Reason.REMINDER_WINDOW_PASSED: Because(
        why="its hour had already passed when the event came",
        advice="Set late_policy to send_now, if late ones should still leave.",
        otherwise="the event had come before the hour; or late_policy were send_now, as long as it is of use",
    ),
    Reason.CANCELLED_BY_EVENT: Because(
        why="a later event cancelled what it was about",
        advice=NOTHING,
        otherwise="the later event had not come",
    ),
    Reason.RESCHEDULED_BY_EVENT: Because(
        why="a later event moved what it was about; a new one is planned",
        advice=NOTHING,
        otherwise="the later event had not come",
        charged="the new one is",
    ),
    Reason.COALESCED_INTO: Because(
        why="it was joined to message {value}",
        advice="Ask about that message.",
        otherwise="nothing else had been collected with it",
        charged="the other message is",
    ),
    Reason.HELD_QUIET_HOURS_UNTIL: Because(
        why="it is the recipient's quiet time until {value}",
        advice="It leaves then by itself.",
        otherwise="quiet_hours left the hour free, or exempted its category",
        charged="when it leaves",
    ),
    Reason.FREQUENCY_CAPPED: Because(
        why="the recipient has had as many messages as `caps` allow, over all channels and addresses",
        advice="Wait, or raise `caps` in the tenant's settings.",
        otherwise="fewer messages of its category had left to this recipient in that time, or `caps` allowed more",
    ),
    Reason.EXPIRED: Because(
        why="it would have been of no use after {value}",
        advice="If it was late, see whether workers, gateway and provider keep up.",
        otherwise="it had been ready to leave by {value}",
    ),
    Reason.NOT_APPROVED: Because(
        why="nobody has approved it, or it was rejected",
        advice="Somebody with role approver can approve it.",
        otherwise="somebody with role approver approved it",
        charged="when it leaves",
    ),
    Reason.EXPIRED_UNAPPROVED: Because(
        why="nobody approved it in time",
        advice="Make the campaign again; approvals.expires_after sets the time.",
        otherwise="it had been approved within approvals.expires_after",
    ),
    Reason.BALANCE_CHANGED: Because(
        why="the account's balance changed after the message was made",
        advice="Look at it again and approve with confirm_changes.",
        otherwise="the balance were what it was, or the change were confirmed",
    ),
    Reason.CLASS_NOT_ALLOWED_ON_SENDER: Because(
        why="marketing may not leave from this sender",
        advice="Send marketing by email, or from a short code with a programme.",
        otherwise="it left from a sender that its class may use",
    ),
    Reason.MISSING_VARIABLE: Because(
        why="the template names {value}, which this event does not have",
        advice="Mend the template, or have the event carry it.",
        otherwise="the event carried {value}, or the template did without it",
    ),
    Reason.RENDER_ERROR: Because(
        why="the template failed",
        advice="Mend the tenant's template; the facts say what went wrong.",
        otherwise="the template did not fail on this event",
    ),
    Reason.TOO_MANY_SEGMENTS: Because(
        why="the text is longer than max_segments allows",
        advice="Shorten it, or raise max_segments.",
        otherwise="the text fitted into max_segments",
    ),
    Reason.NOT_PERMITTED: Because(
        why="whoever did it may not do so",
        advice="Give the person the role, or have another one do it.",
        otherwise="whoever did it were a member of staff with a role that may",
    ),
    Reason.REPORT_MISSING_CONTACT_COLUMN: Because(
        why="the report has no column with an address",
        advice="Add a column for email, phone or account to the report.",
        otherwise="the report had a column for email, phone or account",
    ),
    Reason.CONTENT_CHANGED: Because(
        why="its content changed after it was approved",
        advice="Look at it again and approve it anew.",
        otherwise="its content were still the one that was approved",
    ),
    Reason.RECIPIENT_CHANGED: Because(
        why="its recipient changed after it was approved",
        advice="Look at it again and approve it anew.",
        otherwise="its recipient were still the one that was approved",
    ),
    Reason.UNKNOWN_ACCOUNT: Because(
        why="nobody has this account number",
        advice="Correct the number.",
        otherwise="a contact had this account number",
    ),
    Reason.CLOSED_ACCOUNT: Because(
        why="the account is closed",
        advice=NOTHING,
        otherwise="the account were open",
    ),
    Reason.TOO_MANY_ATTACHMENTS: Because(
        why="it has more than one attachment",
        advice="Join them into one PDF.",
        otherwise="it had one attachment at most",
    ),
    Reason.NOT_PDF: Because(
        why="the attachment is no PDF",
        advice="Attach a PDF.",
        otherwise="the attachment were a PDF",
    ),
    Reason.NOT_EXCLUSIVE: Because(
        why="an earlier rule of the same group already answers the event",
        advice=NOTHING,
        otherwise="no earlier rule of its group had answered the event",
    ),
    Reason.DOUBTFUL: Because(
        why="nobody can say whether it arrived: the connection broke at the wrong moment",
        advice="Ask the recipient or the provider before sending it again. `tidings doubt list` has those on hold.",
        otherwise="the provider had said what became of it",
    ),
    Reason.PROVIDER_REJECTED: Because(
        why="the provider refused it with {value}",
        advice="Look the code up with the provider; see `facts`.",
        otherwise="the provider had taken it in place of answering {value}",
    ),
}
