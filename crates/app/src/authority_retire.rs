//! A certification authority ends issuing. Writes its state, with an act. Invariants touched: K1,
//! P1.
//!
//! It goes on signing lists and answers until its certificates have ended: a key is destroyed long
//! after its last signature on a certificate. One that nothing follows is not retired, so that a
//! hierarchy is never without an issuer.

use crate::permits::permit;
use crate::work::{Outcome, Work};
use base::{ActId, Actor, Problem, Purpose, labels};
use policy::Action;
use ports::rows::{AuthorityRow, authority_state};
use seal::fields;
use std::sync::Arc;

/// Retires the authority of this row number.
pub fn authority_retire(work: &mut Work<'_>, operator: &Actor, id: i64) -> Result<ActId, Problem> {
    let permit = permit(operator, Action::AuthorityRetire, Purpose::Operation, None)?;
    let authorities = work.authorities()?;
    let found = authorities.iter().find(|authority| authority.id() == id).map(Arc::clone);
    let absent = || Problem::new(&labels::AUTHORITY_ABSENT, id.to_string());
    let authority = found.ok_or_else(absent)?;
    if !authority.issues() {
        return Err(Problem::new(&labels::AUTHORITY_RETIRED, authority.key.as_str()));
    }
    let newest = authorities.issuing(authority.kind(), None)?;
    if newest.id() == id {
        return Err(Problem::new(&labels::AUTHORITY_NOT_FOLLOWED, authority.key.as_str()));
    }
    let content = fields::pack(&[&id.to_string(), authority.key.as_str()]);
    let act = work.record(&permit, Outcome::Done, None, &content)?;
    let state = authority_state::RETIRED;
    work.keep_authority(AuthorityRow { state, ..authority.row.clone() });
    Ok(act)
}
