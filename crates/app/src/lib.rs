//! The use cases: where the decisions meet the store, the keys and the ledger.
//!
//! Each use case is one file with one function: ask for the permit, look at what is so, let the
//! decision crate decide, put the rows and the act into the unit of work (`work`). Nothing is
//! written on the way: the one write door is [`commit`], which carries many acts in one
//! transaction.

pub mod authorities;
pub mod checkpoint_stamp;
pub mod commit;
pub mod cosign;
pub mod epochs;
pub mod key_roles;
pub mod keyed;
pub mod platform;
pub mod publish;
pub mod work;

mod certificate_named;
mod certificate_profile;
mod certificates;
mod chores;
mod enact;
mod feed_backlog;
mod meant;
mod people;
mod permits;
mod redigest;
mod rewrap;
mod side_by_side;

// the use cases
pub mod attributes_ask;
pub mod authority_init;
pub mod authority_retire;
pub mod authority_status;
pub mod certificate_ask;
pub mod certificate_batch;
pub mod certificate_end;
pub mod certificate_explain;
pub mod certificate_finish;
pub mod certificate_forecast;
pub mod certificate_issue;
pub mod certificate_link_ask;
pub mod certificate_list;
pub mod certificate_status_ask;
pub mod delegate;
pub mod digest_key_ask;
pub mod disposal;
pub mod feed_status;
pub mod import;
pub mod init;
pub mod key_ceremony;
pub mod key_destroy;
pub mod key_generate;
pub mod key_rotate;
pub mod key_status;
pub mod number_ask;
pub mod number_change;
pub mod number_list;
pub mod number_provisional;
pub mod ocsp;
pub mod once;
pub mod resident_event;
pub mod revocation_list;
pub mod set_difference;
pub mod stock;
pub mod subject_acts;
pub mod time_stamp;
pub mod token_issue;
pub mod verifiers;
pub mod verify;
pub mod witness;

pub use certificate_named::CertificateNamed;
pub use certificate_profile::CertificateProfile;
pub use commit::Committer;
pub use people::set_record;
pub use permits::{may_ask, permit};
pub use platform::{KeyNames, Platform};
pub use publish::Publisher;
pub use witness::Witness;
pub use work::Work;
