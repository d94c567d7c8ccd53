//! Doing a thing once: an answer is kept under its idempotency key, so that a request that comes again
//! is answered from the record and not carried out again.

use crate::enact::FIRST_KEY_GENERATION;
use crate::work::Work;
use base::{ActId, Actor, Problem, labels, limits};
use ports::rows::IdempotencyRow;
use seal::Place;

/// Carries `act` out unless the actor's key was used before; then gives the kept answer. `request` is
/// what was asked, to tell a repeat from a mistake.
pub fn once(
    work: &mut Work<'_>,
    actor: &Actor,
    key: &str,
    request: &[u8],
    act: impl FnOnce(&mut Work<'_>) -> Result<(ActId, String), Problem>,
) -> Result<(ActId, String), Problem> {
    if key.is_empty() || key.len() > limits::IDEMPOTENCY_KEY_BYTES_MAX {
        return Err(Problem::new(&labels::IDEMPOTENCY_KEY_LENGTH, ""));
    }
    let actor = actor.to_string();
    let digest = work.platform().repeat_digest(request)?;
    if let Some(kept) = work.answer(&actor, key)? {
        if kept.digest != digest {
            return Err(Problem::new(&labels::IDEMPOTENCY_KEY_REUSED, ""));
        }
        let plain = work.open_own(&place(kept.act), &kept.answer)?;
        let answer = String::from_utf8(plain.to_vec());
        return Ok((kept.act, answer.map_err(|_| crate::work::broken("a kept answer"))?));
    }
    let (act, answer) = act(work)?;
    let sealed = work.seal_own(&place(act), answer.as_bytes());
    let key = key.to_owned();
    work.keep_answer(IdempotencyRow { actor, key, digest, act, answer: sealed });
    Ok((act, answer))
}

fn place(act: ActId) -> Place {
    let row = act.0.cast_signed();
    Place { table: "answer", column: "answer", row, generation: FIRST_KEY_GENERATION }
}
