//! A store that holds many certificates already: their rows, as an issuance leaves them, with noise
//! where something is sealed or signed.

use super::failed;
use crate::progress;
use app::Platform;
use base::{ActId, Moment, PersonId, Problem};
use numbers::LocalGovernmentCode;
use ports::rows::{
    ActRow, CertificateId, CertificateRow, CertificateStatusRow, Changes, IntentionHead,
    IntentionRow, Partition, PersonRow, RevocationListRow, certificate_state, status,
};

/// Adds `count` certificates like the last that each authority issued, in turns. Those of a
/// municipality, if one is given, are of the first authority and revoked, and their sealed parts
/// are short: no list is made of these.
pub(super) fn grow(
    platform: &Platform,
    (count, revoked_of): (u64, Option<LocalGovernmentCode>),
    quiet: bool,
) -> Result<(), Problem> {
    let mut like = Like::read(platform)?;
    if let Some(of) = revoked_of {
        like.revoke_all(platform, of)?;
    }
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
    revoked_since: Option<Moment>,
    /// The list of the revoked ones, if there is none yet.
    list: Option<RevocationListRow>,
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
            like =
                Some(Self { issued, act, next_act, first_person, revoked_since: None, list: None });
            Ok(())
        })?;
        like.filter(|like| !like.issued.is_empty()).ok_or_else(|| failed("nothing was issued"))
    }

    fn revoke_all(&mut self, platform: &Platform, of: LocalGovernmentCode) -> Result<(), Problem> {
        self.issued.truncate(1);
        let (intention, outcome) = &mut self.issued[0];
        intention.head.municipality = of;
        intention.tbs.truncate(SHORT);
        outcome.signature.iter_mut().for_each(|signature| signature.truncate(SHORT));
        let first = first_list(&intention.head);
        self.revoked_since = Some(intention.head.not_before);
        platform.store.snapshot("list", &mut |view| {
            let there = view.revocation_lists(&[first.partition])?.pop().flatten();
            self.list = there.is_none().then(|| first.clone());
            Ok(())
        })
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
                key_digest: digest((place, count), self.first_person.cast_unsigned()),
                act: acts[0],
                ..intention.head
            };
            changes.intentions.push(IntentionRow { head, tbs });
            changes.certificates.push(CertificateRow { id: head.id, signature, act: acts[1] });
            changes.statuses.extend(self.revoked_since.map(|since| revoked(&head, since)));
            changes.acts.extend(acts.map(|id| ActRow { id, ..self.act.clone() }));
        }
        changes.revocation_lists.extend(self.list.take());
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

fn revoked(head: &IntentionHead, since: Moment) -> CertificateStatusRow {
    CertificateStatusRow {
        id: head.id,
        municipality: Some(head.municipality),
        state: certificate_state::REVOKED,
        reason: 1 + (head.id.serial % 4).cast_signed(),
        // Not all at once, as a list of one moment would be shorter.
        changed_at: since.plus_us((head.id.serial % 86_400).cast_signed() * -1_000_000),
        invalid_from: None,
        not_after: head.not_after,
        act: head.act,
    }
}

fn first_list(head: &IntentionHead) -> RevocationListRow {
    let at = head.not_before;
    RevocationListRow {
        partition: Partition {
            authority: head.id.authority,
            municipality: Some(head.municipality),
        },
        number: 0,
        published: 0,
        base_number: None,
        base_at: None,
        before_number: None,
        before_at: None,
        this_update: at,
        next_update: at,
        due: Some(at),
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

/// Digests in their order, spread evenly: real ones come in any order and end up the same. `again`
/// tells those of one call from those of another.
fn digest((place, count): (u64, u64), again: u64) -> [u8; 32] {
    let spread = (u128::from(place) << 64) / u128::from(count.max(1));
    let mut out = [0; 32];
    out[..8].copy_from_slice(&(spread as u64).to_be_bytes());
    out[8..].copy_from_slice(&noise(place ^ again.rotate_right(24), &[0; 24]));
    out
}

const AT_A_TIME: u64 = 50_000;
const SHORT: usize = 32;
