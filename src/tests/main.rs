//! Tests of the whole server. Each file is named after the policy that it holds; `harness` is what they stand on.
//!
//! Whatever touches a database is run on SQLite and on PostgreSQL: `on_both!` makes two tests of one.

#[macro_use]
mod harness;
mod browser;
mod cable;
mod chance;
mod hand_made;
mod https;
mod program;
mod random_machine;
mod sign_in_provider;
mod small_plant;
mod stop_scene;
mod stream;

mod a_changed_plant_keeps_its_past;
mod a_changed_plant_says_what_it_restates;
mod a_lost_database_is_told;
mod a_new_machine_was_not_missing_before;
mod a_provider_says_who_somebody_is;
mod an_item_reads_back_as_the_fact_it_tells;
mod counting_is_running;
mod edge_cases;
mod edge_cases_of_counts;
mod edge_cases_of_stops;
mod errors_tell_what_is_needed_and_no_more;
mod every_millisecond_has_one_bucket;
mod every_rate_used_is_named;
mod figures_of_any_window;
mod fold_is_order_free;
mod ingest_answers_item_by_item;
mod ingest_refuses_with_a_problem;
mod layering;
mod live_stream_tells_what_was_committed;
mod log_and_measures_tell_no_secrets;
mod nothing_acknowledged_is_lost;
mod old_rules_do_not_outlive_the_program;
mod oracle_fixtures;
mod quarantine_keeps_what_is_wrong;
mod people_are_changed_on_record;
mod rates_and_targets_keep_their_time;
mod reading_never_writes;
mod replay_of_a_real_recording;
mod roll_ups_equal_the_timeline;
mod roles_are_edited_by_those_who_hold_them;
mod rules_change_while_facts_come_in;
mod schema_versions;
mod second_opinion;
mod sequence_is_commit_order;
mod shifts_are_told_truly;
mod shifts_follow_the_local_clock;
mod simulated_day_through_the_door;
mod stops_are_listed_and_counted;
mod stops_follow_the_filters;
mod stops_get_reasons;
mod stored_timeline_equals_a_fresh_fold;
mod the_audit_trail_is_a_chain;
mod tls_is_built_in;
mod trends_are_of_whole_rows;
mod what_a_silence_hides_is_in_no_figure;
mod what_was_said_of_a_stop_stays;
mod wholes_are_the_sums_of_their_parts;
mod windows_add_up;
mod worked_sheets;
