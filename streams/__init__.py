"""What flows: the topology as data, and the runner that performs it on Kafka."""
