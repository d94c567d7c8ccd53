//! A token is issued, with which its holder acts as somebody: the act says which operator let them
//! in. Shows no person. The leaf commits to what the token says, so that a token that is found can
//! be held against the act. A verifier gets one only while it is registered; a refusal is on record
//! too.

use crate::permits::permit;
use crate::verifiers::{check_registered, refuse};
use crate::work::{Outcome, PLATFORM_PERSON, Work};
use base::{ActId, Actor, Problem, Purpose};
use policy::Action;

/// Records that `operator` issues a token to `bearer`; `claims` is what it says, as it is signed. A
/// verifier gets one only while it is registered.
pub fn token_issue(
    work: &mut Work<'_>,
    operator: &Actor,
    bearer: &Actor,
    claims: &[u8],
) -> Result<ActId, Problem> {
    let permit = permit(operator, Action::TokenIssue, Purpose::Operation, None)?;
    if let Err(problem) = check_registered(work, bearer) {
        return Err(refuse(work, &permit, problem, (PLATFORM_PERSON, claims)));
    }
    work.record(&permit, Outcome::Done, None, claims)
}
