//! The certification authorities of the platform, as the use cases see them: read from their rows,
//! with certificate and key opened.

use crate::work::broken;
use authority::CertificateKind;
use base::{Problem, labels};
use ports::rows::{AuthorityRow, authority_kind, authority_state};
use ports::{KeyLabel, View};
use std::fmt;
use std::sync::Arc;
use x509::{Certificate, KeyAlgorithm, Name, PublicKey, Serial};

/// What an authority certifies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Hierarchy {
    /// Certificates of one kind, of persons.
    Persons(CertificateKind),
    /// What the platform itself needs: time stamps.
    Platform,
}

/// An authority: one generation of a hierarchy.
#[derive(Clone, Debug)]
pub struct Authority {
    /// Its row.
    pub row: AuthorityRow,
    /// What it certifies.
    pub hierarchy: Hierarchy,
    /// Its key.
    pub key: KeyLabel,
    /// The public half.
    pub public: PublicKey,
    /// Its name.
    pub name: Name,
    /// The serial number of its own certificate.
    pub serial: Serial,
}

/// All authorities.
#[derive(Clone, Default, Debug)]
pub struct Authorities(Vec<Arc<Authority>>);

impl Hierarchy {
    /// All hierarchies.
    pub const ALL: [Self; 3] = [
        Self::Persons(CertificateKind::Signature),
        Self::Persons(CertificateKind::Authentication),
        Self::Platform,
    ];

    /// The word of commands, keys and files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Persons(kind) => kind.word(),
            Self::Platform => "platform",
        }
    }

    /// The hierarchy of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hierarchy| hierarchy.word() == word)
    }

    /// As it is stored.
    pub const fn stored(self) -> i64 {
        match self {
            Self::Persons(CertificateKind::Signature) => authority_kind::SIGNATURE,
            Self::Persons(CertificateKind::Authentication) => authority_kind::AUTHENTICATION,
            Self::Platform => authority_kind::PLATFORM,
        }
    }

    /// The label of the key of a generation.
    pub fn key_label(self, generation: i64) -> Result<KeyLabel, Problem> {
        format!("ca-{}/{generation}", self.word()).parse().map_err(Problem::from)
    }
}

impl Authority {
    fn open(row: AuthorityRow) -> Result<Self, Problem> {
        let stored = |hierarchy: &Hierarchy| hierarchy.stored() == row.kind;
        let hierarchy = Hierarchy::ALL.into_iter().find(stored);
        let hierarchy = hierarchy.ok_or_else(|| broken("an authority of an unknown kind"))?;
        let key = row.key_label.parse().map_err(|_| broken("an authority without a key label"))?;
        let unreadable = || broken("an authority's certificate does not parse");
        let read = Certificate::parse(&row.certificate).map_err(|_| unreadable())?;
        let public = read.public_key().map_err(|_| unreadable())?;
        let name = read.subject_name().map_err(|_| unreadable())?;
        let serial = read.serial().ok_or_else(unreadable)?;
        Ok(Self { hierarchy, key, public, name, serial, row })
    }

    /// Its row number.
    pub fn id(&self) -> i64 {
        self.row.id
    }

    /// What it signs with.
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.public.algorithm()
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
        self.0.iter().find(|authority| authority.public.key_identifier() == identifier)
    }

    /// The newest authority of a hierarchy that issues, of this algorithm if one is asked for.
    pub fn issuing(
        &self,
        hierarchy: Hierarchy,
        algorithm: Option<KeyAlgorithm>,
    ) -> Result<&Arc<Authority>, Problem> {
        let fits = |authority: &&Arc<Authority>| {
            authority.hierarchy == hierarchy
                && authority.issues()
                && algorithm.is_none_or(|asked| asked == authority.algorithm())
        };
        let newest = self.0.iter().filter(fits).max_by_key(|authority| authority.row.generation);
        newest.ok_or_else(|| Problem::new(&labels::AUTHORITY_ABSENT, hierarchy.word()))
    }
}

impl fmt::Display for Hierarchy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
