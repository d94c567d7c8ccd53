//! OCSP over HTTP on loopback: prepared answers against nginx with files of the same bytes, answers
//! signed live against the library's bare signatures, and both against `openssl ocsp`.
//!
//! All servers are asked by the same client, in turns, each over as many kept connections; `openssl
//! ocsp` takes one request on each and signs every answer. For prepared answers server and nginx
//! have one thread each, so that the client has a processor for itself; live ones are signed on all
//! processors, with RSA-2048, as the official responders do. With P-256 a signature costs less than
//! its way over HTTP: its share is told and held against nothing.

use super::applicants::Bureau;
use super::certs::issued;
use super::load::Load;
use super::scratch::{Scratch, shared_platform};
use super::servers::Server;
use super::{Bars, failed, limits};
use crate::cli::Bench;
use app::authorities::Authorities;
use app::certificate_issue::Issued;
use app::delegate;
use base::Problem;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use x509::{CertId, Certificate, IdHash, IssuerId, KeyAlgorithm, OcspRequest, Serial};

/// Measures on SQLite.
pub(super) fn bench(asked: &Bench) -> Result<Bars, Problem> {
    let mut bars = Bars::new("ocsp");
    let scratch = Scratch::new(asked, "ocsp")?;
    let time = if asked.quick { Duration::from_secs(1) } else { Duration::from_secs(3) };
    let rsa = Answers::prepare(&scratch, KeyAlgorithm::Rsa2048)?;
    let prepared = prepared(&scratch, &rsa, time, &mut bars)?;
    openssl(&scratch, prepared, time, &mut bars)?;
    let share = live(&rsa, limits::rsa_signed, time, &mut bars)?;
    bars.at_least("live_share_of_signing_rsa2048", share, 0.7);
    let p256 = Answers::prepare(&scratch, KeyAlgorithm::P256)?;
    let share = live(&p256, limits::p256_signed, time, &mut bars)?;
    bars.figure("live_share_of_signing_p256", share, "");
    Ok(bars)
}

/// Certificates of one authority, in a store that a server can open.
struct Answers {
    algorithm: KeyAlgorithm,
    folder: PathBuf,
    ids: Vec<CertId>,
}

impl Answers {
    fn prepare(scratch: &Scratch, algorithm: KeyAlgorithm) -> Result<Self, Problem> {
        let folder = scratch.path().join(algorithm.word());
        fs::create_dir_all(&folder).map_err(Problem::from_io)?;
        let platform = shared_platform(&folder, true)?;
        let bureau = Bureau::found(scratch, platform, algorithm, CERTIFICATES)?;
        let issued = issued(&bureau.platform, bureau.lines(0, CERTIFICATES)?)?;
        delegate::renew(&bureau.platform)?;
        let mut authorities = Authorities::default();
        bureau.platform.store.snapshot("authorities", &mut |view| {
            authorities = Authorities::read(view)?;
            Ok(())
        })?;
        let id = |one: &Issued| {
            let authority = authorities.by_id(one.id.authority)?;
            let issuer = IssuerId::new(&authority.issuer.name, authority.public());
            let serial = Serial::try_from(one.id.serial).map_err(|_| failed("a serial number"))?;
            Ok(issuer.certificate(IdHash::Sha1, serial))
        };
        // Of one authority and with serial numbers of two bytes: answers of one length.
        let alike = |one: &&Issued| one.id.authority == 1 && one.id.serial >= 128;
        let ids = issued.iter().filter(alike).map(id).collect::<Result<_, Problem>>()?;
        Ok(Self { algorithm, folder, ids })
    }

    fn requests(&self) -> impl Iterator<Item = Vec<u8>> {
        self.ids.iter().map(|id| request(*id, None))
    }
}

fn request(id: CertId, nonce: Option<&[u8]>) -> Vec<u8> {
    OcspRequest { certificates: vec![id], nonce, signed: false }.encode()
}

/// Our prepared answers and nginx's files, in turns; our rate.
fn prepared(
    scratch: &Scratch,
    answers: &Answers,
    time: Duration,
    bars: &mut Bars,
) -> Result<f64, Problem> {
    let texts: Vec<_> = answers.requests().map(|request| STANDARD.encode(request)).collect();
    let addresses: Vec<_> = texts.iter().map(|text| format!("/ocsp/{text}")).collect();
    let ours = Server::ours(&answers.folder, 1)?;
    let mut load = Load {
        requests: Arc::new(Load::gets(&addresses)),
        body: None,
        connections: CONNECTIONS,
        once: false,
    };
    // Every answer is signed once, and kept.
    load.per_second(ours.address, time)?;
    let length = load.length(ours.address)?;
    load.body = Some(length);
    // A slash in a name would be a folder: addresses of the same length, without it.
    let files = scratch.path().join("files").join("ocsp");
    fs::create_dir_all(&files).map_err(Problem::from_io)?;
    let names: Vec<_> = texts.iter().map(|text| text.replace('/', "_")).collect();
    for name in &names {
        fs::write(files.join(name), vec![0x30; length]).map_err(Problem::from_io)?;
    }
    let names: Vec<_> = names.iter().map(|name| format!("/ocsp/{name}")).collect();
    let theirs = Load { requests: Arc::new(Load::gets(&names)), ..load.clone() };
    let nginx = Server::nginx(scratch, (&scratch.path().join("files"), &theirs), 1)?;
    theirs.per_second(nginx.address, Duration::from_millis(300))?;
    let (mut at_ours, mut at_nginx) = (0.0, 0.0);
    for _ in 0..ROUNDS {
        at_nginx += theirs.per_second(nginx.address, time)? / f64::from(ROUNDS);
        at_ours += load.per_second(ours.address, time)? / f64::from(ROUNDS);
    }
    bars.figure("answer_size", length as f64, "bytes");
    bars.figure("prepared_answers", at_ours, "per second");
    bars.figure("nginx_files_of_the_same_size", at_nginx, "per second");
    bars.at_least("prepared_share_of_nginx", at_ours / at_nginx, 0.8);
    Ok(at_ours)
}

/// Answers with a nonce; their share of the bare signatures.
fn live(
    answers: &Answers,
    limit: impl Fn() -> Result<(f64, f64), Problem>,
    time: Duration,
    bars: &mut Bars,
) -> Result<f64, Problem> {
    let server = Server::ours(&answers.folder, limits::threads())?;
    let nonce = |place: usize| x509::sha256(&place.to_be_bytes());
    let of = |(place, id): (usize, &CertId)| request(*id, Some(&nonce(place)));
    let bodies: Vec<_> = answers.ids.iter().enumerate().map(of).collect();
    let requests = Arc::new(Load::posts("/ocsp", "application/ocsp-request", &bodies));
    let load = Load { requests, body: None, connections: CONNECTIONS, once: false };
    load.per_second(server.address, Duration::from_millis(500))?;
    let (mut ours, mut bare) = (0.0, 0.0);
    for _ in 0..ROUNDS {
        bare += limit()?.0 / f64::from(ROUNDS);
        ours += load.per_second(server.address, time)? / f64::from(ROUNDS);
    }
    let word = answers.algorithm.word();
    bars.figure(&format!("live_answers_{word}"), ours, "per second");
    bars.figure(&format!("bare_signatures_{word}"), bare, "per second");
    Ok(ours / bare)
}

/// `openssl ocsp`, against our prepared answers.
fn openssl(
    scratch: &Scratch,
    prepared: f64,
    time: Duration,
    bars: &mut Bars,
) -> Result<(), Problem> {
    let folder = scratch.path().join("openssl");
    fs::create_dir_all(&folder).map_err(Problem::from_io)?;
    let id = make_index(&folder)?;
    let bodies = [request(id, None)];
    let requests = Arc::new(Load::posts("/", "application/ocsp-request", &bodies));
    // It answers one caller at a time.
    let load = Load { requests, body: None, connections: 2, once: true };
    let server = Server::openssl(&folder, &load)?;
    let rate = load.per_second(server.address, time)?;
    bars.figure("openssl_ocsp", rate, "per second");
    bars.at_least("prepared_over_openssl_ocsp", prepared / rate, 10.0);
    Ok(())
}

/// A certificate that answers for itself (RSA-2048), and an index of one certificate.
fn make_index(folder: &Path) -> Result<CertId, Problem> {
    let mut make = Command::new("openssl");
    make.current_dir(folder).args(["req", "-x509", "-newkey", "rsa:2048", "-nodes"]);
    make.args(["-keyout", "key.pem", "-out", "ca.pem", "-subj", "/C=JP/O=bench", "-days", "30"]);
    let made = make.output().map_err(Problem::from_io)?;
    if !made.status.success() {
        return Err(failed("openssl made no certificate"));
    }
    let index = "V\t350101000000Z\t\t01\tunknown\t/C=JP/CN=holder\n";
    fs::write(folder.join("index.txt"), index).map_err(Problem::from_io)?;
    let text = fs::read_to_string(folder.join("ca.pem")).map_err(Problem::from_io)?;
    let unread = || failed("the certificate of openssl was not read");
    let (_, der) = x509::pem::decode(&text).ok_or_else(unread)?;
    let certificate = Certificate::parse(&der).map_err(|_| unread())?;
    let name = certificate.subject_name().map_err(|_| unread())?;
    let key = certificate.public_key().map_err(|_| unread())?;
    let serial = Serial::try_from(1).map_err(|_| unread())?;
    Ok(IssuerId::new(&name, &key).certificate(IdHash::Sha1, serial))
}

const CERTIFICATES: usize = 1_000;
const CONNECTIONS: usize = 64;
const ROUNDS: u32 = 3;
