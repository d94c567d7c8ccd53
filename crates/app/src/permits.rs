//! Asking for a permit, with the refusal as a problem.

use base::{Actor, Problem, Purpose};
use numbers::LocalGovernmentCode;
use policy::{Action, Permit, Refusal};

/// The permit of `actor` for `action`, or why there is none.
pub fn permit(
    actor: &Actor,
    action: Action,
    purpose: Purpose,
    concerned: Option<LocalGovernmentCode>,
) -> Result<Permit, Problem> {
    policy::permit(actor, action, purpose, concerned)
        .map_err(|refusal| refused(refusal, actor, action, purpose))
}

/// Whether `actor` may ask for a permit at all; for what is asked before it is known whom the act
/// concerns.
pub fn may_ask(actor: &Actor, action: Action, purpose: Purpose) -> Result<(), Problem> {
    policy::may_ask(actor, action, purpose)
        .map_err(|refusal| refused(refusal, actor, action, purpose))
}

fn refused(refusal: Refusal, actor: &Actor, action: Action, purpose: Purpose) -> Problem {
    let asked = format!("{} for {purpose} by {}", action.word(), actor.kind());
    Problem::from_refusal(refusal.label()).detail(asked)
}
