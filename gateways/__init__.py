"""What leaves and comes back: one consumer per channel, its ledger of attempts and its providers."""
