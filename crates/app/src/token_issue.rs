//! A token is issued, with which its holder acts as somebody: the act says which operator let them
//! in. Shows no person. The leaf commits to what the token says, so that a token that is found can
//! be held against the act.

use crate::permits::permit;
use crate::work::{Outcome, Work};
use base::{ActId, Actor, Problem, Purpose};
use policy::Action;

/// Records that `operator` issues a token; `claims` is what it says, as it is signed.
pub fn token_issue(work: &mut Work<'_>, operator: &Actor, claims: &[u8]) -> Result<ActId, Problem> {
    let permit = permit(operator, Action::TokenIssue, Purpose::Operation, None)?;
    work.record(&permit, Outcome::Done, None, claims)
}
