//! The certification authority's part of the store as it should be, in a few maps.

use crate::model::{Found, Model, each, insert, last_of_each, page, put};
use base::{Moment, PersonId};
use numbers::LocalGovernmentCode;
use ports::CertificateView;
use ports::rows::{
    AuthorityRow, CertificateId, CertificateRow, CertificateStatusRow, Changes, DelegateKey,
    DelegateRow, ExpiryRow, IntentionHead, IntentionRow, OcspAnswerRow, OcspKey, Partition,
    RevocationListRow, StatusCounts, VerifierRow, authority_state, certificate_state,
    week_in_japan,
};
use std::collections::BTreeMap;

type StatusKey = (Option<LocalGovernmentCode>, CertificateId);

/// The rows by key.
#[derive(Clone, Default)]
pub(crate) struct Certificates {
    authorities: BTreeMap<i64, AuthorityRow>,
    intentions: BTreeMap<CertificateId, IntentionRow>,
    outcomes: BTreeMap<CertificateId, CertificateRow>,
    statuses: BTreeMap<StatusKey, CertificateStatusRow>,
    lists: BTreeMap<Partition, RevocationListRow>,
    answers: BTreeMap<OcspKey, OcspAnswerRow>,
    delegates: BTreeMap<DelegateKey, DelegateRow>,
    verifiers: BTreeMap<String, VerifierRow>,
}

impl Certificates {
    /// Takes the changes in, if they hold.
    pub(crate) fn take(&mut self, changes: &Changes) -> Option<()> {
        for row in last_of_each(&changes.authorities, |row| row.id) {
            let before = self.authorities.get(&row.id);
            let same = |old: &AuthorityRow| AuthorityRow { state: row.state, ..old.clone() };
            let goes_on = before.is_none_or(|old| old.state <= row.state && same(old) == *row);
            let states = authority_state::ISSUING..=authority_state::REVOKED;
            let holds = row.id > 0 && row.serial > 0 && states.contains(&row.state);
            put(goes_on && holds, &mut self.authorities, row.id, row)?;
        }
        self.take_serials(changes)?;
        for row in &changes.delegates {
            let holds = self.authorities.contains_key(&row.key.authority);
            insert(holds && [1, 2].contains(&row.key.purpose), &mut self.delegates, row.key, row)?;
        }
        for row in &changes.intentions {
            let IntentionHead { id, key_digest, .. } = row.head;
            let new = self.intentions.values().all(|other| other.head.key_digest != key_digest);
            let holds = self.authorities.contains_key(&id.authority)
                && row.head.person.0 > 0
                && row.head.not_before <= row.head.not_after;
            insert(new && holds, &mut self.intentions, id, row)?;
        }
        for row in &changes.certificates {
            let meant = self.intentions.contains_key(&row.id);
            insert(meant, &mut self.outcomes, row.id, row)?;
        }
        self.take_statuses(&changes.statuses)?;
        self.take_lists(&changes.revocation_lists)?;
        for row in last_of_each(&changes.ocsp_answers, |row| row.key) {
            let holds = row.key.id.serial > 0 && row.this_update <= row.next_update;
            put(holds, &mut self.answers, row.key, row)?;
        }
        for row in last_of_each(&changes.verifiers, |row| row.name.clone()) {
            let holds = row.kind > 0 && (1..=3).contains(&row.state);
            put(holds, &mut self.verifiers, row.name.clone(), row)?;
        }
        Some(())
    }

    /// No serial number comes twice, and a person's certificate has one that is greater than all
    /// before.
    fn take_serials(&mut self, changes: &Changes) -> Option<()> {
        let own = changes.intentions.iter().map(|row| (row.head.id.authority, row.head.id.serial));
        let others = changes.delegates.iter().map(|row| (row.key.authority, row.key.serial));
        let mut given: Vec<_> = own.clone().chain(others.clone()).collect();
        given.sort_unstable();
        let once = given.windows(2).all(|pair| pair[0] != pair[1])
            && others.into_iter().all(|(of, serial)| !self.has_serial(of, serial));
        let on = own.into_iter().all(|(of, serial)| serial > self.greatest(of));
        (once && on).then_some(())
    }

    fn has_serial(&self, of: i64, serial: u64) -> bool {
        self.intentions.contains_key(&CertificateId { authority: of, serial })
            || self.delegates.keys().any(|key| (key.authority, key.serial) == (of, serial))
            || self.authorities.get(&of).is_some_and(|row| row.serial == serial)
    }

    fn greatest(&self, of: i64) -> u64 {
        let meant = self.intentions.keys().filter(|id| id.authority == of).map(|id| id.serial);
        let keys = self.delegates.keys().filter(|key| key.authority == of).map(|key| key.serial);
        let own = self.authorities.get(&of).map(|row| row.serial);
        meant.chain(keys).chain(own).max().unwrap_or(0)
    }

    fn take_statuses(&mut self, rows: &[CertificateStatusRow]) -> Option<()> {
        for row in last_of_each(rows, |row| (row.municipality, row.id)) {
            let key = (row.municipality, row.id);
            let before = self.statuses.get(&key);
            let end = before.is_none_or(|old| old.not_after == row.not_after);
            let open =
                before.is_none_or(|old| old.state != certificate_state::REVOKED || old == row);
            let meant = self.intentions.get(&row.id).map(|row| row.head);
            let agrees = meant.map(|head| head.municipality) == row.municipality
                && meant.is_none_or(|head| head.not_after == row.not_after);
            let holds = self.authorities.contains_key(&row.id.authority)
                && row.id.serial > 0
                && (1..=3).contains(&row.state);
            put(end && open && agrees && holds, &mut self.statuses, key, row)?;
        }
        Some(())
    }

    fn take_lists(&mut self, rows: &[RevocationListRow]) -> Option<()> {
        let content = |row: &RevocationListRow| (row.base_number, row.this_update, row.next_update);
        for row in last_of_each(rows, |row| row.partition) {
            let before = self.lists.get(&row.partition);
            let forward = before.is_none_or(|old| {
                let content = old.number < row.number
                    || (old.number == row.number && content(old) == content(row));
                content && old.published <= row.published
            });
            let base = row.base_number.is_none_or(|base| (1..=row.number).contains(&base));
            let there = self.authorities.contains_key(&row.partition.authority);
            let placed = row.published <= row.number;
            let holds = base && placed && there && row.this_update <= row.next_update;
            put(forward && holds, &mut self.lists, row.partition, row)?;
        }
        Some(())
    }

    /// How many were forgotten.
    pub(crate) fn forget(&mut self, before: Moment, limit: usize) -> usize {
        let mut ended: Vec<_> =
            self.answers.values().filter(|row| row.next_update < before).collect();
        ended.sort_by_key(|row| (row.next_update, row.key));
        let keys: Vec<_> = ended.into_iter().take(limit).map(|row| row.key).collect();
        keys.iter().for_each(|key| drop(self.answers.remove(key)));
        keys.len()
    }

    fn all_expiries(&self) -> Vec<ExpiryRow> {
        let mut counts: BTreeMap<(i64, i64, LocalGovernmentCode), (u64, u64)> = BTreeMap::new();
        for head in self.intentions.values().map(|row| row.head) {
            let key = (head.id.authority, week_in_japan(head.not_after), head.municipality);
            // A row stays when what it counted has gone.
            let sums = counts.entry(key).or_default();
            if self.outcomes.get(&head.id).is_some_and(|row| row.signature.is_none()) {
                continue;
            }
            let status = self.statuses.get(&(Some(head.municipality), head.id));
            sums.0 += 1;
            sums.1 += u64::from(status.is_some_and(|row| row.state == certificate_state::REVOKED));
        }
        let row = |((authority, week, municipality), (certificates, revoked))| ExpiryRow {
            authority,
            week,
            municipality,
            certificates,
            revoked,
        };
        counts.into_iter().map(row).collect()
    }
}

fn heads(rows: Vec<IntentionRow>) -> Vec<IntentionHead> {
    rows.into_iter().map(|row| row.head).collect()
}

impl CertificateView for Model {
    fn authorities(&mut self) -> Found<Vec<AuthorityRow>> {
        page(self.certificates.authorities.values(), usize::MAX, |_| true)
    }

    fn next_serial(&mut self, authority: i64) -> Found<u64> {
        Ok(self.certificates.greatest(authority) + 1)
    }

    fn intentions(&mut self, ids: &[CertificateId]) -> Found<Vec<Option<IntentionRow>>> {
        each(ids, |id| self.certificates.intentions.get(id).cloned())
    }

    fn intention_heads(&mut self, ids: &[CertificateId]) -> Found<Vec<Option<IntentionHead>>> {
        each(ids, |id| self.certificates.intentions.get(id).map(|row| row.head))
    }

    fn intentions_page(
        &mut self,
        authority: i64,
        after: u64,
        limit: usize,
    ) -> Found<Vec<IntentionRow>> {
        page(self.certificates.intentions.values(), limit, |row| {
            row.head.id.authority == authority && row.head.id.serial > after
        })
    }

    fn intention_heads_page(
        &mut self,
        authority: i64,
        after: u64,
        limit: usize,
    ) -> Found<Vec<IntentionHead>> {
        self.intentions_page(authority, after, limit).map(heads)
    }

    fn open_intentions(&mut self, after: CertificateId, limit: usize) -> Found<Vec<CertificateId>> {
        let open = |id: &CertificateId| !self.certificates.outcomes.contains_key(id);
        page(self.certificates.intentions.keys(), limit, |id| *id > after && open(id))
    }

    fn certificates(&mut self, ids: &[CertificateId]) -> Found<Vec<Option<CertificateRow>>> {
        each(ids, |id| self.certificates.outcomes.get(id).cloned())
    }

    fn certificates_page(
        &mut self,
        authority: i64,
        after: u64,
        limit: usize,
    ) -> Found<Vec<CertificateRow>> {
        page(self.certificates.outcomes.values(), limit, |row| {
            row.id.authority == authority && row.id.serial > after
        })
    }

    fn certificates_of(&mut self, persons: &[PersonId]) -> Found<Vec<Vec<CertificateId>>> {
        let rows = || self.certificates.intentions.values().map(|row| row.head);
        let of = |person| rows().filter(move |head| head.person == person).map(|head| head.id);
        Ok(persons.iter().map(|person| of(*person).collect()).collect())
    }

    fn key_holders(&mut self, digests: &[[u8; 32]]) -> Found<Vec<Option<CertificateId>>> {
        let mut rows = self.certificates.intentions.values().map(|row| row.head);
        let rows: Vec<_> = rows.by_ref().collect();
        each(digests, |digest| {
            rows.iter().find(|head| head.key_digest == *digest).map(|head| head.id)
        })
    }

    fn statuses(&mut self, keys: &[StatusKey]) -> Found<Vec<Option<CertificateStatusRow>>> {
        each(keys, |key| self.certificates.statuses.get(key).cloned())
    }

    fn statuses_page(
        &mut self,
        of: Partition,
        over: Option<Moment>,
        after: u64,
        limit: usize,
    ) -> Found<Vec<CertificateStatusRow>> {
        page(self.certificates.statuses.values(), limit, |row| {
            row.id.authority == of.authority
                && row.municipality == of.municipality
                && row.id.serial > after
                && over.is_none_or(|over| row.not_after >= over || row.changed_at > over)
        })
    }

    fn status_counts(&mut self, of: Partition) -> Found<StatusCounts> {
        let rows = self.statuses_page(of, None, 0, usize::MAX)?;
        let count = |state| rows.iter().filter(|row| row.state == state).count() as u64;
        Ok(StatusCounts {
            revoked: count(certificate_state::REVOKED),
            held: count(certificate_state::HELD),
            released: count(certificate_state::RELEASED),
        })
    }

    fn next_status_partition(&mut self, after: Partition) -> Found<Option<Partition>> {
        let place = |(municipality, id): &StatusKey| Partition {
            authority: id.authority,
            municipality: *municipality,
        };
        Ok(self.certificates.statuses.keys().map(place).filter(|place| *place > after).min())
    }

    fn revocation_lists(&mut self, of: &[Partition]) -> Found<Vec<Option<RevocationListRow>>> {
        each(of, |of| self.certificates.lists.get(of).cloned())
    }

    fn revocation_lists_page(
        &mut self,
        after: Partition,
        limit: usize,
    ) -> Found<Vec<RevocationListRow>> {
        page(self.certificates.lists.values(), limit, |row| row.partition > after)
    }

    fn lists_due(&mut self, at: Moment, limit: usize) -> Found<Vec<RevocationListRow>> {
        let due = |row: &RevocationListRow| row.due.is_some_and(|due| due <= at);
        let mut rows = page(self.certificates.lists.values(), usize::MAX, due)?;
        rows.sort_by_key(|row| (row.due, row.partition));
        rows.truncate(limit);
        Ok(rows)
    }

    fn ocsp_answers(&mut self, keys: &[OcspKey]) -> Found<Vec<Option<OcspAnswerRow>>> {
        each(keys, |key| self.certificates.answers.get(key).cloned())
    }

    fn newest_delegates(
        &mut self,
        authority: i64,
        purpose: i64,
        limit: usize,
    ) -> Found<Vec<DelegateRow>> {
        page(self.certificates.delegates.values().rev(), limit, |row| {
            row.key.authority == authority && row.key.purpose == purpose
        })
    }

    fn delegates_page(&mut self, after: DelegateKey, limit: usize) -> Found<Vec<DelegateRow>> {
        page(self.certificates.delegates.values(), limit, |row| row.key > after)
    }

    fn verifiers(&mut self, names: &[String]) -> Found<Vec<Option<VerifierRow>>> {
        each(names, |name| self.certificates.verifiers.get(name).cloned())
    }

    fn verifiers_page(&mut self, after: &str, limit: usize) -> Found<Vec<VerifierRow>> {
        page(self.certificates.verifiers.values(), limit, |row| &*row.name > after)
    }

    fn expiries(
        &mut self,
        authority: i64,
        after: (i64, Option<LocalGovernmentCode>),
        last: i64,
        limit: usize,
    ) -> Found<Vec<ExpiryRow>> {
        page(self.certificates.all_expiries().iter(), limit, |row| {
            row.authority == authority
                && (row.week, Some(row.municipality)) > after
                && row.week <= last
        })
    }
}
