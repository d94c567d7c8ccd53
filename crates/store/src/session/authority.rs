//! Writing what the certification authority keeps, and what hangs on it.
//!
//! Owns `certificate_open`, `certificate_of`, `certificate_key` and `certificate_expiry`: they
//! follow the intentions, outcomes and statuses that come in, each in the order of its key. Holds
//! that a serial number is used once, that a public key is in one intention only, and that nothing
//! is said of a certificate that nobody meant.

use super::Session;
use super::certificates::laid;
use crate::engine::{Engine, Type};
use crate::record::{Columns, blob, certificate, int};
use crate::tables;
use base::{Moment, Problem, labels};
use numbers::LocalGovernmentCode;
use ports::CertificateView as _;
use ports::rows::{
    CertificateId, CertificateRow, CertificateStatusRow, Changes, DelegateRow, ExpiryRow,
    IntentionHead, IntentionRow, certificate_state, week_in_japan,
};
use std::collections::BTreeMap;

/// What is added to the counts of a week and a municipality: certificates, and revoked ones.
#[derive(Default)]
struct Expiries(BTreeMap<(i64, i64, LocalGovernmentCode), [i64; 2]>);

impl Expiries {
    fn add(&mut self, head: &IntentionHead, certificates: i64, revoked: i64) {
        let key = (head.id.authority, week_in_japan(head.not_after), head.municipality);
        let sums = self.0.entry(key).or_default();
        sums[0] += certificates;
        sums[1] += revoked;
    }
}

impl<E: Engine> Session<E> {
    pub(super) fn write_authority(&mut self, changes: &Changes) -> Result<(), Problem> {
        self.write_rows(&changes.authorities)?;
        self.check_serials(&changes.intentions, &changes.delegates)?;
        self.write_rows(&changes.delegates)?;
        let mut expiries = Expiries::default();
        self.write_intentions(&changes.intentions, &mut expiries)?;
        self.write_certificates(&changes.certificates, &mut expiries)?;
        self.write_statuses(&changes.statuses, &mut expiries)?;
        self.write_expiries(&expiries)?;
        self.write_rows(&changes.revocation_lists)?;
        self.write_rows(&changes.ocsp_answers)?;
        self.write_rows(&changes.verifiers)
    }

    /// Serial numbers of persons' certificates go on from the greatest that was ever given. A
    /// delegate's was put aside before its key was asked, and others may have passed it since: it
    /// must be free.
    fn check_serials(
        &mut self,
        intentions: &[IntentionRow],
        delegates: &[DelegateRow],
    ) -> Result<(), Problem> {
        let mut own: Vec<_> = intentions.iter().map(|row| row.head.id).collect();
        let id = |row: &DelegateRow| CertificateId {
            authority: row.key.authority,
            serial: row.key.serial,
        };
        let apart: Vec<_> = delegates.iter().map(id).collect();
        let mut ids: Vec<_> = own.iter().chain(&apart).copied().collect();
        ids.sort_unstable();
        if ids.windows(2).any(|pair| pair[0] == pair[1]) {
            return self.refuse("a serial number twice");
        }
        own.sort_unstable();
        for first in own.chunk_by(|a, b| a.authority == b.authority).filter_map(<[_]>::first) {
            if first.serial < self.next_serial(first.authority)? {
                return self.refuse("a serial number that was passed");
            }
        }
        let passed = self.intention_heads(&apart)?.iter().any(Option::is_some);
        if passed || self.are_of_authorities(&apart)? {
            return self.refuse("a serial number twice");
        }
        Ok(())
    }

    /// Whether an authority or a delegate has one of these serial numbers.
    fn are_of_authorities(&mut self, ids: &[CertificateId]) -> Result<bool, Problem> {
        for id in ids {
            let taken = self.number_of(SERIAL_OF_AUTHORITY, &certificate(*id))?;
            if taken.unwrap_or(0) != 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn write_intentions(
        &mut self,
        rows: &[IntentionRow],
        expiries: &mut Expiries,
    ) -> Result<(), Problem> {
        self.write_rows(rows)?;
        let mut ids: Vec<_> = rows.iter().map(|row| row.head.id).collect();
        ids.sort_unstable();
        self.put(&tables::CERTIFICATE_OPEN, &laid(&ids))?;
        let mut persons: Vec<_> = rows.iter().map(|row| (row.head.person, row.head.id)).collect();
        persons.sort_unstable();
        let mut values = Vec::with_capacity(persons.len() * 3);
        for (person, id) in persons {
            values.push(int(person.0));
            values.extend(certificate(id));
        }
        self.put(&tables::CERTIFICATE_OF, &values)?;
        let mut keys: Vec<_> = rows.iter().map(|row| (&row.head.key_digest, row.head.id)).collect();
        keys.sort_unstable();
        let mut values = Vec::with_capacity(keys.len() * 3);
        for (digest, id) in keys {
            values.push(blob(digest));
            values.extend(certificate(id));
        }
        self.put(&tables::CERTIFICATE_KEY, &values)?;
        rows.iter().for_each(|row| expiries.add(&row.head, 1, 0));
        Ok(())
    }

    /// Outcomes close their cases. One without a certificate is no certificate that ends.
    fn write_certificates(
        &mut self,
        rows: &[CertificateRow],
        expiries: &mut Expiries,
    ) -> Result<(), Problem> {
        self.write_rows(rows)?;
        let mut ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        ids.sort_unstable();
        self.delete(&tables::CERTIFICATE_OPEN, &laid(&ids))?;
        let closed = rows.iter().filter(|row| row.signature.is_none());
        let closed: Vec<_> = closed.map(|row| row.id).collect();
        let heads: Vec<_> = self.intention_heads(&closed)?.into_iter().flatten().collect();
        let keys: Vec<_> = heads.iter().map(|head| (Some(head.municipality), head.id)).collect();
        for (head, status) in heads.iter().zip(self.statuses(&keys)?) {
            expiries.add(head, -1, -i64::from(is_revoked(status.as_ref())));
        }
        Ok(())
    }

    /// What is said of a certificate agrees with what was meant to be in it, if it is a person's.
    fn write_statuses(
        &mut self,
        rows: &[CertificateStatusRow],
        expiries: &mut Expiries,
    ) -> Result<(), Problem> {
        // The last row of a certificate is the one that stays.
        let last: BTreeMap<_, _> =
            rows.iter().map(|row| ((row.municipality, row.id), row)).collect();
        let keys: Vec<_> = last.keys().copied().collect();
        let ids: Vec<_> = keys.iter().map(|(_, id)| *id).collect();
        let before = self.statuses(&keys)?;
        let heads = self.intention_heads(&ids)?;
        let outcomes = self.certificates(&ids)?;
        for (((row, before), head), outcome) in last.values().zip(before).zip(heads).zip(outcomes) {
            let end = head.map(|head| head.not_after);
            if head.map(|head| head.municipality) != row.municipality
                || end.is_some_and(|end| end != row.not_after)
            {
                return self.refuse("a status of no certificate");
            }
            let closed = outcome.is_some_and(|outcome| outcome.signature.is_none());
            if let Some(head) = head.filter(|_| !closed)
                && is_revoked(Some(row))
                && !is_revoked(before.as_ref())
            {
                expiries.add(&head, 0, 1);
            }
        }
        self.write_rows(rows)
    }

    fn write_expiries(&mut self, expiries: &Expiries) -> Result<(), Problem> {
        let changed = expiries.0.iter().filter(|(_, added)| **added != [0, 0]);
        let changed: Vec<_> = changed.collect();
        let key = |(authority, week, of): &(i64, i64, LocalGovernmentCode)| {
            [int(*authority), int(*week), crate::record::municipality(*of)]
        };
        let keys: Vec<_> = changed.iter().flat_map(|(at, _)| key(at)).collect();
        let there = self.by_key::<ExpiryRow>(tables::CERTIFICATE_EXPIRY.key, &keys)?;
        let rows = changed.into_iter().zip(there).map(|((key, [certificates, revoked]), there)| {
            let (authority, week, municipality) = *key;
            let before = there.map_or([0, 0], |row| [row.certificates, row.revoked]);
            ExpiryRow {
                authority,
                week,
                municipality,
                certificates: before[0].wrapping_add_signed(*certificates),
                revoked: before[1].wrapping_add_signed(*revoked),
            }
        });
        self.write_rows(&rows.collect::<Vec<_>>())
    }

    pub(super) fn forget_ended(&mut self, before: Moment, limit: usize) -> Result<usize, Problem> {
        let sql = "SELECT authority, serial, id_hash FROM ocsp_answer WHERE next_update < $1 \
             ORDER BY next_update, authority, serial, id_hash LIMIT $2";
        let params = [int(before.us()), super::page(limit)];
        let types = [Type::Int, Type::Int, Type::Int];
        let rows = self.ask(|engine| engine.query(sql, &params, &types))?;
        let ended = rows.len();
        let mut keys = Vec::with_capacity(ended * 3);
        for row in rows {
            let mut columns = Columns::new(row);
            keys.extend([int(columns.int()?), int(columns.int()?), int(columns.int()?)]);
        }
        self.delete(&tables::OCSP_ANSWER, &keys)?;
        Ok(ended)
    }

    /// Fails as the database would.
    fn refuse(&mut self, why: &str) -> Result<(), Problem> {
        let refused = Problem::new(&labels::STORE_CONSTRAINT, why);
        self.ask(|_| Err(refused))
    }

    /// Where the authority's tables do not agree with each other.
    pub(crate) fn authority_faults(&mut self) -> Result<Vec<String>, Problem> {
        let mut faults = Vec::new();
        for (what, sql) in AUTHORITY_FAULTS {
            let count = self.number(sql)?.unwrap_or(0);
            if count != 0 {
                faults.push(format!("{what}: {count}"));
            }
        }
        Ok(faults)
    }
}

fn is_revoked(row: Option<&CertificateStatusRow>) -> bool {
    row.is_some_and(|row| row.state == certificate_state::REVOKED)
}

/// How many authorities and delegates have a serial number.
const SERIAL_OF_AUTHORITY: &str = "SELECT \
     (SELECT COUNT(*) FROM certification_authority WHERE id = $1 AND serial = $2) \
     + (SELECT COUNT(*) FROM delegate WHERE authority = $1 AND serial = $2)";

/// Each counts rows that should not be.
const AUTHORITY_FAULTS: [(&str, &str); 11] = [
    (
        "intentions without their person",
        "SELECT COUNT(*) FROM certificate_intention i \
         WHERE NOT EXISTS (SELECT 1 FROM person p WHERE p.id = i.person)",
    ),
    (
        "intentions that their person does not have",
        "SELECT COUNT(*) FROM certificate_intention i WHERE NOT EXISTS \
         (SELECT 1 FROM certificate_of o WHERE o.person = i.person \
         AND o.authority = i.authority AND o.serial = i.serial)",
    ),
    (
        "persons without their intention",
        "SELECT (SELECT COUNT(*) FROM certificate_of) - (SELECT COUNT(*) FROM certificate_intention)",
    ),
    (
        "intentions without their public key",
        "SELECT COUNT(*) FROM certificate_intention i WHERE NOT EXISTS \
         (SELECT 1 FROM certificate_key k WHERE k.key_digest = i.key_digest \
         AND k.authority = i.authority AND k.serial = i.serial)",
    ),
    (
        "public keys without their intention",
        "SELECT (SELECT COUNT(*) FROM certificate_key) \
         - (SELECT COUNT(*) FROM certificate_intention)",
    ),
    (
        "closed cases that are open",
        "SELECT COUNT(*) FROM certificate_open o WHERE EXISTS (SELECT 1 FROM certificate c \
         WHERE c.authority = o.authority AND c.serial = o.serial)",
    ),
    (
        "intentions neither open nor closed",
        "SELECT (SELECT COUNT(*) FROM certificate_intention) - (SELECT COUNT(*) FROM certificate) \
         - (SELECT COUNT(*) FROM certificate_open)",
    ),
    (
        "statuses of no certificate",
        "SELECT COUNT(*) FROM certificate_status s LEFT JOIN certificate_intention i \
         ON i.authority = s.authority AND i.serial = s.serial \
         WHERE COALESCE(i.municipality, 0) <> s.municipality OR i.not_after <> s.not_after",
    ),
    (
        "serial numbers given twice",
        "SELECT COUNT(*) FROM delegate d WHERE EXISTS (SELECT 1 FROM certificate_intention i \
         WHERE i.authority = d.authority AND i.serial = d.serial)",
    ),
    (
        "certificates beside the counts of what ends",
        "SELECT (SELECT COUNT(*) FROM certificate_intention) \
         - (SELECT COUNT(*) FROM certificate WHERE signature IS NULL) \
         - (SELECT CAST(COALESCE(SUM(certificates), 0) AS BIGINT) FROM certificate_expiry)",
    ),
    (
        "revocations beside the counts of what ends",
        "SELECT (SELECT COUNT(*) FROM certificate_status s WHERE s.state = 1 \
         AND s.municipality <> 0 AND NOT EXISTS (SELECT 1 FROM certificate c \
         WHERE c.authority = s.authority AND c.serial = s.serial AND c.signature IS NULL)) \
         - (SELECT CAST(COALESCE(SUM(revoked), 0) AS BIGINT) FROM certificate_expiry)",
    ),
];
