//! Strangers judge what is issued on the whole road: OpenSSL, GnuTLS and our own path validation
//! accept it, and refuse it once it is revoked, held, expired or held against another generation.

use crate::certifying::{Bureau, operator};
use crate::house::{CHIYODA, House, message, town};
use authority::CertificateKind;
use authority::profile::Partition;
use authority::trigger::Trigger;
use base::{Clock, Moment, Purpose};
use ports::Publication;
use ports::rows::delegate_purpose;
use sekisho_app::authority_init::{AuthorityAsked, authority_init};
use sekisho_app::certificate_end::certificate_end;
use sekisho_app::number_ask::Whose;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use x509::path::{Certificate, Crl, Question, Revocation, validate};
use x509::{KeyAlgorithm, pem};

/// A certificate with what it is judged by.
pub(crate) struct Exhibit {
    pub(crate) leaf: Vec<u8>,
    pub(crate) root: Vec<u8>,
    pub(crate) list: Vec<u8>,
}

/// Says why an exhibit is refused.
type Judge = fn(&Exhibit, Moment) -> Result<(), String>;

/// Who judges.
const JUDGES: [(&str, Judge); 3] = [("openssl", openssl), ("gnutls", gnutls), ("ours", ours)];

impl Exhibit {
    fn accepted(&self, at: Moment) {
        self.is_read();
        for (judge, asks) in JUDGES {
            if judge == "gnutls" && !is_present(at) {
                continue;
            }
            asks(self, at).unwrap_or_else(|said| panic!("{judge}: {said}"));
        }
    }

    /// Refused by everybody, with these words.
    fn refused(&self, at: Moment, words: [&str; 3]) {
        for ((judge, asks), words) in JUDGES.into_iter().zip(words) {
            if judge == "gnutls" && !is_present(at) {
                continue;
            }
            let said = asks(self, at).expect_err(judge);
            assert!(said.contains(words), "{judge} says: {said}");
        }
    }

    /// The tools take it apart to the last byte.
    fn is_read(&self) {
        let desk = self.desk();
        for line in [
            "openssl asn1parse -in leaf",
            "openssl asn1parse -in list",
            "certtool --certificate-info --infile leaf",
            "certtool --crl-info --infile list",
        ] {
            run(desk.path(), line).unwrap_or_else(|said| panic!("{line}: {said}"));
        }
    }

    fn desk(&self) -> TempDir {
        let desk = tempfile::tempdir().unwrap();
        for (name, label, der) in [
            ("leaf", "CERTIFICATE", &self.leaf),
            ("root", "CERTIFICATE", &self.root),
            ("list", "X509 CRL", &self.list),
        ] {
            std::fs::write(desk.path().join(name), pem::encode(label, der)).unwrap();
        }
        desk
    }
}

/// Runs a tool in a folder; what it says when it refuses.
pub(crate) fn run(desk: &Path, line: &str) -> Result<(), String> {
    let mut words = line.split(' ');
    let mut tool = Command::new(words.next().unwrap());
    let output = tool.args(words).current_dir(desk).env("LC_ALL", "C").env("TZ", "UTC").output();
    let output = output.unwrap_or_else(|error| panic!("{line}: {error}"));
    let text = [&output.stdout[..], &output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    if output.status.success() { Ok(()) } else { Err(text) }
}

fn openssl(exhibit: &Exhibit, at: Moment) -> Result<(), String> {
    let strict = "-x509_strict -policy_check -crl_check";
    let line =
        format!("openssl verify {strict} -attime {} -CAfile root -CRLfile list leaf", at.seconds());
    run(exhibit.desk().path(), &line)
}

/// GnuTLS knows no other time than the machine's.
fn gnutls(exhibit: &Exhibit, _: Moment) -> Result<(), String> {
    let line = "certtool --verify --load-ca-certificate root --load-crl list --infile leaf";
    run(exhibit.desk().path(), line)
}

fn is_present(at: Moment) -> bool {
    (present().us() - at.us()).abs() < 86_400 * 1_000_000
}

fn present() -> Moment {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    Moment::from_us(i64::try_from(since.as_micros()).unwrap())
}

fn ours(exhibit: &Exhibit, at: Moment) -> Result<(), String> {
    let leaf = Certificate::parse(&exhibit.leaf).unwrap();
    let roots = [Certificate::parse(&exhibit.root).unwrap()];
    let lists = [Crl::parse(&exhibit.list).unwrap()];
    let question = Question {
        crls: &lists,
        revocation: Revocation::Required,
        ..Question::new(&leaf, &roots, at)
    };
    validate(&question).map(drop).map_err(|refusal| refusal.to_string())
}

/// An exhibit of a certificate of an authority, with the list of a partition.
pub(crate) fn exhibit(bureau: &Bureau<'_>, leaf: &[u8], authority: i64, of: Partition) -> Exhibit {
    let path = bureau.issuer_of(authority).list_path(of);
    let list = bureau.place.read(&path).unwrap().unwrap();
    let row = bureau.authorities().into_iter().find(|row| row.id == authority).unwrap();
    Exhibit { leaf: leaf.to_vec(), root: row.certificate, list }
}

#[test]
fn strangers_accept_what_is_issued_and_refuse_what_is_revoked() {
    for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::Rsa2048] {
        let house = House::sqlite();
        let ahead = present().seconds() - house.clock.now().seconds() - 3_600;
        house.clock.pass_seconds(ahead.max(0));
        let codes = house.stock(CHIYODA, 3);
        for (sequence, code) in (1..).zip(&codes) {
            house.take_one(&message(CHIYODA, sequence, "birth", Some(code)));
        }
        let bureau = Bureau::open(&house, algorithm);
        let ours = Partition::Municipality(town(CHIYODA));
        let signature = bureau.issue(CertificateKind::Signature, &codes[0]);
        let kept = bureau.issue(CertificateKind::Signature, &codes[2]);
        let authentication = bureau.issue(CertificateKind::Authentication, &codes[1]);
        let all = [&signature, &kept, &authentication];
        bureau.lists.make_due().unwrap();
        house.clock.pass_seconds(60);
        for issued in all {
            let shown = exhibit(&bureau, &issued.certificate, issued.id.authority, ours);
            shown.accepted(house.clock.now());
        }
        delegates_are_accepted(&bureau);
        // One dies, the card of the other is missing.
        house.take_one(&message(CHIYODA, 4, "death", Some(&codes[0])));
        let whose = Whose::Code(codes[1].clone());
        let missing = (&whose, Trigger::ReportedMissing);
        let act = |work: &mut sekisho_app::Work<'_>| {
            certificate_end(work, &operator(), Purpose::Certification, missing)
        };
        house.act(act).unwrap();
        house.clock.pass_seconds(10);
        bureau.lists.make_due().unwrap();
        house.clock.pass_seconds(10);
        for (issued, words) in [
            (&signature, ["certificate revoked", "revoked", "revoked"]),
            (&authentication, ["certificate revoked", "revoked", "suspended"]),
        ] {
            let shown = exhibit(&bureau, &issued.certificate, issued.id.authority, ours);
            shown.refused(house.clock.now(), words);
        }
        let good = exhibit(&bureau, &kept.certificate, kept.id.authority, ours);
        good.accepted(house.clock.now());
        // Another generation of the same name has not issued it.
        let asked = AuthorityAsked { kind: CertificateKind::Signature, algorithm };
        authority_init(&house.platform, &operator(), asked).unwrap();
        let root = bureau.authorities().pop().unwrap().certificate;
        let other = Exhibit { root, leaf: good.leaf.clone(), list: good.list.clone() };
        other.refused(house.clock.now(), ["unable to get", "", ""]);
        let late = house.clock.now().plus_us(6 * 366 * 86_400 * 1_000_000);
        good.refused(late, ["expired", "expired", "expired"]);
    }
}

/// Responders are not looked up on lists; the time stamper is, on the list of the platform.
fn delegates_are_accepted(bureau: &Bureau<'_>) {
    for (authority, purpose) in [
        (1, delegate_purpose::OCSP),
        (1, delegate_purpose::TIME_STAMP),
        (2, delegate_purpose::OCSP),
    ] {
        let mut rows = Vec::new();
        let read = &mut |view: &mut dyn ports::View| {
            rows = view.newest_delegates(authority, purpose, 1)?;
            Ok(())
        };
        bureau.house.platform.store.snapshot("test", read).unwrap();
        let now = bureau.house.clock.now();
        let shown = exhibit(bureau, &rows[0].certificate, authority, Partition::Platform);
        if purpose == delegate_purpose::TIME_STAMP {
            shown.accepted(now);
        } else {
            let line = format!(
                "openssl verify -x509_strict -purpose ocsphelper -attime {} -CAfile root leaf",
                now.seconds()
            );
            run(shown.desk().path(), &line).unwrap();
        }
    }
}
