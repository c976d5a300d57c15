//! What every store must do, run on SQLite and on PostgreSQL: the same cases, a schema or a file of its own for each.
//!
//! What only one of them has (files, locks, addresses) is in `places`.

pub(crate) mod bench;
mod identity;
mod imports;
mod launches;
mod model;
mod places;
mod publications;
mod slots;

/// Each case once on SQLite and once on PostgreSQL.
macro_rules! on_both {
    ($($module:ident :: $case:ident),+ $(,)?) => {
        mod sqlite_store {
            use super::bench::Bench;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::$module::$case(&Bench::sqlite().await).await;
            })+
        }
        mod needs_postgres_store {
            use super::bench::Bench;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            #[ignore = "needs a server: run scripts/test"]
            async fn $case() {
                super::$module::$case(&Bench::postgres().await).await;
            })+
        }
    };
}

on_both! {
    imports::a_new_import_is_stored_due_at_once_and_with_a_first_line,
    imports::every_part_of_an_order_and_a_state_comes_back_as_it_was_stored,
    imports::the_same_key_gives_the_same_import_and_another_order_is_refused,
    imports::fifty_requests_with_one_key_make_one_import,
    imports::lists_are_newest_first_filtered_and_paged,
    imports::what_waits_for_its_owner_is_what_its_owner_can_mend_and_has_not_asked_for_again,
    imports::a_change_needs_the_revision_that_is_stored,
    imports::of_many_changes_at_once_one_is_made,
    imports::a_change_without_an_event_writes_no_line,
    imports::timelines_are_read_from_a_line_on,
    imports::of_many_timelines_those_with_news_are_told,
    imports::the_timeline_cannot_be_rewritten,
    imports::a_lease_says_why_it_is_refused,
    imports::one_of_many_workers_gets_the_lease,
    imports::a_lease_that_is_over_goes_to_the_next_and_the_late_worker_conflicts,
    imports::a_late_worker_whose_lease_nobody_took_may_still_store_its_result,
    imports::a_change_without_a_lease_breaks_the_lease,
    imports::a_kept_lease_goes_on_over_a_change,
    imports::a_lease_handed_back_leaves_the_row_as_it_was,
    imports::overdue_imports_are_marked_and_not_given_twice,
    imports::two_sweepers_at_once_share_what_is_overdue,
    imports::everything_due_is_listed_in_pages,
    imports::jobs_stay_known_after_the_import_went_on,
    imports::counts_say_how_many_wait_and_since_when,
    imports::waking_a_person_wakes_only_what_waits_for_the_connectors_sign_in,
    imports::migrating_again_changes_nothing,
    imports::a_closed_store_is_unavailable,
    slots::a_slot_is_taken_with_the_change_or_not_at_all,
    slots::fifty_callers_at_once_never_share_a_project_nor_exceed_the_limit,
    slots::places_go_round_between_people,
    slots::a_project_is_worked_on_by_one_import_at_a_time,
    slots::who_is_being_worked_on_is_not_called_and_keeps_its_place,
    slots::many_that_wait_for_one_project_hide_nobody,
    slots::what_cannot_go_on_holds_nobody_up,
    slots::a_slot_goes_back_with_the_change_or_when_its_time_is_over,
    slots::an_import_that_has_its_slot_keeps_it_when_it_asks_again,
    slots::what_comes_back_stands_in_no_line_and_takes_no_place_that_is_not_free,
    slots::renkus_have_limits_of_their_own,
    slots::a_lowered_limit_is_kept_although_places_look_free,
    slots::ten_thousand_in_line_are_put_in_order_by_one_query,
    identity::a_first_sign_in_makes_the_person_and_a_second_finds_them,
    identity::a_sign_in_wakes_the_imports_in_the_same_transaction,
    identity::a_sign_in_that_cannot_be_sealed_leaves_nothing,
    identity::of_two_renewals_at_once_one_is_stored,
    identity::every_state_of_a_credential_comes_back,
    identity::disconnected_credentials_are_found_and_erased_with_their_sessions,
    identity::a_change_meant_for_an_erased_credential_does_not_fit_the_next,
    identity::a_sign_in_attempt_is_taken_once_and_in_time,
    launches::a_launch_is_there_until_its_hour_is_over_and_used_once,
    launches::of_many_confirmations_at_once_one_has_its_turn,
    launches::the_last_choice_is_remembered_for_each_installation_and_forgotten,
    publications::the_same_invocation_is_announced_once,
    publications::of_many_workers_one_takes_a_publication,
    publications::of_two_resumes_at_once_one_begins,
    publications::a_version_is_handed_on_once_and_an_older_one_not_after_it,
    publications::a_line_is_settled_once_with_its_pause_and_its_mail,
    publications::a_project_is_subscribed_once_and_again_after_its_end,
    publications::an_import_and_its_subscription_are_stored_together_and_once,
    publications::looks_that_are_due_are_shared_and_put_off,
    publications::what_a_service_person_serves_goes_on_with_the_next_who_is_named,
    model::random_histories_agree_with_the_model,
    identity::a_session_lasts_until_its_end_or_its_sign_out,
}
