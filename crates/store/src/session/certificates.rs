//! `ports::CertificateView` over any engine: the queries of the certification authority.

use super::{Session, page};
use crate::engine::{Engine, Param, Type};
use crate::record::{
    Columns, blob, certificate, count, delegate, int, municipality_or_zero, ocsp, partition,
    status, text,
};
use crate::tables;
use base::{Moment, PersonId, Problem};
use numbers::LocalGovernmentCode;
use ports::CertificateView;
use ports::rows::{
    AuthorityRow, CertificateId, CertificateRow, CertificateStatusRow, DelegateKey, DelegateRow,
    ExpiryRow, IntentionHead, IntentionRow, OcspAnswerRow, OcspKey, Partition, RevocationListRow,
    StatusCounts, VerifierRow,
};

impl<E: Engine> CertificateView for Session<E> {
    fn authorities(&mut self) -> Result<Vec<AuthorityRow>, Problem> {
        self.rows("ORDER BY id", &[])
    }

    fn next_serial(&mut self, authority: i64) -> Result<u64, Problem> {
        let mut greatest = 0;
        for sql in GREATEST_SERIALS {
            let found = self.number_of(sql, &[int(authority)])?;
            greatest = greatest.max(found.unwrap_or(0).cast_unsigned());
        }
        Ok(greatest + 1)
    }

    fn intentions(&mut self, ids: &[CertificateId]) -> Result<Vec<Option<IntentionRow>>, Problem> {
        self.by_key(&BY_CERTIFICATE, &laid(ids))
    }

    fn intention_heads(
        &mut self,
        ids: &[CertificateId],
    ) -> Result<Vec<Option<IntentionHead>>, Problem> {
        self.by_key(&BY_CERTIFICATE, &laid(ids))
    }

    fn intentions_page(
        &mut self,
        authority: i64,
        after: u64,
        limit: usize,
    ) -> Result<Vec<IntentionRow>, Problem> {
        self.rows(SERIALS_AFTER, &[int(authority), count(after), page(limit)])
    }

    fn intention_heads_page(
        &mut self,
        authority: i64,
        after: u64,
        limit: usize,
    ) -> Result<Vec<IntentionHead>, Problem> {
        self.rows(SERIALS_AFTER, &[int(authority), count(after), page(limit)])
    }

    fn open_intentions(
        &mut self,
        after: CertificateId,
        limit: usize,
    ) -> Result<Vec<CertificateId>, Problem> {
        let sql = "SELECT authority, serial FROM certificate_open \
             WHERE (authority, serial) > ($1, $2) ORDER BY authority, serial LIMIT $3";
        let params = [int(after.authority), count(after.serial), page(limit)];
        let rows = self.ask(|engine| engine.query(sql, &params, &[Type::Int, Type::Int]))?;
        rows.into_iter().map(|row| Columns::new(row).certificate()).collect()
    }

    fn certificates(
        &mut self,
        ids: &[CertificateId],
    ) -> Result<Vec<Option<CertificateRow>>, Problem> {
        self.by_key(&BY_CERTIFICATE, &laid(ids))
    }

    fn certificates_page(
        &mut self,
        authority: i64,
        after: u64,
        limit: usize,
    ) -> Result<Vec<CertificateRow>, Problem> {
        self.rows(SERIALS_AFTER, &[int(authority), count(after), page(limit)])
    }

    fn certificates_of(
        &mut self,
        persons: &[PersonId],
    ) -> Result<Vec<Vec<CertificateId>>, Problem> {
        if persons.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<_> = persons.iter().map(|id| int(id.0)).collect();
        let table = &tables::CERTIFICATE_OF;
        let found = self.ask(|engine| engine.look_up_all(table, &["person"], &keys))?;
        let read = |row| {
            let mut columns = Columns::new(row);
            columns.skip();
            columns.certificate()
        };
        found.into_iter().map(|rows| rows.into_iter().map(read).collect()).collect()
    }

    fn key_holders(&mut self, digests: &[[u8; 32]]) -> Result<Vec<Option<CertificateId>>, Problem> {
        if digests.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<_> = digests.iter().map(|digest| blob(digest)).collect();
        let table = &tables::CERTIFICATE_KEY;
        let found = self.ask(|engine| engine.look_up(table, table.key, &keys))?;
        let read = |row| {
            let mut columns = Columns::new(row);
            columns.skip();
            columns.certificate()
        };
        found.into_iter().map(|row| row.map(read).transpose()).collect()
    }

    fn statuses(
        &mut self,
        keys: &[(Option<LocalGovernmentCode>, CertificateId)],
    ) -> Result<Vec<Option<CertificateStatusRow>>, Problem> {
        let laid: Vec<_> = keys.iter().flat_map(|(of, id)| status(*of, *id)).collect();
        self.by_key(tables::CERTIFICATE_STATUS.key, &laid)
    }

    fn statuses_page(
        &mut self,
        of: Partition,
        over: Option<Moment>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<CertificateStatusRow>, Problem> {
        let [authority, municipality] = partition(of);
        let over = int(over.map_or(i64::MIN, Moment::us));
        self.rows(
            "WHERE authority = $1 AND municipality = $2 AND serial > $3 \
             AND (not_after >= $4 OR changed_at > $4) ORDER BY serial LIMIT $5",
            &[authority, municipality, count(after), over, page(limit)],
        )
    }

    fn status_counts(&mut self, of: Partition) -> Result<StatusCounts, Problem> {
        let sql = "SELECT COALESCE(SUM(CASE state WHEN 1 THEN 1 ELSE 0 END), 0), \
             COALESCE(SUM(CASE state WHEN 2 THEN 1 ELSE 0 END), 0), COUNT(*) \
             FROM certificate_status WHERE authority = $1 AND municipality = $2";
        let params = partition(of);
        let types = [Type::Int, Type::Int, Type::Int];
        let row = self.ask(|engine| engine.query(sql, &params, &types))?.into_iter().next();
        let mut columns = Columns::new(row.unwrap_or_default());
        let (revoked, held, all) = (columns.count()?, columns.count()?, columns.count()?);
        Ok(StatusCounts { revoked, held, released: all - revoked - held })
    }

    fn next_status_partition(&mut self, after: Partition) -> Result<Option<Partition>, Problem> {
        let sql = "SELECT authority, municipality FROM certificate_status \
             WHERE (authority, municipality) > ($1, $2) ORDER BY authority, municipality LIMIT 1";
        let params = partition(after);
        let rows = self.ask(|engine| engine.query(sql, &params, &[Type::Int, Type::Int]))?;
        rows.into_iter().next().map(|row| Columns::new(row).partition()).transpose()
    }

    fn revocation_lists(
        &mut self,
        partitions: &[Partition],
    ) -> Result<Vec<Option<RevocationListRow>>, Problem> {
        let keys: Vec<_> = partitions.iter().flat_map(|of| partition(*of)).collect();
        self.by_key(tables::REVOCATION_LIST.key, &keys)
    }

    fn revocation_lists_page(
        &mut self,
        after: Partition,
        limit: usize,
    ) -> Result<Vec<RevocationListRow>, Problem> {
        let [authority, municipality] = partition(after);
        self.rows(
            "WHERE (authority, municipality) > ($1, $2) ORDER BY authority, municipality LIMIT $3",
            &[authority, municipality, page(limit)],
        )
    }

    fn lists_due(&mut self, at: Moment, limit: usize) -> Result<Vec<RevocationListRow>, Problem> {
        self.rows(
            "WHERE due <= $1 ORDER BY due, authority, municipality LIMIT $2",
            &[int(at.us()), page(limit)],
        )
    }

    fn ocsp_answers(&mut self, keys: &[OcspKey]) -> Result<Vec<Option<OcspAnswerRow>>, Problem> {
        let laid: Vec<_> = keys.iter().flat_map(|key| ocsp(*key)).collect();
        self.by_key(tables::OCSP_ANSWER.key, &laid)
    }

    fn newest_delegates(
        &mut self,
        authority: i64,
        purpose: i64,
        limit: usize,
    ) -> Result<Vec<DelegateRow>, Problem> {
        self.rows(
            "WHERE authority = $1 AND purpose = $2 ORDER BY serial DESC LIMIT $3",
            &[int(authority), int(purpose), page(limit)],
        )
    }

    fn delegates_page(
        &mut self,
        after: DelegateKey,
        limit: usize,
    ) -> Result<Vec<DelegateRow>, Problem> {
        let [authority, purpose, serial] = delegate(after);
        self.rows(
            "WHERE (authority, purpose, serial) > ($1, $2, $3) \
             ORDER BY authority, purpose, serial LIMIT $4",
            &[authority, purpose, serial, page(limit)],
        )
    }

    fn verifiers(&mut self, names: &[String]) -> Result<Vec<Option<VerifierRow>>, Problem> {
        let keys: Vec<_> = names.iter().map(|name| text(name)).collect();
        self.by_key(tables::VERIFIER.key, &keys)
    }

    fn verifiers_page(&mut self, after: &str, limit: usize) -> Result<Vec<VerifierRow>, Problem> {
        self.rows("WHERE name > $1 ORDER BY name LIMIT $2", &[text(after), page(limit)])
    }

    fn expiries(
        &mut self,
        authority: i64,
        (week, of): (i64, Option<LocalGovernmentCode>),
        last: i64,
        limit: usize,
    ) -> Result<Vec<ExpiryRow>, Problem> {
        self.rows(
            "WHERE authority = $1 AND (week, municipality) > ($2, $3) AND week <= $4 \
             ORDER BY week, municipality LIMIT $5",
            &[int(authority), int(week), municipality_or_zero(of), int(last), page(limit)],
        )
    }
}

/// The key columns of these certificates, end to end.
pub(super) fn laid(ids: &[CertificateId]) -> Vec<Param<'static>> {
    ids.iter().flat_map(|id| certificate(*id)).collect()
}

const BY_CERTIFICATE: [&str; 2] = ["authority", "serial"];

const SERIALS_AFTER: &str = "WHERE authority = $1 AND serial > $2 ORDER BY serial LIMIT $3";

/// Each finds one end of a key.
const GREATEST_SERIALS: [&str; 3] = [
    "SELECT MAX(serial) FROM certificate_intention WHERE authority = $1",
    "SELECT MAX(serial) FROM delegate WHERE authority = $1",
    "SELECT serial FROM certification_authority WHERE id = $1",
];
