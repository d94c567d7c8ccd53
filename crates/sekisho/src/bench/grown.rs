//! A store that holds many certificates already: their rows, as an issuance leaves them, with noise
//! where something is sealed or signed.

use super::failed;
use crate::progress;
use app::Platform;
use base::{ActId, PersonId, Problem};
use ports::rows::{
    ActRow, CertificateId, CertificateRow, Changes, IntentionHead, IntentionRow, PersonRow, status,
};

/// Adds `count` certificates of the newest authorities, in turns, like the last that was issued.
pub(super) fn grow(platform: &Platform, count: u64, quiet: bool) -> Result<(), Problem> {
    let mut like = Like::read(platform)?;
    let bar = progress::bar("writing certificates", count, quiet);
    let mut done = 0;
    while done < count {
        let next = (done + AT_A_TIME).min(count);
        let changes = like.rows(done..next, count);
        platform.store.transact("grow", &mut |tx| tx.write(&changes))?;
        done = next;
        bar.set_position(done);
    }
    bar.finish_and_clear();
    Ok(())
}

/// What the added rows are made after, and where they go on.
struct Like {
    /// One intention and its outcome for each authority, with the serial numbers used so far.
    issued: Vec<(IntentionRow, CertificateRow)>,
    act: ActRow,
    next_act: u64,
    first_person: i64,
}

impl Like {
    fn read(platform: &Platform) -> Result<Self, Problem> {
        let mut like = None;
        platform.store.snapshot("like", &mut |view| {
            let mut issued = Vec::new();
            for authority in view.authorities()? {
                let id = CertificateId {
                    authority: authority.id,
                    serial: view.next_serial(authority.id)? - 1,
                };
                let intention = view.intentions(&[id])?.pop().flatten();
                let outcome = view.certificates(&[id])?.pop().flatten();
                issued.extend(intention.zip(outcome));
            }
            let next_act = view.act_count()?;
            let act = view.acts(ActId(next_act - 1), 1)?.pop();
            let act = act.ok_or_else(|| failed("nothing was issued"))?;
            let first_person = view.last_person()?.0 + 1;
            like = Some(Self { issued, act, next_act, first_person });
            Ok(())
        })?;
        like.filter(|like| !like.issued.is_empty()).ok_or_else(|| failed("nothing was issued"))
    }

    fn rows(&mut self, range: std::ops::Range<u64>, count: u64) -> Changes {
        let mut changes = Changes::default();
        for place in range.clone() {
            let turn = place as usize % self.issued.len();
            let (intention, outcome) = &mut self.issued[turn];
            intention.head.id.serial += 1;
            let acts = [ActId(self.next_act), ActId(self.next_act + 1)];
            self.next_act += 2;
            let tbs = noise(place, &intention.tbs);
            let signature = outcome.signature.as_deref().map(|bytes| noise(!place, bytes));
            let head = IntentionHead {
                person: PersonId(self.first_person + (place / 2).cast_signed()),
                key_digest: digest(place, count),
                act: acts[0],
                ..intention.head
            };
            changes.intentions.push(IntentionRow { head, tbs });
            changes.certificates.push(CertificateRow { id: head.id, signature, act: acts[1] });
            changes.acts.extend(acts.map(|id| ActRow { id, ..self.act.clone() }));
        }
        // New residents come after all who have a certificate.
        let last = self.first_person + (range.end / 2).cast_signed();
        changes.persons.push(PersonRow {
            id: PersonId(last),
            municipality: self.issued[0].0.head.municipality,
            status: status::DISPOSED,
            number_generation: None,
            key_generation: 1,
            identity: None,
            contact: None,
            name_birth_index: None,
            set_position: 0,
            set_digest: None,
        });
        changes
    }
}

/// Bytes of the same length that compress as little.
fn noise(seed: u64, like: &[u8]) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    like.chunks(8).flat_map(|chunk| next().into_iter().take(chunk.len())).collect()
}

/// Digests in their order, spread evenly: real ones come in any order and end up the same.
fn digest(place: u64, count: u64) -> [u8; 32] {
    let spread = (u128::from(place) << 64) / u128::from(count.max(1));
    let mut out = [0; 32];
    out[..8].copy_from_slice(&(spread as u64).to_be_bytes());
    out[8..].copy_from_slice(&noise(place, &[0; 24]));
    out
}

const AT_A_TIME: u64 = 50_000;
