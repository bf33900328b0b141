"""What it costs: the engine, its recovery, its timers and its latency, measured beside its peers in one run."""
