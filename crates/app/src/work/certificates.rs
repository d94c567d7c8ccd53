//! The rows of the certification authority in a unit of work: what was meant, what came of it, what
//! holds now, and which lists are to be made again.

use super::{Kept, Work, broken, generation_of};
use crate::authorities::Authorities;
use crate::certificates::tbs_place;
use crate::meant::{Meant, delegate_setting};
use base::{Moment, PersonId, Problem};
use numbers::LocalGovernmentCode;
use ports::rows::{
    AuthorityRow, CertificateId, CertificateRow, CertificateStatusRow, Changes, DelegateRow,
    IntentionHead, IntentionRow, Partition, RevocationListRow, VerifierRow, delegate_purpose,
};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use zeroize::Zeroizing;

/// What was looked for so far.
#[derive(Default)]
pub(super) struct CertificateRows {
    authorities: Option<Arc<Authorities>>,
    serials: BTreeMap<i64, u64>,
    of: HashMap<PersonId, Vec<CertificateId>>,
    heads: HashMap<CertificateId, Option<IntentionHead>>,
    outcomes: HashMap<CertificateId, Option<CertificateRow>>,
    statuses: BTreeMap<CertificateId, Kept<CertificateStatusRow>>,
    lists: BTreeMap<Partition, Kept<RevocationListRow>>,
    keys: HashMap<[u8; 32], Option<CertificateId>>,
}

/// A certificate of a person, from the intention on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Held {
    /// What was meant.
    pub(crate) intention: IntentionHead,
    /// What came of it, if anything yet.
    pub(crate) outcome: Option<CertificateRow>,
    /// What holds of it, if it is not simply good.
    pub(crate) status: Option<CertificateStatusRow>,
}

impl Held {
    /// Whether there is a signed certificate.
    pub(crate) fn is_issued(&self) -> bool {
        self.outcome.as_ref().is_some_and(|outcome| outcome.signature.is_some())
    }
}

impl CertificateRows {
    /// What is to be written of it.
    pub(super) fn into_changes(self, changes: &mut Changes) {
        changes.statuses = self.statuses.into_values().filter_map(Kept::into_change).collect();
        changes.revocation_lists = self.lists.into_values().filter_map(Kept::into_change).collect();
    }
}

impl Work<'_> {
    /// All authorities.
    pub fn authorities(&mut self) -> Result<Arc<Authorities>, Problem> {
        if let Some(known) = &self.certificates.authorities {
            return Ok(Arc::clone(known));
        }
        let read = Arc::new(Authorities::read(self.tx)?);
        self.certificates.authorities = Some(Arc::clone(&read));
        Ok(read)
    }

    /// Takes in an authority, new or with a new state.
    pub(crate) fn keep_authority(&mut self, row: AuthorityRow) {
        self.take_in();
        self.certificates.authorities = None;
        self.changes.authorities.push(row);
    }

    /// Takes in a delegate.
    pub(crate) fn keep_delegate(&mut self, row: DelegateRow) {
        self.take_in();
        self.changes.delegates.push(row);
    }

    /// A verifier.
    pub(crate) fn verifier(&mut self, name: &str) -> Result<Option<VerifierRow>, Problem> {
        let kept = self.changes.verifiers.iter().rfind(|row| row.name == name);
        match kept {
            Some(row) => Ok(Some(row.clone())),
            None => Ok(self.tx.verifiers(&[name.to_owned()])?.pop().flatten()),
        }
    }

    /// Takes in a verifier, new or changed.
    pub(crate) fn keep_verifier(&mut self, row: VerifierRow) {
        self.take_in();
        self.changes.verifiers.retain(|kept| kept.name != row.name);
        self.changes.verifiers.push(row);
    }

    /// The next serial number of an authority, given away.
    pub(crate) fn take_serial(&mut self, authority: i64) -> Result<u64, Problem> {
        self.take_in();
        let next = match self.certificates.serials.get(&authority) {
            Some(next) => *next,
            // A delegate that is meant has its serial number already.
            None => {
                let mut next = self.tx.next_serial(authority)?;
                for purpose in [delegate_purpose::OCSP, delegate_purpose::TIME_STAMP] {
                    let meant = Meant::read(self.tx, &delegate_setting(authority, purpose))?;
                    next = next.max(meant.map_or(0, |meant| meant.serial + 1));
                }
                next
            }
        };
        self.certificates.serials.insert(authority, next + 1);
        Ok(next)
    }

    /// Takes in an intention, of which the sealed part follows; it is open until its outcome is
    /// taken in.
    pub(crate) fn keep_intention(&mut self, head: IntentionHead) -> Result<(), Problem> {
        self.take_in();
        // The list that the certificate names is to be there with the certificate.
        let municipality = Some(head.municipality);
        let partition = Partition { authority: head.id.authority, municipality };
        if self.revocation_list(partition)?.is_none() {
            self.make_list_due(partition)?;
        }
        let rows = &mut self.certificates;
        rows.of.entry(head.person).and_modify(|of| of.push(head.id));
        rows.heads.insert(head.id, Some(head));
        rows.outcomes.insert(head.id, None);
        rows.statuses.insert(head.id, Kept { row: None, dirty: false });
        rows.keys.insert(head.key_digest, Some(head.id));
        Ok(())
    }

    /// Takes in an intention with its sealed part, as it is stored.
    pub(crate) fn keep_sealed(&mut self, row: IntentionRow) {
        self.take_in();
        self.changes.intentions.push(row);
    }

    /// Takes in what came of an intention.
    pub(crate) fn keep_outcome(&mut self, row: CertificateRow) {
        self.take_in();
        self.certificates.outcomes.insert(row.id, Some(row.clone()));
        self.changes.certificates.push(row);
    }

    /// Loads, in few round trips, the certificates of these persons and who holds these keys.
    pub(crate) fn prefetch_certificates(
        &mut self,
        persons: &[PersonId],
        keys: &[[u8; 32]],
    ) -> Result<(), Problem> {
        let known = &self.certificates.of;
        let persons: Vec<_> =
            persons.iter().filter(|person| !known.contains_key(person)).copied().collect();
        if !persons.is_empty() {
            let found = self.tx.certificates_of(&persons)?;
            let all: Vec<_> = found.iter().flatten().copied().collect();
            self.certificates.of.extend(persons.into_iter().zip(found));
            self.know_certificates(&all)?;
        }
        let known = &self.certificates.keys;
        let keys: Vec<_> = keys.iter().filter(|key| !known.contains_key(*key)).copied().collect();
        if !keys.is_empty() {
            let found = self.tx.key_holders(&keys)?;
            self.certificates.keys.extend(keys.into_iter().zip(found));
        }
        Ok(())
    }

    /// Whose these certificates are.
    pub(crate) fn holders_of(&mut self, ids: &[CertificateId]) -> Result<Vec<PersonId>, Problem> {
        self.know_certificates(ids)?;
        let heads = &self.certificates.heads;
        let head = |id| heads.get(id).copied().flatten().map(|head: IntentionHead| head.person);
        Ok(ids.iter().filter_map(head).collect())
    }

    /// All certificates that were ever meant for a person.
    pub(crate) fn certificates_of(&mut self, person: PersonId) -> Result<Vec<Held>, Problem> {
        self.prefetch_certificates(&[person], &[])?;
        let ids = self.certificates.of.get(&person).cloned().unwrap_or_default();
        let held = ids.into_iter().map(|id| self.certificate(id));
        held.map(|held| held?.ok_or_else(|| broken("an index leads to no intention"))).collect()
    }

    /// A certificate, from its intention on.
    pub(crate) fn certificate(&mut self, id: CertificateId) -> Result<Option<Held>, Problem> {
        self.know_certificates(&[id])?;
        let rows = &self.certificates;
        let Some(intention) = rows.heads.get(&id).copied().flatten() else { return Ok(None) };
        let outcome = rows.outcomes.get(&id).cloned().flatten();
        let status = rows.statuses.get(&id).and_then(|kept| kept.row.clone());
        Ok(Some(Held { intention, outcome, status }))
    }

    /// An issued certificate in DER; none if it was never signed, or its holder's content was
    /// disposed of.
    pub(crate) fn certificate_bytes(
        &mut self,
        held: &Held,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Problem> {
        let IntentionHead { id, person, key_generation, .. } = held.intention;
        let signature = held.outcome.as_ref().and_then(|outcome| outcome.signature.as_ref());
        let Some(signature) = signature else { return Ok(None) };
        self.load(&[person])?;
        let Some(holder) = self.people.get(&person) else { return Ok(None) };
        let here = self.changes.intentions.iter().find(|row| row.head.id == id);
        let sealed = match here {
            Some(row) => row.tbs.clone(),
            None => {
                let row = self.tx.intentions(&[id])?.pop().flatten();
                row.ok_or_else(|| broken("an intention that is not there"))?.tbs
            }
        };
        let place = tbs_place(id, generation_of(key_generation)?);
        let tbs = holder.key.open(&place, &sealed);
        let tbs = tbs.map_err(|refusal| Problem::from_refusal(refusal.label()))?;
        let issuer = self.authorities()?;
        let algorithm = issuer.by_id(id.authority)?.algorithm();
        Ok(Some(Zeroizing::new(x509::assemble(&tbs, algorithm, signature))))
    }

    /// The certificate that holds a public key, whoever's it is.
    pub(crate) fn key_holder(
        &mut self,
        digest: &[u8; 32],
    ) -> Result<Option<CertificateId>, Problem> {
        self.prefetch_certificates(&[], &[*digest])?;
        Ok(self.certificates.keys.get(digest).copied().flatten())
    }

    /// Takes in what holds of a certificate now: its list is due at once.
    pub(crate) fn keep_status(&mut self, row: CertificateStatusRow) -> Result<(), Problem> {
        self.take_in();
        let municipality = row.municipality;
        self.make_list_due(Partition { authority: row.id.authority, municipality })?;
        self.certificates.statuses.insert(row.id, Kept { row: Some(row), dirty: true });
        Ok(())
    }

    /// Makes a list due now, the first time or again. Each time leaves a mark on the row: whoever
    /// is making the list sees that something changed meanwhile.
    pub(crate) fn make_list_due(&mut self, partition: Partition) -> Result<(), Problem> {
        let now = self.now;
        let list = self.revocation_list(partition)?.unwrap_or(RevocationListRow {
            partition,
            number: 0,
            published: 0,
            base_number: None,
            base_at: None,
            before_number: None,
            before_at: None,
            this_update: now,
            next_update: now,
            due: None,
        });
        let due = match list.due {
            Some(due) if due <= now.plus_us(SECOND_US) => due.plus_us(1),
            _ => now,
        };
        self.keep_revocation_list(RevocationListRow { due: Some(due), ..list });
        Ok(())
    }

    /// The moment of a change: after all that was told of the certificate and on its list, whatever
    /// the clock says.
    pub(crate) fn moment_of_change(&mut self, held: &Held) -> Result<Moment, Problem> {
        let CertificateId { authority, .. } = held.intention.id;
        let municipality = Some(held.intention.municipality);
        let list = self.revocation_list(Partition { authority, municipality })?;
        let told = list.filter(|list| list.number > 0).map(|list| list.this_update.plus_us(1));
        let before = held.status.as_ref().map(|status| status.changed_at);
        Ok(told.into_iter().chain(before).fold(self.now, Moment::max))
    }

    /// The list of a partition as it was last signed.
    pub(crate) fn revocation_list(
        &mut self,
        partition: Partition,
    ) -> Result<Option<RevocationListRow>, Problem> {
        if !self.certificates.lists.contains_key(&partition) {
            let row = self.tx.revocation_lists(&[partition])?.pop().flatten();
            self.certificates.lists.insert(partition, Kept { row, dirty: false });
        }
        Ok(self.certificates.lists.get(&partition).and_then(|kept| kept.row.clone()))
    }

    /// Takes in a list, signed or become due.
    pub(crate) fn keep_revocation_list(&mut self, row: RevocationListRow) {
        self.take_in();
        self.certificates.lists.insert(row.partition, Kept { row: Some(row), dirty: true });
    }

    /// Loads certificates in few round trips.
    pub(crate) fn know_certificates(&mut self, ids: &[CertificateId]) -> Result<(), Problem> {
        let known = &self.certificates.heads;
        let ids: Vec<_> = ids.iter().filter(|id| !known.contains_key(id)).copied().collect();
        if ids.is_empty() {
            return Ok(());
        }
        let heads = self.tx.intention_heads(&ids)?;
        let of = |head: &IntentionHead| -> Option<LocalGovernmentCode> { Some(head.municipality) };
        let keys: Vec<_> = heads.iter().flatten().map(|head| (of(head), head.id)).collect();
        for (key, row) in keys.iter().zip(self.tx.statuses(&keys)?) {
            self.certificates.statuses.entry(key.1).or_insert(Kept { row, dirty: false });
        }
        let outcomes = self.tx.certificates(&ids)?;
        self.certificates.outcomes.extend(ids.iter().copied().zip(outcomes));
        self.certificates.heads.extend(ids.into_iter().zip(heads));
        Ok(())
    }
}

const SECOND_US: i64 = 1_000_000;
