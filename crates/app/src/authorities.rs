//! The certification authorities of the platform, as the use cases see them: read from their rows,
//! with certificate and key opened.

use crate::work::broken;
use authority::CertificateKind;
use authority::profile::Issuer;
use base::{Problem, labels};
use ports::rows::{AuthorityRow, authority_kind, authority_state};
use ports::{KeyLabel, View};
use std::sync::Arc;
use x509::{Certificate, KeyAlgorithm, PublicKey};

/// An authority: one generation of a hierarchy.
#[derive(Clone, Debug)]
pub struct Authority {
    /// Its row.
    pub row: AuthorityRow,
    /// Its key.
    pub key: KeyLabel,
    /// Hierarchy, name, serial number and public key, as its certificate shows them.
    pub issuer: Issuer,
}

/// All authorities.
#[derive(Clone, Default, Debug)]
pub struct Authorities(Vec<Arc<Authority>>);

impl Authority {
    fn open(row: AuthorityRow) -> Result<Self, Problem> {
        let kind = CertificateKind::ALL.into_iter().find(|kind| stored(*kind) == row.kind);
        let kind = kind.ok_or_else(|| broken("an authority of an unknown kind"))?;
        let key = row.key_label.parse().map_err(|_| broken("an authority without a key label"))?;
        let unreadable = || broken("an authority's certificate does not parse");
        let read = Certificate::parse(&row.certificate).map_err(|_| unreadable())?;
        let issuer = Issuer::of_certificate(kind, &read).ok_or_else(unreadable)?;
        Ok(Self { key, issuer, row })
    }

    /// Its row number.
    pub fn id(&self) -> i64 {
        self.row.id
    }

    /// The word of the API that tells it from all others: hierarchy and generation, as they stand
    /// in the addresses of its lists.
    pub fn word(&self) -> String {
        format!("{}/{}", self.kind().word(), self.issuer.generation())
    }

    /// What it certifies.
    pub fn kind(&self) -> CertificateKind {
        self.issuer.hierarchy
    }

    /// Its public key.
    pub fn public(&self) -> &PublicKey {
        &self.issuer.public_key
    }

    /// What it signs with.
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.public().algorithm()
    }

    /// Whether it issues certificates.
    pub fn issues(&self) -> bool {
        self.row.state == authority_state::ISSUING
    }
}

impl Authorities {
    /// Reads all of them.
    pub fn read(view: &mut (impl View + ?Sized)) -> Result<Self, Problem> {
        let rows = view.authorities()?.into_iter();
        rows.map(|row| Authority::open(row).map(Arc::new)).collect::<Result<_, _>>().map(Self)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, by row number.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Authority>> {
        self.0.iter()
    }

    /// The authority of this row number.
    pub fn by_id(&self, id: i64) -> Result<&Arc<Authority>, Problem> {
        let found = self.0.iter().find(|authority| authority.id() == id);
        found.ok_or_else(|| broken("a certificate of no authority"))
    }

    /// The authority of this key identifier (RFC 5280 §4.2.1.2): names are shared by generations.
    pub fn by_key_identifier(&self, identifier: &[u8]) -> Option<&Arc<Authority>> {
        self.0.iter().find(|authority| authority.public().key_identifier() == identifier)
    }

    /// The newest authority of a hierarchy that issues, of this algorithm if one is asked for.
    pub fn issuing(
        &self,
        kind: CertificateKind,
        algorithm: Option<KeyAlgorithm>,
    ) -> Result<&Arc<Authority>, Problem> {
        let fits = |authority: &&Arc<Authority>| {
            authority.kind() == kind
                && authority.issues()
                && algorithm.is_none_or(|asked| asked == authority.algorithm())
        };
        let newest = self.0.iter().filter(fits).max_by_key(|authority| authority.row.generation);
        newest.ok_or_else(|| Problem::new(&labels::AUTHORITY_ABSENT, kind.word()))
    }
}

/// A hierarchy as it is stored.
pub(crate) const fn stored(kind: CertificateKind) -> i64 {
    match kind {
        CertificateKind::Signature => authority_kind::SIGNATURE,
        CertificateKind::Authentication => authority_kind::AUTHENTICATION,
    }
}
