//! Keys as objects of a token. The label is CKA_LABEL. CKA_ID says that the key is the platform's,
//! what it is for, when it was made, and eight drawn bytes that tell a copy of a key from another
//! key; both halves of a pair share it. Objects without such a CKA_ID are somebody else's. Assumes
//! a token that keeps a CKA_ID of 25 bytes, as all do that leave its length to the application.

use super::fault::Trouble;
use crate::failure::Failure;
use crate::message::{HeldKey, kind_code, kind_of};
use crate::wire::Reader;
use base::Moment;
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use der::asn1::{OctetStringRef, UintRef};
use der::{Decode, Encode, Sequence};
use numbers::assignment::RemoteWalkingFf1;
use ports::{KeyInfo, KeyKind, KeyLabel};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use x509::{KeyAlgorithm, PublicKey};

/// A key of the platform on the token.
pub(super) struct KeyOnToken {
    pub(super) held: HeldKey,
    /// The secret key, or the private half.
    pub(super) object: ObjectHandle,
    pub(super) public: Option<ObjectHandle>,
    /// More than one key has this label.
    pub(super) is_one_of_many: bool,
    /// The domains that a permutation key was asked for so far.
    pub(super) walks: Mutex<HashMap<(u32, u64), Arc<RemoteWalkingFf1>>>,
}

/// What CKA_ID says of a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Mark {
    pub(super) kind: KeyKind,
    pub(super) created: Moment,
    pub(super) identity: [u8; 8],
}

impl KeyOnToken {
    pub(super) fn label(&self) -> &str {
        self.held.info.label.as_str()
    }

    /// Whether this is the same key at the same handles.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.held == other.held
            && (self.object, self.public) == (other.object, other.public)
            && self.is_one_of_many == other.is_one_of_many
    }
}

impl Mark {
    pub(super) fn encode(&self) -> Vec<u8> {
        let (kind, created) = (kind_code(self.kind), self.created.us().to_be_bytes());
        [MARK, &[kind], &created, &self.identity].concat()
    }

    pub(super) fn decode(id: &[u8]) -> Option<Self> {
        let mut from = Reader::new(id.strip_prefix(MARK)?);
        let kind = kind_of(from.u8().ok()?).ok()?;
        let created = Moment::from_us(i64::from_be_bytes(from.array().ok()?));
        let identity = from.array().ok()?;
        from.end().ok()?;
        Some(Self { kind, created, identity })
    }
}

/// All keys of the platform, one for each label.
pub(super) fn read_keys(session: &Session) -> Result<Vec<KeyOnToken>, Trouble> {
    let publics = read_publics(session)?;
    let mut keys: BTreeMap<String, KeyOnToken> = BTreeMap::new();
    for class in [ObjectClass::SECRET_KEY, ObjectClass::PRIVATE_KEY] {
        for object in find(session, class)? {
            let Some(key) = read_key(session, object, &publics)? else { continue };
            match keys.get_mut(key.label()) {
                Some(other) => other.is_one_of_many = true,
                None => drop(keys.insert(key.label().to_owned(), key)),
            }
        }
    }
    Ok(keys.into_values().collect())
}

/// All objects of the platform that have this mark.
pub(super) fn find_marked(session: &Session, mark: &Mark) -> Result<Vec<ObjectHandle>, Trouble> {
    Ok(session.find_objects(&[Attribute::Token(true), Attribute::Id(mark.encode())])?)
}

fn find(session: &Session, class: ObjectClass) -> Result<Vec<ObjectHandle>, Trouble> {
    Ok(session.find_objects(&[Attribute::Token(true), Attribute::Class(class)])?)
}

type Publics = HashMap<Vec<u8>, (ObjectHandle, PublicKey)>;

fn read_publics(session: &Session) -> Result<Publics, Trouble> {
    let mut publics = Publics::new();
    for object in find(session, ObjectClass::PUBLIC_KEY)? {
        let Some((_, id, mark)) = read_name(session, object)? else { continue };
        let KeyKind::Sign(algorithm) = mark.kind else { continue };
        publics.insert(id, (object, read_public(session, object, algorithm)?));
    }
    Ok(publics)
}

fn read_key(
    session: &Session,
    object: ObjectHandle,
    publics: &Publics,
) -> Result<Option<KeyOnToken>, Trouble> {
    let Some((label, id, mark)) = read_name(session, object)? else { return Ok(None) };
    let public = publics.get(&id);
    if matches!(mark.kind, KeyKind::Sign(_)) != public.is_some() {
        // A half of a pair: its making or its destruction was broken off.
        return Ok(None);
    }
    let Mark { kind, created, identity } = mark;
    let info = KeyInfo { label, kind, created, public: public.map(|(_, key)| key.clone()) };
    Ok(Some(KeyOnToken {
        held: HeldKey { info, identity },
        object,
        public: public.map(|(object, _)| *object),
        is_one_of_many: false,
        walks: Mutex::default(),
    }))
}

/// Label, CKA_ID and what it says; nothing for an object that is not the platform's.
fn read_name(
    session: &Session,
    object: ObjectHandle,
) -> Result<Option<(KeyLabel, Vec<u8>, Mark)>, Trouble> {
    let (mut label, mut id) = (None, None);
    let wanted = [AttributeType::Label, AttributeType::Id];
    for attribute in session.get_attributes(object, &wanted)? {
        match attribute {
            Attribute::Label(bytes) => {
                label = std::str::from_utf8(&bytes).ok().and_then(|text| text.parse().ok());
            }
            Attribute::Id(bytes) => id = Some(bytes),
            _ => {}
        }
    }
    let mark = id.as_deref().and_then(Mark::decode);
    Ok(label.zip(id).zip(mark).map(|((label, id), mark)| (label, id, mark)))
}

/// The public half: CKA_EC_POINT is an OCTET STRING in DER around the point.
fn read_public(
    session: &Session,
    object: ObjectHandle,
    algorithm: KeyAlgorithm,
) -> Result<PublicKey, Trouble> {
    let strange = || Failure::Transient("a public key cannot be read".to_owned());
    let bits = if algorithm == KeyAlgorithm::Rsa2048 {
        let wanted = [AttributeType::Modulus, AttributeType::PublicExponent];
        let (mut modulus, mut exponent) = (Vec::new(), Vec::new());
        for attribute in session.get_attributes(object, &wanted)? {
            match attribute {
                Attribute::Modulus(bytes) => modulus = bytes,
                Attribute::PublicExponent(bytes) => exponent = bytes,
                _ => {}
            }
        }
        rsa_public_key(&modulus, &exponent).ok_or_else(strange)?
    } else {
        let attributes = session.get_attributes(object, &[AttributeType::EcPoint])?;
        let Some(Attribute::EcPoint(point)) = attributes.first() else {
            return Err(strange().into());
        };
        // Some tokens leave the OCTET STRING out for Edwards curves.
        let bare = <&OctetStringRef>::from_der(point).map(OctetStringRef::as_bytes);
        bare.unwrap_or(point).to_vec()
    };
    PublicKey::new(algorithm, bits).map_err(|_| strange().into())
}

/// RSAPublicKey (RFC 8017 A.1.1).
fn rsa_public_key(modulus: &[u8], exponent: &[u8]) -> Option<Vec<u8>> {
    #[derive(Sequence)]
    struct RsaPublicKey<'a> {
        modulus: UintRef<'a>,
        exponent: UintRef<'a>,
    }
    let (modulus, exponent) = (UintRef::new(modulus).ok()?, UintRef::new(exponent).ok()?);
    RsaPublicKey { modulus, exponent }.to_der().ok()
}

/// How CKA_ID of the platform's keys begins: name and version of the scheme.
const MARK: &[u8] = b"sekisho\x01";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_read_back_and_nothing_else_is_one() {
        for kind in KeyKind::ALL {
            let mark = Mark { kind, created: Moment::from_us(-7), identity: *b"identity" };
            let id = mark.encode();
            assert_eq!(id.len(), 25);
            assert_eq!(Mark::decode(&id), Some(mark));
            assert_eq!(Mark::decode(&id[..24]), None);
            assert_eq!(Mark::decode(&[&id[..], &[0]].concat()), None);
        }
        for id in [&b""[..], b"\x01", b"sekisho\x02\x01createdxidentity"] {
            assert_eq!(Mark::decode(id), None);
        }
        let mut strange =
            Mark { kind: KeyKind::Mac, created: Moment::from_us(1), identity: [0; 8] }.encode();
        for code in [0, 8, 255] {
            strange[8] = code;
            assert_eq!(Mark::decode(&strange), None);
        }
    }
}
