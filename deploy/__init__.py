"""Where it runs: the local Kafka, images and manifests."""
