//! The stores: one suite on both, what only one of them can do or suffer, and the publication.

#![cfg(test)]

/// Every case of the suite as a test of a database.
macro_rules! run_suite {
    ($fresh:path) => {
        run_suite! { $fresh, suite:
            an_empty_store_has_an_answer_to_everything
            every_row_comes_back_as_it_was_written
            values_at_the_edge_come_back
            a_text_with_a_nul_is_refused
            look_ups_answer_in_the_order_of_the_question
            many_look_ups_at_once
            pages_of_persons
            pages_of_keys_of_another_epoch
            pages_of_messages
            pages_of_acts
            acts_by_subject_are_found_before_and_after_they_are_indexed
            acts_by_subject_are_found_in_the_midst_of_a_merge
            pages_of_the_outbox_and_of_checkpoints
            pages_of_lists_answers_and_senders
            whole_listings_are_in_order
            a_row_with_the_key_of_another_replaces_it
            the_last_row_of_a_key_in_a_batch_counts
            final_rows_are_not_replaced
            a_code_is_never_given_again
            a_number_is_never_given_again
            acts_have_no_gaps
            the_database_itself_refuses_to_change_what_is_final
            a_size_is_published_once
            a_witness_cosigns_a_checkpoint_that_is_there_once
            keys_are_destroyed_and_work_is_done
            a_refused_transaction_leaves_nothing
            a_failed_statement_is_never_committed
            a_panic_leaves_the_store_as_it_was
            a_transaction_sees_its_own_rows_and_nobody_else_does
            a_snapshot_does_not_see_a_later_commit
            two_writers_take_turns
            two_openings_take_turns
            many_readers_at_once
            a_row_needs_its_person
            each_check_of_the_schema_holds
            a_disposed_person_has_no_content
            twenty_thousand_residents_at_once
        }
        run_suite! { $fresh, certificates:
            an_authority_that_is_not_there_has_an_answer_to_everything
            every_row_of_an_authority_comes_back_as_it_was_written
            serial_numbers_go_on_and_are_used_once
            a_case_is_open_until_its_outcome
            a_public_key_is_in_one_certificate_only
            certificates_are_found_by_person
            pages_of_an_authority
            statuses_by_partition
            a_revocation_is_final_and_a_hold_is_not
            lists_go_forward
            lists_that_are_due
            kept_answers_are_replaced_and_forgotten
            delegates_and_verifiers
            what_ends_when_and_where_is_counted
            an_authority_ends_but_does_not_change
            each_check_of_the_authority_holds
            ten_thousand_certificates_at_once
        }
    };
    ($fresh:path, $suite:ident: $($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                crate::harness::checked(&$fresh(), crate::$suite::$name);
            }
        )*
    };
}

mod certificate_model;
mod certificate_rows;
mod certificates;
mod directory;
mod harness;
mod model;
mod postgresql;
mod postgresql_faults;
mod random;
mod rows;
mod schema;
mod sqlite;
mod sqlite_faults;
mod suite;
