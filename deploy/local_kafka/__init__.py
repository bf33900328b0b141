"""A Kafka for this machine alone: started, stopped and asked about without Docker or an installed Java.

broker = start(default_home(os.environ))
broker.bootstrap_servers        # 127.0.0.1:19092
stop(broker.home)               # the data stays
"""

from deploy.local_kafka.config import BrokerSettings, default_home
from deploy.local_kafka.errors import LocalKafkaError
from deploy.local_kafka.ports import free_port
from deploy.local_kafka.process import BrokerStatus, RunningBroker, start, status, stop
from deploy.local_kafka.progress import Progress

__all__ = [
    "BrokerSettings",
    "BrokerStatus",
    "LocalKafkaError",
    "Progress",
    "RunningBroker",
    "default_home",
    "free_port",
    "start",
    "status",
    "stop",
]
