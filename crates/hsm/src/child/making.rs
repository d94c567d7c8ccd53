//! Making and destroying keys on the token. What is made there is sensitive, cannot be extracted,
//! and may do the one thing that it is for.

use super::fault::Trouble;
use super::keys::{Mark, find_marked};
use super::token::Token;
use crate::failure::Failure;
use crate::message::HeldKey;
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, KeyType, ObjectClass};
use cryptoki::session::Session;
use cryptoki::types::Ulong;
use ports::KeyKind;
use std::sync::PoisonError;
use x509::KeyAlgorithm;

/// Makes a key; it is on the token when this returns.
pub(super) fn generate(
    token: &Token,
    session: &Session,
    label: &str,
    mark: &Mark,
) -> Result<HeldKey, Trouble> {
    let _one = token.making.lock().unwrap_or_else(PoisonError::into_inner);
    if token.reload(session)?.contains_key(label) {
        return Err(Failure::Exists.into());
    }
    match mark.kind {
        KeyKind::Sign(algorithm) => make_pair(session, label, mark, algorithm)?,
        _ => make_secret(session, label, mark)?,
    }
    let made = token.reload(session)?.get(label).cloned();
    let lost = || Failure::Transient("the new key is not on the token".to_owned());
    let made = made.ok_or_else(lost)?;
    if made.is_one_of_many || made.held.identity != mark.identity {
        // Another program made one under this label at the same moment. Nobody has used ours.
        erase(session, mark)?;
        token.reload(session)?;
        return Err(Failure::Exists.into());
    }
    Ok(made.held.clone())
}

/// Destroys a key, all objects of it.
pub(super) fn destroy(token: &Token, session: &Session, label: &str) -> Result<(), Trouble> {
    let _one = token.making.lock().unwrap_or_else(PoisonError::into_inner);
    let key = token.reload(session)?.get(label).cloned().ok_or(Failure::Absent)?;
    if key.is_one_of_many {
        return Err(many(label));
    }
    let held = &key.held;
    let (kind, created) = (held.info.kind, held.info.created);
    erase(session, &Mark { kind, created, identity: held.identity })?;
    token.reload(session).map(drop)
}

/// Two keys of one label: neither is worked with.
pub(super) fn many(label: &str) -> Trouble {
    Failure::Operation(format!("two keys of the token are called {label}")).into()
}

fn erase(session: &Session, mark: &Mark) -> Result<(), Trouble> {
    for object in find_marked(session, mark)? {
        session.destroy_object(object)?;
    }
    Ok(())
}

fn make_secret(session: &Session, label: &str, mark: &Mark) -> Result<(), Trouble> {
    let mut template = common(label, mark);
    let (mechanism, key_type) = match mark.kind {
        KeyKind::Mac => {
            template.extend([Attribute::Sign(true), Attribute::Verify(true)]);
            template.extend([Attribute::Encrypt(false), Attribute::Decrypt(false)]);
            (Mechanism::GenericSecretKeyGen, KeyType::GENERIC_SECRET)
        }
        _ => {
            template.extend([Attribute::Encrypt(true), Attribute::Decrypt(true)]);
            template.extend([Attribute::Sign(false), Attribute::Verify(false)]);
            (Mechanism::AesKeyGen, KeyType::AES)
        }
    };
    template.extend([
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(key_type),
        Attribute::ValueLen(Ulong::new(32)),
        Attribute::Private(true),
        Attribute::Wrap(false),
        Attribute::Unwrap(false),
        Attribute::Derive(false),
    ]);
    template.extend(closed());
    session.generate_key(&mechanism, &template)?;
    Ok(())
}

fn make_pair(
    session: &Session,
    label: &str,
    mark: &Mark,
    algorithm: KeyAlgorithm,
) -> Result<(), Trouble> {
    let mut public = common(label, mark);
    public.extend([Attribute::Verify(true), Attribute::Private(false)]);
    public.extend([Attribute::Encrypt(false), Attribute::Wrap(false)]);
    let mut private = common(label, mark);
    private.extend([Attribute::Sign(true), Attribute::Private(true)]);
    // A key that signs does nothing else; what is not said, some libraries allow.
    private.extend([Attribute::Decrypt(false), Attribute::Unwrap(false), Attribute::Derive(false)]);
    private.extend(closed());
    let mechanism = match algorithm {
        KeyAlgorithm::Ed25519 => {
            public.push(Attribute::EcParams(ED25519_PARAMS.to_vec()));
            Mechanism::EccEdwardsKeyPairGen
        }
        KeyAlgorithm::P256 => {
            public.push(Attribute::EcParams(P256_PARAMS.to_vec()));
            Mechanism::EccKeyPairGen
        }
        KeyAlgorithm::P384 => {
            public.push(Attribute::EcParams(P384_PARAMS.to_vec()));
            Mechanism::EccKeyPairGen
        }
        KeyAlgorithm::Rsa2048 => {
            public.push(Attribute::ModulusBits(Ulong::new(2048)));
            public.push(Attribute::PublicExponent(vec![1, 0, 1]));
            Mechanism::RsaPkcsKeyPairGen
        }
    };
    session.generate_key_pair(&mechanism, &public, &private)?;
    Ok(())
}

fn common(label: &str, mark: &Mark) -> Vec<Attribute> {
    vec![
        Attribute::Token(true),
        Attribute::Label(label.as_bytes().to_vec()),
        Attribute::Id(mark.encode()),
    ]
}

/// Never to be seen outside.
fn closed() -> [Attribute; 2] {
    [Attribute::Sensitive(true), Attribute::Extractable(false)]
}

/// OBJECT IDENTIFIERs in DER: id-Ed25519, secp256r1, secp384r1.
const ED25519_PARAMS: &[u8] = &[0x06, 0x03, 0x2b, 0x65, 0x70];
const P256_PARAMS: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384_PARAMS: &[u8] = &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22];
