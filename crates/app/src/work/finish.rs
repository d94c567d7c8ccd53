//! The end of a unit of work: what was decided is sealed and becomes rows.
//!
//! Until here persons, acts and data keys are held as they are; each is sealed once, whatever
//! happened to it on the way, and many of them on all processors. Nothing here depends on the
//! store.

use super::{Kept, Outcome, Work, broken};
use crate::epochs::Epochs;
use crate::key_roles::KeyRole;
use crate::people::Person;
use crate::platform::Platform;
use crate::side_by_side::{OF_SMALL, side_by_side};
use base::{ActId, Moment, PersonId, Problem, labels};
use ledger::leaf::{Commitment, LeafDraft, LeafEntry, Salt, commit};
use numbers::LocalGovernmentCode;
use policy::Permit;
use ports::KeyLabel;
use ports::rows::{ActRow, Changes, DataKeyRow};
use seal::{DataKey, DigestKey, WrapPlace};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use zeroize::Zeroizing;

/// An act as it was recorded. Its salt comes from the key that its subject had then.
pub(super) struct ActDraft {
    pub(super) id: ActId,
    pub(super) permit: Permit,
    pub(super) outcome: Outcome,
    pub(super) subject: Option<PersonId>,
    pub(super) salt: Zeroizing<[u8; 32]>,
    pub(super) content: Commitment,
}

/// A data key that was made for a person.
pub(super) struct NewKey {
    pub(super) person: PersonId,
    pub(super) generation: u32,
    pub(super) key: DataKey,
}

impl Work<'_> {
    /// Everything to write.
    pub fn into_changes(self) -> Result<Changes, Problem> {
        let (platform, epochs, now) = (self.platform, self.epochs, self.now);
        let (kek, pseudonym) = (epochs.in_use(KeyRole::Kek), epochs.in_use(KeyRole::Pseudonym));
        let mut changes = self.changes;
        let leaf_of = |(): &mut (), act: &_| leaf(platform, pseudonym, now, act);
        let acts = side_by_side(&self.acts, OF_SMALL, || (), leaf_of)?;
        changes.acts = acts;
        changes.data_keys = wrap_keys(platform, kek, &self.new_keys)?;
        changes.persons.extend(seal_persons(platform, &epochs, self.people)?);
        changes.numbers = self.numbers.into_values().collect();
        changes.codes = self.codes.into_values().filter_map(Kept::into_change).collect();
        changes.messages = self.messages.into_values().filter_map(Kept::into_change).collect();
        changes.cursors = self.cursors.into_values().filter_map(Kept::into_change).collect();
        changes.stocks =
            self.stocks.into_values().flatten().filter_map(Kept::into_change).collect();
        changes.answers = self.answers.into_values().collect();
        self.certificates.into_changes(&mut changes);
        Ok(changes)
    }
}

impl<R> Kept<R> {
    pub(super) fn into_change(self) -> Option<R> {
        self.row.filter(|_| self.dirty)
    }
}

/// The leaf of an act.
fn leaf(
    platform: &Platform,
    key: &KeyLabel,
    now: Moment,
    act: &ActDraft,
) -> Result<ActRow, Problem> {
    let pseudonym = act.subject.map(|person| platform.pseudonym(key, person)).transpose()?;
    let salt = Salt::new(&*act.salt).map_err(|_| broken("a salt of a wrong length"))?;
    let draft = LeafDraft {
        at_us: now.us(),
        act: act.permit.action().word().into(),
        actor: act.permit.actor().to_string().into(),
        purpose: act.permit.purpose().word().into(),
        basis: act.permit.basis().into(),
        outcome: act.outcome.to_string().into(),
        subject: pseudonym.map(|bytes| commit(&salt, "subject", &bytes)),
        content: act.content,
    };
    let entry = LeafEntry::new(draft)
        .map_err(|refusal| Problem::new(&labels::INTERNAL, refusal.label()))?;
    Ok(ActRow { id: act.id, subject: pseudonym, entry: entry.to_bytes() })
}

fn wrap_keys(
    platform: &Platform,
    kek: &KeyLabel,
    keys: &[NewKey],
) -> Result<Vec<DataKeyRow>, Problem> {
    let epoch = kek.epoch().map(i64::from).ok_or_else(|| broken("a key without an epoch"))?;
    side_by_side(
        keys,
        OF_SMALL,
        || (platform.entropy)(),
        |entropy, NewKey { person, generation, key }| {
            let place = WrapPlace { person: person.0, generation: *generation };
            let wrapped = platform.keys.wrap(kek, &place, key, &mut **entropy)?;
            Ok(DataKeyRow { person: *person, generation: i64::from(*generation), epoch, wrapped })
        },
    )
}

fn seal_persons(
    platform: &Platform,
    epochs: &Epochs,
    people: BTreeMap<PersonId, Box<Person>>,
) -> Result<Vec<ports::rows::PersonRow>, Problem> {
    let changed: Vec<_> = people.into_values().filter(|person| person.dirty).collect();
    let mut digest_keys: BTreeMap<LocalGovernmentCode, DigestKey> = BTreeMap::new();
    for person in &changed {
        let municipality = person.resident.municipality;
        if let Entry::Vacant(place) = digest_keys.entry(municipality) {
            let epoch = epochs.digest_epoch(municipality);
            place.insert(platform.digest_key(epoch, municipality)?);
        }
    }
    side_by_side(
        &changed,
        OF_SMALL,
        || (platform.entropy)(),
        |entropy, person| {
            let key = digest_keys.get(&person.resident.municipality);
            let key = key.ok_or_else(|| broken("a municipality without a digest key"))?;
            person.sealed(platform, key, &mut **entropy)
        },
    )
}
