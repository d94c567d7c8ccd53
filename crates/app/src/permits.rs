//! Asking for a permit, with the refusal as a problem.

use base::{Actor, Problem, Purpose};
use numbers::LocalGovernmentCode;
use policy::{Action, Permit};

/// The permit of `actor` for `action`, or why there is none.
pub fn permit(
    actor: &Actor,
    action: Action,
    purpose: Purpose,
    concerned: Option<LocalGovernmentCode>,
) -> Result<Permit, Problem> {
    policy::permit(actor, action, purpose, concerned).map_err(|refusal| {
        let asked = format!("{} for {purpose} by {}", action.word(), actor.kind());
        Problem::from_refusal(refusal.label()).detail(asked)
    })
}
