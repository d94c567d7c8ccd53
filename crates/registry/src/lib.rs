//! The registry's decisions: resident events, numbering, and the municipal feed.
//!
//! Pure: nothing here opens a file, reads a clock or asks for chance. The feed's reader takes lines
//! from whatever it is handed; digests that need a key are computed elsewhere and handed in.

mod canonical;
pub mod difference;
mod event;
pub mod feed;
mod record;
pub mod resident;
pub mod sequence;
pub mod set_digest;
pub mod text;

pub use event::{EventKind, EventKindRefusal, FeedMessage, ResidentEvent};
pub use record::{PostalCode, PostalCodeRefusal, ResidentRecord, Sex, SexRefusal};
