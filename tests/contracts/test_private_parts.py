"""Every private part of a library that the engine uses has a contract."""

from pathlib import Path

import pytest

from tests.contracts.private_parts import overridden, used

OF_PYTHON = {"_exit"}
PINNED = {
    "_CStreamIterator": "test_versions.py::test_the_stream_iterator_is_the_compiled_one",
    "_acked": "test_stream_iterator.py::test_the_compiled_iterator_acks_by_itself",
    "_acked_index": "test_consumer.py::test_a_commit_never_passes_a_batch_that_is_not_settled",
    "_client": "test_aiokafka.py::test_a_consumer_lets_all_topics_be_listed",
    "_committed_offset": "test_consumer_thread.py::test_the_committed_offset_is_known_after_faust_has_sought",
    "_crash": "test_app.py::test_a_crash_of_any_service_reaches_the_app",
    "_create_worker_consumer": "test_consumer_thread.py::test_the_thread_is_made_by_the_consumer_and_makes_the_reader",
    "_db_for_partition": "test_store.py::test_faust_recovers_from_the_offset_that_we_store",
    "_drain_messages": "test_consumer.py::test_the_fetcher_runs_our_loop",
    "_filter_committable_offsets": "test_consumer.py::test_faust_commits_what_our_filters_let_through",
    "_filter_tps_with_pending_acks": "test_consumer.py::test_faust_commits_what_our_filters_let_through",
    "_gap": "test_consumer.py::test_what_faust_notes_of_acks_can_be_thrown_away",
    "_getmany": "test_consumer.py::test_the_fetch_goes_through_our_gate",
    "_is_changelog_tp": "test_consumer.py::test_the_fetch_goes_through_our_gate",
    "_isolation_level": "test_consumer_thread.py::test_the_thread_is_made_by_the_consumer_and_makes_the_reader",
    "_new_consumer_thread": "test_consumer_thread.py::test_the_thread_is_made_by_the_consumer_and_makes_the_reader",
    "_new_producer_transport": "test_app.py::test_both_transports_are_ours",
    "_new_store_by_url": "test_store.py::test_the_table_and_its_store_are_ours",
    "_new_transport": "test_app.py::test_both_transports_are_ours",
    "_position": "test_consumer_thread.py::test_aiokafka_keeps_the_position_where_we_look_for_it",
    "_schedule_shutdown": "test_app.py::test_our_worker_stops_on_the_signals_that_we_say",
    "_send_request": "test_aiokafka.py::test_requests_of_our_own_can_be_sent",
    "_send_request_to_node": "test_aiokafka.py::test_requests_of_our_own_can_be_sent",
    "_settings_extra": "test_producer.py::test_the_producer_is_idempotent_and_waits_for_all_replicas",
    "_stopped": "test_consumer.py::test_the_fetcher_runs_our_loop",
    "_subscription": "test_consumer_thread.py::test_aiokafka_keeps_the_position_where_we_look_for_it",
    "_thread": "test_consumer_thread.py::test_the_thread_is_made_by_the_consumer_and_makes_the_reader",
    "_tp_state": "test_consumer_thread.py::test_aiokafka_keeps_the_position_where_we_look_for_it",
    "_update_channels": "test_table_manager.py::test_stock_faust_sleeps_for_a_second_before_it_joins_its_group",
    "_wait_next_records": "test_consumer.py::test_the_fetch_goes_through_our_gate",
}
"""Private name → the contract that notices when it changes."""


def test_every_private_part_that_we_use_has_a_contract() -> None:
    unpinned = {
        name: sorted(where)
        for name, where in {**used(), **overridden()}.items()
        if name not in PINNED.keys() | OF_PYTHON
    }
    assert not unpinned, f"The engine leans on private parts that no contract pins: {unpinned}"


def test_no_contract_is_kept_for_what_nobody_uses() -> None:
    idle = PINNED.keys() - used().keys() - overridden().keys()
    assert not idle, f"The engine no longer uses {sorted(idle)}: their lines here can go."


@pytest.mark.parametrize("contract", sorted(set(PINNED.values())))
def test_the_contract_exists(contract: str) -> None:
    module, name = contract.split("::")
    assert f"def {name}(" in (Path(__file__).parent / module).read_text()
