"""All safety rules; `python -m tests.safety` prints them with what happens without each."""

from tests.safety import (
    announcement_rules,
    broker_rules,
    consumer_rules,
    gateway_rules,
    ownership_rules,
    pulse_rules,
    record_rules,
    recovery_rules,
    unit_rules,
)

RULES = (
    *unit_rules.RULES,
    *announcement_rules.RULES,
    *ownership_rules.RULES,
    *pulse_rules.RULES,
    *record_rules.RULES,
    *consumer_rules.RULES,
    *recovery_rules.RULES,
    *gateway_rules.RULES,
    *broker_rules.RULES,
)
