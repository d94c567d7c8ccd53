//! Which certificate a caller means: by issuer and serial number, or by showing it.
//!
//! Who shows a certificate means these bytes: they are held against those that were issued, without
//! the authority's key, so that a thousand can be asked about at once.

use crate::authorities::Authorities;
use crate::certificates::known_as;
use crate::work::{Held, Work};
use authority::certificate::{Certificate, Standing};
use authority::trigger::RevocationReason;
use base::{Moment, PersonId, Problem};
use ports::rows::{CertificateId, certificate_state};
use seal::fields;
use std::fmt;
use x509::extension_id;
use zeroize::Zeroizing;

/// A certificate as a caller names it.
#[derive(Clone, PartialEq, Eq)]
pub enum CertificateNamed {
    /// By the key identifier of its issuer (authorities of several generations share a name) and
    /// its serial number.
    Number {
        /// The issuer's key identifier.
        issuer: [u8; 20],
        /// The serial number.
        serial: u64,
    },
    /// By its bytes, which read as a certificate.
    Shown(Zeroizing<Vec<u8>>),
}

/// What a name leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Found {
    /// A certificate that was issued, or was to be.
    Known(Box<Held>),
    /// One whose number is another's: of this person.
    OtherBytes(PersonId),
    /// An authority of ours, and no such number.
    NoSerial,
    /// No authority of ours.
    Foreign,
}

impl CertificateNamed {
    /// Names a certificate by showing it.
    ///
    /// # Errors
    /// The label of [`x509::CertificateRefusal`] for bytes that are not a certificate in DER.
    pub fn shown(der: Vec<u8>) -> Result<Self, Problem> {
        match x509::Certificate::parse(&der) {
            Ok(_) => Ok(Self::Shown(Zeroizing::new(der))),
            Err(refusal) => Err(Problem::from_refusal(refusal.label())),
        }
    }

    /// What was asked, as the ledger commits to it.
    pub(crate) fn content(&self) -> Zeroizing<Vec<u8>> {
        match self {
            Self::Number { issuer, serial } => {
                fields::pack(&["number", &hex(issuer), &serial.to_string()])
            }
            Self::Shown(der) => fields::pack(&["shown", &hex(&x509::sha256(der))]),
        }
    }

    fn id(&self, authorities: &Authorities) -> Option<Result<CertificateId, Found>> {
        let (issuer, serial) = match self {
            Self::Number { issuer, serial } => (Some(*issuer), Some(*serial)),
            Self::Shown(der) => {
                let read = x509::Certificate::parse(der).ok()?;
                (issuer_key(&read), read.serial().and_then(x509::Serial::to_u64))
            }
        };
        let authority = issuer.and_then(|issuer| authorities.by_key_identifier(&issuer));
        let Some(authority) = authority else { return Some(Err(Found::Foreign)) };
        let serial = serial.filter(|serial| (1..=SERIAL_MAX).contains(serial));
        let Some(serial) = serial else { return Some(Err(Found::NoSerial)) };
        Some(Ok(CertificateId { authority: authority.id(), serial }))
    }
}

/// Shows no certificate: it says who its holder is.
impl fmt::Debug for CertificateNamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number { serial, .. } => write!(f, "Number({serial})"),
            Self::Shown(_) => f.write_str("Shown(..)"),
        }
    }
}

/// Finds what names lead to, in their order, with the holders loaded.
pub(crate) fn find_all(
    work: &mut Work<'_>,
    named: &[CertificateNamed],
) -> Result<Vec<Found>, Problem> {
    let authorities = work.authorities()?;
    let places: Vec<Result<CertificateId, Found>> =
        named.iter().map(|one| one.id(&authorities).unwrap_or(Err(Found::Foreign))).collect();
    let ids: Vec<_> = places.iter().flatten().copied().collect();
    work.know_certificates(&ids)?;
    let mut persons = Vec::new();
    for id in &ids {
        persons.extend(work.certificate(*id)?.map(|held| held.intention.person));
    }
    persons.sort_unstable();
    persons.dedup();
    work.load(&persons)?;
    named.iter().zip(places).map(|(one, place)| found(work, one, place)).collect()
}

/// The same for one.
pub(crate) fn find(work: &mut Work<'_>, named: &CertificateNamed) -> Result<Found, Problem> {
    let found = find_all(work, std::slice::from_ref(named))?.pop();
    Ok(found.unwrap_or(Found::Foreign))
}

fn found(
    work: &mut Work<'_>,
    named: &CertificateNamed,
    place: Result<CertificateId, Found>,
) -> Result<Found, Problem> {
    let id = match place {
        Ok(id) => id,
        Err(nowhere) => return Ok(nowhere),
    };
    let Some(held) = work.certificate(id)? else { return Ok(Found::NoSerial) };
    if let CertificateNamed::Shown(der) = named {
        let issued = work.certificate_bytes(&held)?;
        if issued.is_none_or(|issued| *issued != **der) {
            return Ok(Found::OtherBytes(held.intention.person));
        }
    }
    Ok(Found::Known(Box::new(held)))
}

/// A certificate as the decisions know it.
pub(crate) fn known(work: &mut Work<'_>, held: &Held) -> Result<Certificate, Problem> {
    let authorities = work.authorities()?;
    let id = held.intention.id;
    known_as(authorities.by_id(id.authority)?.kind(), id.serial, held)
}

/// What is to be told of a certificate now. With its authority it is revoked too.
pub(crate) fn standing(work: &mut Work<'_>, held: &Held) -> Result<Standing, Problem> {
    let told = known(work, held)?.standing(work.now());
    let of_issuer = issuer_revoked(work, held.intention.id.authority)?;
    Ok(match (told, of_issuer) {
        (Standing::NotIssued | Standing::Revoked(..), _) | (_, None) => told,
        (_, Some(since)) => Standing::Revoked(since, RevocationReason::CaCompromise),
    })
}

/// Since when an authority's own certificate is revoked, if it is.
pub(crate) fn issuer_revoked(
    work: &mut Work<'_>,
    authority: i64,
) -> Result<Option<Moment>, Problem> {
    let authorities = work.authorities()?;
    let serial = authorities.by_id(authority)?.row.serial;
    let row = work.tx.statuses(&[(None, CertificateId { authority, serial })])?.pop().flatten();
    let revoked = row.filter(|row| row.state == certificate_state::REVOKED);
    Ok(revoked.map(|row| row.changed_at))
}

/// The key identifier of the issuer that a certificate names (RFC 5280 §4.2.1.1).
pub(crate) fn issuer_key(read: &x509::Certificate<'_>) -> Option<[u8; 20]> {
    let value = read.extension(&extension_id::AUTHORITY_KEY_IDENTIFIER)?.value;
    let contents = match value {
        [0x30, 0x81, _, rest @ ..] => rest,
        [0x30, 0x82, _, _, rest @ ..] => rest,
        [0x30, length, rest @ ..] if *length < 0x80 => rest,
        _ => return None,
    };
    // keyIdentifier comes first and is implicitly tagged 0.
    let identifier = contents.strip_prefix(&[0x80, 20])?;
    identifier.get(..20)?.try_into().ok()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The greatest serial number that the store can hold.
const SERIAL_MAX: u64 = (1 << 48) - 1;
