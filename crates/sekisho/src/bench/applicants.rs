//! A bureau for benchmarks: a platform with both authorities and registered residents, and what
//! these residents hand in: requests for keys of their own.
//!
//! The key pairs are thrown away as soon as the request is signed. Making them is the cards' work
//! and is not measured.

use super::scratch::Scratch;
use super::{failed, limits};
use crate::cli::Drawn;
use crate::{draw, progress};
use app::Platform;
use app::authority_init::{AuthorityAsked, authority_init};
use app::certificate_batch::BatchLine;
use app::import::import;
use app::number_ask::Whose;
use authority::CertificateKind;
use authority::certificate::Card;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base::{Actor, Problem};
use numbers::{LocalGovernmentCode, ResidentRecordCode};
use registry::EventKind;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::thread;
use x509::{KeyAlgorithm, Name, PublicKey, assemble, encode_request_info};

/// A platform that issues.
pub(super) struct Bureau {
    pub(super) platform: Platform,
    /// Codes of residents who are registered, each with the municipality.
    pub(super) codes: Vec<(LocalGovernmentCode, ResidentRecordCode)>,
}

impl Bureau {
    /// Founds both authorities and registers residents.
    pub(super) fn found(
        scratch: &Scratch,
        platform: Platform,
        algorithm: KeyAlgorithm,
        residents: usize,
    ) -> Result<Self, Problem> {
        let operator: Actor = "operator:bench".parse().map_err(|_| failed("an actor"))?;
        for kind in CertificateKind::ALL {
            authority_init(&platform, &operator, AuthorityAsked { kind, algorithm })?;
        }
        // Some of the residents drawn are children, or die or move away in their year.
        let drawn = u32::try_from(residents + residents / 2 + 1_000);
        let drawn = drawn.map_err(|_| failed("too many residents"))?;
        let path = scratch.path().join(format!("residents-{algorithm}.csv"));
        let start = jiff::civil::date(2025, 4, 1);
        let bar = progress::bar("drawing residents", u64::from(drawn), true);
        draw::write_feed(&platform, &Drawn { residents: drawn, seed: 1, start }, &path, &bar)?;
        let file = File::open(&path).map_err(Problem::from_io)?;
        import(&platform, BufReader::with_capacity(1 << 20, file), None, &mut |_| ())?;
        let mut codes = registered(&path)?;
        if codes.len() < residents {
            return Err(failed("too few residents are registered"));
        }
        codes.truncate(residents);
        Ok(Self { platform, codes })
    }

    /// One line for each kind and resident, those of a resident together, with new P-256 keys.
    pub(super) fn lines(&self, from: usize, residents: usize) -> Result<Vec<BatchLine>, Problem> {
        let count = residents * CertificateKind::ALL.len();
        self.lines_of(from, requests(KeyAlgorithm::P256, count)?)
    }

    /// One line for each request, two for each resident.
    pub(super) fn lines_of(
        &self,
        from: usize,
        requests: Vec<Vec<u8>>,
    ) -> Result<Vec<BatchLine>, Problem> {
        let end = "2035-03-31".parse().map_err(|_| failed("a date"))?;
        let mut lines = Vec::with_capacity(requests.len());
        for (place, request) in requests.into_iter().enumerate() {
            let resident = self.codes.get(from + place / CertificateKind::ALL.len());
            let (_, code) = resident.ok_or_else(|| failed("too few residents"))?;
            lines.push(BatchLine {
                kind: CertificateKind::ALL[place % CertificateKind::ALL.len()],
                whose: Whose::Code(code.clone()),
                request,
                card: Card { end, has_pins: true },
                is_ward: false,
            });
        }
        Ok(lines)
    }
}

/// Requests of as many new keys, made on all processors.
pub(super) fn requests(algorithm: KeyAlgorithm, count: usize) -> Result<Vec<Vec<u8>>, Problem> {
    let share = count.div_ceil(limits::threads());
    let some = |first: usize| (first..count.min(first + share)).map(|_| request(algorithm));
    thread::scope(|scope| {
        let starts = (0..count).step_by(share.max(1));
        let all: Vec<_> =
            starts.map(|first| scope.spawn(move || some(first).collect::<Vec<_>>())).collect();
        let stopped = |_| vec![Err(failed("a thread stopped"))];
        all.into_iter().flat_map(|thread| thread.join().unwrap_or_else(stopped)).collect()
    })
}

/// The request of a new key.
fn request(algorithm: KeyAlgorithm) -> Result<Vec<u8>, Problem> {
    let no_key = |_| failed("a key");
    let random = SystemRandom::new();
    let subject = Name::new([(x509::COMMON_NAME, "card")]).map_err(|_| failed("a name"))?;
    let info = |bits: &[u8]| {
        let public = PublicKey::new(algorithm, bits.to_vec());
        public.map(|key| encode_request_info(&subject, &key)).map_err(|_| failed("a public key"))
    };
    if algorithm == KeyAlgorithm::Rsa2048 {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(no_key)?;
        let info = info(pair.public_key().as_ref())?;
        let mut signature = vec![0; pair.public_modulus_len()];
        let signed = pair.sign(&RSA_PKCS1_SHA256, &random, &info, &mut signature);
        signed.map_err(|_| failed("a signature"))?;
        return Ok(assemble(&info, algorithm, &signature));
    }
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(no_key)?;
    let info = info(pair.public_key().as_ref())?;
    let signature = pair.sign(&random, &info).map_err(|_| failed("a signature"))?;
    Ok(assemble(&info, algorithm, signature.as_ref()))
}

/// Codes of the grown-up whom a feed leaves registered, in the order in which they came.
fn registered(feed: &Path) -> Result<Vec<(LocalGovernmentCode, ResidentRecordCode)>, Problem> {
    let file = BufReader::new(File::open(feed).map_err(Problem::from_io)?);
    let (mut came, mut gone) = (Vec::new(), BTreeSet::new());
    for line in file.lines().skip(1) {
        let line = line.map_err(Problem::from_io)?;
        let fields: Vec<_> = line.split(',').collect();
        let [of, _, event, _, code, _, _, born, ..] = fields[..] else { continue };
        match event.parse::<EventKind>() {
            Ok(kind) if kind.enters() && born < LAST_BORN => {
                came.push((of.to_owned(), code.to_owned()));
            }
            Ok(kind) if kind.closes() => drop(gone.insert(code.to_owned())),
            _ => {}
        }
    }
    came.retain(|(_, code)| !gone.contains(code));
    let wrong = || failed("a code of the feed");
    let read = |(of, code): (String, String)| {
        let of = of.parse().map_err(|_| wrong())?;
        Ok((of, code.parse().map_err(|_| wrong())?))
    };
    came.into_iter().map(read).collect()
}

/// Children below 15 get no certificate for signatures.
const LAST_BORN: &str = "2008";
