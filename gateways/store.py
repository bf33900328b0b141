"""Where a gateway keeps what it read of a compacted partition: on disk, because a ledger outgrows memory.

A store is a cache of the topic and begins empty at every assignment, so it needs neither a write-ahead log nor trust.
"""

import shutil
from pathlib import Path
from typing import Protocol

from rocksdict import BlockBasedOptions, Cache, Options, Rdict, WriteOptions

BLOCK_CACHE_BYTES = 16 * 1024 * 1024
WRITE_BUFFER_BYTES = 16 * 1024 * 1024
BLOOM_BITS_PER_KEY = 10


class Store(Protocol):
    """Bytes by key."""

    def get(self, key: bytes) -> bytes | None:
        """The value, or None."""

    def put(self, key: bytes, value: bytes) -> None:
        """Keep a value."""

    def delete(self, key: bytes) -> None:
        """Forget a value, if there is one."""

    def close(self) -> None:
        """Give everything up."""


class MemoryStore:
    """A store for tests and for partitions that are known to be small."""

    def __init__(self) -> None:
        self._rows: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        """The value, or None."""
        return self._rows.get(key)

    def put(self, key: bytes, value: bytes) -> None:
        """Keep a value."""
        self._rows[key] = value

    def delete(self, key: bytes) -> None:
        """Forget a value, if there is one."""
        self._rows.pop(key, None)

    def close(self) -> None:
        """Give everything up."""
        self._rows.clear()


class DiskStore:
    """A RocksDB in a directory of its own, empty at first."""

    def __init__(self, directory: Path) -> None:
        shutil.rmtree(directory, ignore_errors=True)
        directory.parent.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._rows = Rdict(str(directory), options=_options())
        writing = WriteOptions()
        # The stub of rocksdict 0.3.29 says method where there is an attribute.
        setattr(writing, "disable_wal", True)  # noqa: B010
        self._rows.set_write_options(writing)

    def get(self, key: bytes) -> bytes | None:
        """The value, or None; a key that was never put costs one look at a Bloom filter."""
        value: bytes | None = self._rows.get(key)
        return value

    def put(self, key: bytes, value: bytes) -> None:
        """Keep a value."""
        self._rows[key] = value

    def delete(self, key: bytes) -> None:
        """Forget a value, if there is one."""
        self._rows.delete(key)

    def close(self) -> None:
        """Give everything up, the directory too."""
        self._rows.close()
        shutil.rmtree(self._directory, ignore_errors=True)


def _options() -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_write_buffer_size(WRITE_BUFFER_BYTES)
    blocks = BlockBasedOptions()
    blocks.set_block_cache(Cache(BLOCK_CACHE_BYTES))
    blocks.set_bloom_filter(BLOOM_BITS_PER_KEY, False)
    options.set_block_based_table_factory(blocks)
    return options
