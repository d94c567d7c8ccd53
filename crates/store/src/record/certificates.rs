//! The certification authority's rows as parameters and back.

use super::{Columns, Record, blob, count, int, municipality, shape, text};
use crate::engine::Param;
use crate::tables::{self, Table};
use base::{Moment, PersonId, Problem};
use numbers::LocalGovernmentCode;
use ports::rows::{
    AuthorityRow, CertificateId, CertificateRow, CertificateStatusRow, DelegateKey, DelegateRow,
    ExpiryRow, IntentionHead, IntentionRow, OcspAnswerRow, OcspKey, Partition, RevocationListRow,
    VerifierRow,
};

impl Columns {
    fn moment(&mut self) -> Result<Moment, Problem> {
        self.int().map(Moment::from_us)
    }

    fn moment_or_null(&mut self) -> Result<Option<Moment>, Problem> {
        Ok(self.int_or_null()?.map(Moment::from_us))
    }

    fn count_or_null(&mut self) -> Result<Option<u64>, Problem> {
        self.int_or_null()?.map(|value| u64::try_from(value).map_err(|_| shape())).transpose()
    }

    /// A municipality, or 0 for none.
    fn municipality_or_zero(&mut self) -> Result<Option<LocalGovernmentCode>, Problem> {
        let code = u32::try_from(self.int()?).map_err(|_| shape())?;
        let code = (code > 0).then(|| LocalGovernmentCode::from_u32(code));
        code.transpose().map_err(|_| shape())
    }

    pub(crate) fn certificate(&mut self) -> Result<CertificateId, Problem> {
        Ok(CertificateId { authority: self.int()?, serial: self.count()? })
    }

    pub(crate) fn partition(&mut self) -> Result<Partition, Problem> {
        Ok(Partition { authority: self.int()?, municipality: self.municipality_or_zero()? })
    }
}

/// A municipality as it is stored where there may be none.
pub(crate) fn municipality_or_zero(code: Option<LocalGovernmentCode>) -> Param<'static> {
    code.map_or(int(0), municipality)
}

/// A certificate's key columns.
pub(crate) const fn certificate(id: CertificateId) -> [Param<'static>; 2] {
    [int(id.authority), count(id.serial)]
}

/// A partition's key columns.
pub(crate) fn partition(of: Partition) -> [Param<'static>; 2] {
    [int(of.authority), municipality_or_zero(of.municipality)]
}

/// A status's key columns, in their order.
pub(crate) fn status(
    municipality: Option<LocalGovernmentCode>,
    id: CertificateId,
) -> [Param<'static>; 3] {
    [int(id.authority), municipality_or_zero(municipality), count(id.serial)]
}

/// A kept answer's key columns.
pub(crate) const fn ocsp(key: OcspKey) -> [Param<'static>; 3] {
    [int(key.id.authority), count(key.id.serial), int(key.id_hash)]
}

/// A delegate's key columns.
pub(crate) const fn delegate(key: DelegateKey) -> [Param<'static>; 3] {
    [int(key.authority), int(key.purpose), count(key.serial)]
}

const fn moment(at: Moment) -> Param<'static> {
    int(at.us())
}

fn moment_or_null(at: Option<Moment>) -> Param<'static> {
    Param::Int(at.map(Moment::us))
}

impl Record for AuthorityRow {
    const TABLE: &'static Table = &tables::AUTHORITY;

    fn push<'a>(&'a self, out: &mut Vec<Param<'a>>) {
        out.extend([
            int(self.id),
            int(self.kind),
            int(self.generation),
            text(&self.key_label),
            text(&self.algorithm),
            count(self.serial),
            blob(&self.certificate),
            int(self.state),
            count(self.act.0),
        ]);
    }

    fn read(columns: &mut Columns) -> Result<Self, Problem> {
        Ok(Self {
            id: columns.int()?,
            kind: columns.int()?,
            generation: columns.int()?,
            key_label: columns.text()?,
            algorithm: columns.text()?,
            serial: columns.count()?,
            certificate: columns.blob()?,
            state: columns.int()?,
            act: columns.act()?,
        })
    }
}

impl Record for IntentionHead {
    const TABLE: &'static Table = &tables::INTENTION_HEAD;

    fn push<'a>(&'a self, out: &mut Vec<Param<'a>>) {
        out.extend(certificate(self.id));
        out.extend([
            int(self.person.0),
            municipality(self.municipality),
            moment(self.not_before),
            moment(self.not_after),
            blob(&self.key_digest),
            int(self.key_generation),
            count(self.act.0),
        ]);
    }

    fn read(columns: &mut Columns) -> Result<Self, Problem> {
        Ok(Self {
            id: columns.certificate()?,
            person: PersonId(columns.int()?),
            municipality: columns.municipality()?,
            not_before: columns.moment()?,
            not_after: columns.moment()?,
            key_digest: columns.array()?,
            key_generation: columns.int()?,
            act: columns.act()?,
        })
    }
}

impl Record for IntentionRow {
    const TABLE: &'static Table = &tables::INTENTION;

    fn push<'a>(&'a self, out: &mut Vec<Param<'a>>) {
        self.head.push(out);
        out.push(blob(&self.tbs));
    }

    fn read(columns: &mut Columns) -> Result<Self, Problem> {
        Ok(Self { head: IntentionHead::read(columns)?, tbs: columns.blob()? })
    }
}

impl Record for CertificateRow {
    const TABLE: &'static Table = &tables::CERTIFICATE;

    fn push<'a>(&'a self, out: &mut Vec<Param<'a>>) {
        out.extend(certificate(self.id));
        out.extend([Param::Blob(self.signature.as_deref()), count(self.act.0)]);
    }

    fn read(columns: &mut Columns) -> Result<Self, Problem> {
        Ok(Self {
            id: columns.certificate()?,
            signature: columns.blob_or_null()?,
            act: columns.act()?,
        })
    }
}

impl Record for ExpiryRow {
    const TABLE: &'static Table = &tables::CERTIFICATE_EXPIRY;

    fn push<'a>(&'a self, out: &mut Vec<Param<'a>>) {
        out.extend([
            int(self.authority),
            int(self.week),
            municipality(self.municipality),
            count(self.certificates),
            count(self.revoked),
        ]);
    }

    fn read(columns: &mut Columns) -> Result<Self, Problem> {
        Ok(Self {
            authority: columns.int()?,
            week: columns.int()?,
            municipality: columns.municipality()?,
            certificates: columns.count()?,
            revoked: columns.count()?,
        })
    }
}

impl Record for CertificateStatusRow {
    const TABLE: &'static Table = &tables::CERTIFICATE_STATUS;

    fn push<'a>(&'a self, out: &mut Vec<Param<'a>>) {
        out.extend(status(self.municipality, self.id));
        out.extend([
            int(self.state),
            int(self.reason),
            moment(self.changed_at),
            moment_or_null(self.invalid_from),
            moment(self.not_after),
            count(self.act.0),
        ]);
    }

    fn read(columns: &mut Columns) -> Result<Self, Problem> {
        let Partition { authority, municipality } = columns.partition()?;
        Ok(Self {
            municipality,
            id: CertificateId { authority, serial: columns.count()? },
            state: columns.int()?,
            reason: columns.int()?,
            changed_at: columns.moment()?,
            invalid_from: columns.moment_or_null()?,
            not_after: columns.moment()?,
            act: columns.act()?,
        })
    }
}

impl Record for RevocationListRow {
    const TABLE: &'static Table = &tables::REVOCATION_LIST;

    fn push<'a>(&'a self, out: &mut Vec<Param<'a>>) {
        out.extend(partition(self.partition));
        out.extend([
            count(self.number),
            count(self.published),
            Param::Int(self.base_number.map(u64::cast_signed)),
            moment_or_null(self.base_at),
            Param::Int(self.before_number.map(u64::cast_signed)),
            moment_or_null(self.before_at),
            moment(self.this_update),
            moment(self.next_update),
            moment_or_null(self.due),
        ]);
    }

    fn read(columns: &mut Columns) -> Result<Self, Problem> {
        Ok(Self {
            partition: columns.partition()?,
            number: columns.count()?,
            published: columns.count()?,
            base_number: columns.count_or_null()?,
            base_at: columns.moment_or_null()?,
            before_number: columns.count_or_null()?,
            before_at: columns.moment_or_null()?,
            this_update: columns.moment()?,
            next_update: columns.moment()?,
            due: columns.moment_or_null()?,
        })
    }
}

impl Record for OcspAnswerRow {
    const TABLE: &'static Table = &tables::OCSP_ANSWER;

    fn push<'a>(&'a self, out: &mut Vec<Param<'a>>) {
        out.extend(ocsp(self.key));
        out.extend([moment(self.this_update), moment(self.next_update), blob(&self.answer)]);
    }

    fn read(columns: &mut Columns) -> Result<Self, Problem> {
        Ok(Self {
            key: OcspKey { id: columns.certificate()?, id_hash: columns.int()? },
            this_update: columns.moment()?,
            next_update: columns.moment()?,
            answer: columns.blob()?,
        })
    }
}

impl Record for DelegateRow {
    const TABLE: &'static Table = &tables::DELEGATE;

    fn push<'a>(&'a self, out: &mut Vec<Param<'a>>) {
        out.extend(delegate(self.key));
        out.extend([
            text(&self.key_label),
            moment(self.not_after),
            blob(&self.certificate),
            count(self.act.0),
        ]);
    }

    fn read(columns: &mut Columns) -> Result<Self, Problem> {
        let (authority, purpose) = (columns.int()?, columns.int()?);
        Ok(Self {
            key: DelegateKey { authority, purpose, serial: columns.count()? },
            key_label: columns.text()?,
            not_after: columns.moment()?,
            certificate: columns.blob()?,
            act: columns.act()?,
        })
    }
}

impl Record for VerifierRow {
    const TABLE: &'static Table = &tables::VERIFIER;

    fn push<'a>(&'a self, out: &mut Vec<Param<'a>>) {
        out.extend([
            text(&self.name),
            int(self.kind),
            int(self.state),
            moment(self.since),
            count(self.act.0),
        ]);
    }

    fn read(columns: &mut Columns) -> Result<Self, Problem> {
        Ok(Self {
            name: columns.text()?,
            kind: columns.int()?,
            state: columns.int()?,
            since: columns.moment()?,
            act: columns.act()?,
        })
    }
}
