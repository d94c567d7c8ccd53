//! The bytes of the key store file.
//!
//! Header: magic ‖ version ‖ Argon2id parameters ‖ salt ‖ key check ‖ checksum. The checksum needs
//! no key, so damage is told from a wrong passphrase before either matters; the key check tells a
//! wrong passphrase from a damaged body. Body: all keys in one sealed value, bound to the header.
//! Numbers are big-endian.

use crate::Passphrase;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::{constant_time, digest, hmac};
use base::{Entropy, Moment, Problem, labels};
use ports::{KeyKind, KeyLabel};
use seal::SealingKey;
use x509::KeyAlgorithm;
use zeroize::Zeroizing;

/// How hard it is to try a passphrase: Argon2id (RFC 9106).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KdfParams {
    /// Memory, in KiB: from 8 per lane to 4 GiB.
    pub memory_kib: u32,
    /// Passes over the memory: 1 to 1000.
    pub passes: u32,
    /// Lanes: 1 to 64.
    pub lanes: u32,
}

/// A key as the file holds it.
pub(crate) struct Record {
    pub(crate) label: KeyLabel,
    pub(crate) kind: KeyKind,
    pub(crate) created: Moment,
    /// 32 bytes of chance, or for RSA and ECDSA a PrivateKeyInfo (PKCS#8) in DER.
    pub(crate) secret: Zeroizing<Vec<u8>>,
}

/// The key of one file under one passphrase, with the header that it came from.
pub(crate) struct FileKey {
    header: [u8; HEADER],
    cipher: SealingKey,
}

impl Default for KdfParams {
    /// 64 MiB, three passes, one lane: the second recommendation of RFC 9106, on one lane.
    fn default() -> Self {
        Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 }
    }
}

impl KdfParams {
    /// Whether opening stays within what a machine of today does at all.
    const fn are_bearable(self) -> bool {
        self.memory_kib <= MEMORY_KIB_MAX && self.passes <= PASSES_MAX && self.lanes <= LANES_MAX
    }
}

impl FileKey {
    /// A key for a new file: with a salt of its own. Parameters out of range: `key_operation`.
    pub(crate) fn create(
        passphrase: &Passphrase,
        params: KdfParams,
        entropy: &mut dyn Entropy,
    ) -> Result<Self, Problem> {
        if !params.are_bearable() {
            return Err(Problem::new(
                &labels::KEY_OPERATION,
                "the Argon2id parameters are too high",
            ));
        }
        let mut salt = [0; SALT];
        entropy.fill(&mut salt);
        let (check, cipher) = derive(passphrase, params, &salt)?;
        Ok(Self { header: write_header(params, &salt, &check), cipher })
    }

    /// The key of an existing file.
    pub(crate) fn unlock(file: &[u8], passphrase: &Passphrase) -> Result<Self, Problem> {
        let header = header_of(file)?;
        let (params, salt, expected) = read_header(&header)?;
        let (check, cipher) = derive(passphrase, params, &salt)?;
        if constant_time::verify_slices_are_equal(&check, &expected).is_err() {
            return Err(Problem::new(&labels::KEYSTORE_PASSPHRASE, ""));
        }
        Ok(Self { header, cipher })
    }

    /// The file with these keys, which are put in order.
    pub(crate) fn seal(&self, records: &mut [Record], entropy: &mut dyn Entropy) -> Vec<u8> {
        records.sort_by(|one, other| one.label.cmp(&other.label));
        let length = records.iter().map(Record::length).sum();
        let mut body = Zeroizing::new(Vec::with_capacity(length));
        records.iter().for_each(|record| record.write(&mut body));
        let sealed = self.cipher.seal(&self.header, &body, entropy);
        [&self.header, &sealed[..]].concat()
    }

    /// The keys in a file that was sealed under this key.
    pub(crate) fn open(&self, file: &[u8]) -> Result<Vec<Record>, Problem> {
        let header = header_of(file)?;
        read_header(&header)?;
        if header != self.header {
            let detail = "it was changed elsewhere; open the key store again";
            return Err(Problem::new(&labels::KEYSTORE_PASSPHRASE, detail));
        }
        let opened = self.cipher.open(&header, &file[HEADER..]);
        let body = opened.map_err(|refusal| damaged(&refusal.to_string()))?;
        let mut rest = &body[..];
        let mut records: Vec<Record> = Vec::new();
        while !rest.is_empty() {
            let record = Record::read(&mut rest).ok_or_else(|| damaged("a key cannot be read"))?;
            if records.last().is_some_and(|last| last.label >= record.label) {
                return Err(damaged("the keys are out of order"));
            }
            records.push(record);
        }
        Ok(records)
    }
}

impl Record {
    fn length(&self) -> usize {
        self.label.as_str().len() + 1 + 1 + 8 + 2 + self.secret.len()
    }

    fn write(&self, out: &mut Vec<u8>) {
        let label = self.label.as_str().as_bytes();
        // A label has at most 51 bytes.
        out.push(label.len() as u8);
        out.extend_from_slice(label);
        out.push(kind_code(self.kind));
        out.extend_from_slice(&self.created.us().to_be_bytes());
        if secret_length(self.kind).is_none() {
            // The longest, that of an RSA key, has some 1,200 bytes.
            out.extend_from_slice(&(self.secret.len() as u16).to_be_bytes());
        }
        out.extend_from_slice(&self.secret);
    }

    fn read(rest: &mut &[u8]) -> Option<Self> {
        let [length] = take(rest)?;
        let (label, tail) = rest.split_at_checked(length.into())?;
        *rest = tail;
        let label = std::str::from_utf8(label).ok()?.parse().ok()?;
        let [code] = take(rest)?;
        let kind = KeyKind::ALL.into_iter().find(|kind| kind_code(*kind) == code)?;
        let created = Moment::from_us(i64::from_be_bytes(take(rest)?));
        let length = match secret_length(kind) {
            Some(length) => length,
            None => u16::from_be_bytes(take(rest)?).into(),
        };
        let (secret, tail) = rest.split_at_checked(length)?;
        *rest = tail;
        Some(Self { label, kind, created, secret: Zeroizing::new(secret.to_vec()) })
    }
}

/// The key check and the body's key, from one run of Argon2id.
fn derive(
    passphrase: &Passphrase,
    params: KdfParams,
    salt: &[u8; SALT],
) -> Result<([u8; CHECK], SealingKey), Problem> {
    let KdfParams { memory_kib, passes, lanes } = params;
    let refused = |error: argon2::Error| Problem::new(&labels::KEY_OPERATION, error.to_string());
    let params = Params::new(memory_kib, passes, lanes, Some(32)).map_err(refused)?;
    let mut memory = Zeroizing::new(vec![Block::new(); params.block_count()]);
    let mut master = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(passphrase.reveal(), salt, &mut *master, &mut *memory)
        .map_err(refused)?;
    let prf = hmac::Key::new(hmac::HMAC_SHA256, &*master);
    let mut check = [0; CHECK];
    check.copy_from_slice(&hmac::sign(&prf, b"sekisho/keystore/check").as_ref()[..CHECK]);
    let mut body = Zeroizing::new([0; 32]);
    body.copy_from_slice(hmac::sign(&prf, b"sekisho/keystore/body").as_ref());
    Ok((check, SealingKey::new(&body)))
}

fn write_header(params: KdfParams, salt: &[u8; SALT], check: &[u8; CHECK]) -> [u8; HEADER] {
    let numbers = [params.memory_kib, params.passes, params.lanes].map(u32::to_be_bytes);
    let parts = [&MAGIC[..], &[VERSION], numbers.as_flattened(), salt, check].concat();
    let mut out = [0; HEADER];
    out[..SUMMED].copy_from_slice(&parts);
    out[SUMMED..].copy_from_slice(&checksum(&parts));
    out
}

/// Parameters, salt and key check of an undamaged header.
fn read_header(header: &[u8; HEADER]) -> Result<(KdfParams, [u8; SALT], [u8; CHECK]), Problem> {
    let (parts, sum) = header.split_at(SUMMED);
    if !parts.starts_with(MAGIC) {
        return Err(damaged("it is not a key store"));
    }
    if sum != checksum(parts) {
        return Err(damaged("the header was changed"));
    }
    let mut rest = &parts[MAGIC.len()..];
    let mut read = || -> Option<_> {
        let [version] = take(&mut rest)?;
        let [memory_kib, passes, lanes] =
            [take(&mut rest)?, take(&mut rest)?, take(&mut rest)?].map(u32::from_be_bytes);
        let params = KdfParams { memory_kib, passes, lanes };
        let known = version == VERSION && params.are_bearable();
        known.then_some((params, take(&mut rest)?, take(&mut rest)?))
    };
    read().ok_or_else(|| damaged("unknown version or parameters"))
}

fn header_of(file: &[u8]) -> Result<[u8; HEADER], Problem> {
    file.first_chunk().copied().ok_or_else(|| damaged("it is cut short"))
}

fn checksum(parts: &[u8]) -> [u8; CHECK] {
    let mut out = [0; CHECK];
    out.copy_from_slice(&digest::digest(&digest::SHA256, parts).as_ref()[..CHECK]);
    out
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, tail) = rest.split_first_chunk()?;
    *rest = tail;
    Some(*first)
}

fn damaged(why: &str) -> Problem {
    Problem::new(&labels::KEYSTORE_DAMAGED, why)
}

const fn kind_code(kind: KeyKind) -> u8 {
    match kind {
        KeyKind::Permutation => 1,
        KeyKind::Mac => 2,
        KeyKind::Wrap => 3,
        KeyKind::Sign(KeyAlgorithm::Ed25519) => 4,
        KeyKind::Sign(KeyAlgorithm::P256) => 5,
        KeyKind::Sign(KeyAlgorithm::P384) => 6,
        KeyKind::Sign(KeyAlgorithm::Rsa2048) => 7,
    }
}

/// Bytes of a secret that need no length before them.
const fn secret_length(kind: KeyKind) -> Option<usize> {
    match kind {
        KeyKind::Sign(KeyAlgorithm::P256 | KeyAlgorithm::P384 | KeyAlgorithm::Rsa2048) => None,
        _ => Some(32),
    }
}

const MAGIC: &[u8; 12] = b"sekisho-keys";
const VERSION: u8 = 1;
const SALT: usize = 16;
const CHECK: usize = 16;
const SUMMED: usize = MAGIC.len() + 1 + 12 + SALT + CHECK;
const HEADER: usize = SUMMED + CHECK;

// A header that asks for more is not ours: trying it would only tie up the machine.
const MEMORY_KIB_MAX: u32 = 4 << 20;
const PASSES_MAX: u32 = 1_000;
const LANES_MAX: u32 = 64;
