//! The JSON API: routes, callers, problems, limits; and the two ends of C2SP tlog-witness.
//!
//! A request walks one road, the [`Door`]: found in the table of routes, admitted, its caller
//! known, the permit asked for, its body read, and only then looked up (on a snapshot) or handed to
//! the committer. What a route does stands in one file per resource, with its description beside
//! it; the router and the OpenAPI document are made from the same table. Owns no rule and no key.

mod body;
mod caller;
mod door;
mod http_date;
mod inlet;
mod limits;
mod looks;
mod metrics;
mod named;
mod openapi;
mod reply;
mod request;
mod route;
mod serve;
pub mod token;

// the resources
mod acts;
mod authorities;
mod certificate_verify;
mod certificates;
mod explain;
mod feed;
mod ledger_proof;
mod log;
mod numbers;
mod ocsp;
mod operation;
mod revocation_list;
mod set_difference;
mod stock;
mod time_stamp;
mod verifiers;

// witnesses: asking one, and being one
mod witness_door;
mod witness_way;

pub use door::{ApiState, Door};
pub use inlet::Incoming;
pub use limits::DoorLimits;
pub use openapi::document as openapi_document;
pub use reply::{PROBLEM_MEDIA_TYPE, problem_body};
pub use serve::serve;
pub use witness_door::serve_witness;
pub use witness_way::{WitnessClient, WitnessUrl};
