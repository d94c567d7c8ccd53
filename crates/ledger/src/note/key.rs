//! Keys of signed notes: their names, their kinds and the text form of a verifier key.
//!
//! Owns the key id, which binds name, kind and key. Says nothing about who is to be trusted.

use super::NoteRefusal;
use crate::tree::Hash;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::{fmt, str::FromStr};

/// Name of a key: not empty, no white space, no plus sign, at most 255 bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct KeyName(String);

/// How a key signs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SignatureKind {
    /// Ed25519 over the text.
    Ed25519,
    /// Ed25519 over `cosignature/v1`, a time and the text.
    CosignatureV1,
}

/// A public key with its name: `<name>+<key id in hex>+<base64 of type and key>`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct VerifierKey {
    name: KeyName,
    id: u32,
    kind: SignatureKind,
    public: [u8; PUBLIC_BYTES],
}

impl KeyName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl VerifierKey {
    /// Puts a verifier key together; its id follows from the rest.
    pub fn new(name: KeyName, kind: SignatureKind, public: [u8; PUBLIC_BYTES]) -> Self {
        let material = [name.0.as_bytes(), b"\n", &[kind.byte()], &public].concat();
        let [a, b, c, d, ..] = *Hash::of(&material).as_bytes();
        Self { name, id: u32::from_be_bytes([a, b, c, d]), kind, public }
    }

    /// The name.
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// The key id.
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// How it signs.
    pub const fn kind(&self) -> SignatureKind {
        self.kind
    }

    /// The Ed25519 public key.
    pub const fn public(&self) -> &[u8; PUBLIC_BYTES] {
        &self.public
    }
}

impl SignatureKind {
    /// The type byte of C2SP signed-note.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::CosignatureV1 => 0x04,
        }
    }
}

impl FromStr for KeyName {
    type Err = NoteRefusal;

    fn from_str(text: &str) -> Result<Self, NoteRefusal> {
        let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        if text.is_empty() || text.len() > KEY_NAME_BYTES_MAX || text.contains(bad) {
            return Err(NoteRefusal::KeyName);
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for VerifierKey {
    type Err = NoteRefusal;

    fn from_str(text: &str) -> Result<Self, NoteRefusal> {
        let (name, rest) = text.split_once('+').ok_or(NoteRefusal::KeyForm)?;
        let (id, material) = rest.split_once('+').ok_or(NoteRefusal::KeyForm)?;
        let material = STANDARD.decode(material).map_err(|_| NoteRefusal::KeyForm)?;
        let (kind, public) = material.split_first().ok_or(NoteRefusal::KeyForm)?;
        let kind = match kind {
            0x01 => SignatureKind::Ed25519,
            0x04 => SignatureKind::CosignatureV1,
            _ => return Err(NoteRefusal::KeyKind),
        };
        let public = public.try_into().map_err(|_| NoteRefusal::KeyForm)?;
        let key = Self::new(name.parse()?, kind, public);
        if id == format!("{:08x}", key.id) { Ok(key) } else { Err(NoteRefusal::KeyForm) }
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let material = [&[self.kind.byte()], &self.public[..]].concat();
        write!(f, "{}+{:08x}+{}", self.name, self.id, STANDARD.encode(material))
    }
}

/// Bytes of an Ed25519 public key.
pub const PUBLIC_BYTES: usize = 32;
const KEY_NAME_BYTES_MAX: usize = 255;
