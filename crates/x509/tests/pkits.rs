//! The public path validation suite of NIST (PKITS 1.0.1, 2011 data), every case with the inputs
//! and the result of its document.
//!
//! The data comes with the package `cryptography_vectors`, which `deps.sh` puts under
//! `target/suites`; the table of cases is `pkits/cases.txt`. Each case runs twice: with the
//! certificates and lists that the document gives it, and with all of the suite at once, in which
//! the search has to find its way.
#![cfg(test)]

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base::Moment;
use rustls_pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, SignatureVerificationAlgorithm,
    UnixTime, alg_id,
};
use sekisho_x509::path::{
    Certificate, Crl, PolicyQuestion, Question, Refusal, Revocation, validate,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

#[test]
fn every_case_of_pkits() {
    let Some(suite) = Suite::load() else { return };
    let cases = cases();
    assert_eq!(cases.len(), 247, "the table of cases is not whole");
    let (mut told, mut wrong) = (String::new(), Vec::new());
    for case in &cases {
        let alone = suite.judge(case, false);
        let among_all = suite.judge(case, true);
        let expected = if case.accepts { "accept" } else { "refuse" };
        told.push_str(&format!(
            "{:9} {:52} {expected:6}  {alone:28} {among_all}\n",
            case.section, case.leaf
        ));
        // What is accepted wrongly is never excused; what is refused wrongly, by its label.
        for found in [&alone, &among_all] {
            let fits = if case.accepts { *found == case.verdict } else { *found != "accept" };
            if !fits {
                wrong.push(format!("{} {}: {found}", case.section, case.leaf));
            }
        }
        if alone != case.verdict {
            wrong.push(format!("{} {}: {alone}, not {}", case.section, case.leaf, case.verdict));
        }
    }
    println!("{told}");
    let refused = cases.iter().filter(|case| case.accepts && case.verdict != "accept").count();
    println!("{} cases, {refused} refused by choice, {} wrong", cases.len(), wrong.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// rustls-webpki on the same chains, without lists, in the sections whose rules it has too: it
/// accepts nothing that we refuse, and where it is narrower is known.
#[test]
fn webpki_agrees_where_it_has_the_rule() {
    let Some(suite) = Suite::load() else { return };
    let mut differing = Vec::new();
    let mut compared = 0;
    for case in cases().iter().filter(|case| case.inputs.is_empty()) {
        if !COMPARED.iter().any(|section| case.section.starts_with(section)) {
            continue;
        }
        compared += 1;
        let (ours, theirs) = (suite.chain_holds(case), suite.webpki_accepts(case));
        assert!(ours || !theirs, "{}: webpki accepts what we refuse", case.section);
        if ours != theirs {
            differing.push(case.section);
        }
    }
    println!("{compared} cases compared, {} narrower in webpki", differing.len());
    assert_eq!(differing, NARROWER_THERE);
}

fn cases() -> Vec<Case> {
    CASES.lines().filter(|line| !line.starts_with('#')).map(Case::new).collect()
}

/// One line of the table.
struct Case {
    section: &'static str,
    leaf: &'static str,
    /// The document's result.
    accepts: bool,
    /// Ours: `accept`, or the label.
    verdict: &'static str,
    inputs: &'static str,
    certificates: &'static str,
    lists: &'static str,
}

impl Case {
    fn new(line: &'static str) -> Self {
        let fields: Vec<&str> = line.split('|').map(str::trim).collect();
        let [section, leaf, result, verdict, inputs, certificates, lists] = fields[..] else {
            panic!("{line}");
        };
        let accepts = match result {
            "valid" => true,
            "invalid" => false,
            _ => panic!("{line}"),
        };
        Self { section, leaf, accepts, verdict, inputs, certificates, lists }
    }

    fn policies(&self) -> PolicyQuestion {
        let mut out = PolicyQuestion::default();
        for word in self.inputs.split_whitespace() {
            match word.split_once('=') {
                None if word == "explicit" => out.require_explicit = true,
                None if word == "inhibit-mapping" => out.inhibit_mapping = true,
                None if word == "inhibit-any" => out.inhibit_any = true,
                Some(("wanted", numbers)) => {
                    let oid = |n| format!("2.16.840.1.101.3.2.1.48.{n}").parse().unwrap();
                    out.wanted = numbers.split(',').map(oid).collect();
                }
                _ => panic!("{word}"),
            }
        }
        out
    }
}

/// Everything of the suite by file name.
struct Suite {
    certificates: BTreeMap<String, Certificate>,
    lists: BTreeMap<String, Crl>,
}

impl Suite {
    fn load() -> Option<Self> {
        let folder = folder();
        if !folder.is_dir() {
            let why = format!("no PKITS data in {}; deps.sh fetches it", folder.display());
            let whole = env::var_os("SEKISHO_SKIP").is_some_and(|may| may == "never");
            assert!(!whole, "{why}, and SEKISHO_SKIP says never");
            println!("skipped: {why}");
            return None;
        }
        let certificates = read(&folder.join("certs"), Certificate::parse);
        let lists = read(&folder.join("crls"), Crl::parse);
        let suite = Self { certificates, lists };
        let all = (suite.certificates.len(), suite.lists.len());
        assert_eq!(all, (405, 173), "the suite is another one");
        Some(suite)
    }

    /// `accept` or the label of the refusal.
    fn judge(&self, case: &Case, among_all: bool) -> &'static str {
        let leaf = &self.certificates[case.leaf];
        let named = |name: &str| self.certificates[name].clone();
        let anchors = [named("TrustAnchorRootCertificate")];
        let certificates: Vec<Certificate> = if among_all {
            self.certificates.values().cloned().collect()
        } else {
            case.certificates.split_whitespace().map(named).collect()
        };
        let crls: Vec<Crl> = if among_all {
            self.lists.values().cloned().collect()
        } else {
            case.lists.split_whitespace().map(|name| self.lists[name].clone()).collect()
        };
        let question = Question {
            intermediates: &certificates,
            crls: &crls,
            policies: case.policies(),
            ..Question::new(leaf, &anchors, NOW)
        };
        match validate(&question) {
            Ok(accepted) => {
                assert_eq!(accepted.path.first(), Some(&leaf));
                assert_eq!(accepted.path.last(), Some(&&anchors[0]));
                "accept"
            }
            Err(refusal) => refusal.label(),
        }
    }
}

impl Suite {
    /// Our answer for the bare chain.
    fn chain_holds(&self, case: &Case) -> bool {
        let named = |name: &str| self.certificates[name].clone();
        let anchors = [named("TrustAnchorRootCertificate")];
        let bag: Vec<_> = case.certificates.split_whitespace().map(named).collect();
        let question = Question {
            intermediates: &bag,
            revocation: Revocation::None,
            ..Question::new(&self.certificates[case.leaf], &anchors, NOW)
        };
        validate(&question).is_ok()
    }

    fn webpki_accepts(&self, case: &Case) -> bool {
        let der = |name: &str| CertificateDer::from(self.certificates[name].der());
        let anchor = der("TrustAnchorRootCertificate");
        let anchors = [anchor_from_trusted_cert(&anchor).unwrap()];
        let bag: Vec<_> = case.certificates.split_whitespace().map(der).collect();
        let leaf = der(case.leaf);
        let Ok(leaf) = EndEntityCert::try_from(&leaf) else { return false };
        let time = UnixTime::since_unix_epoch(Duration::from_secs(DAY as u64));
        let usage = KeyUsage::client_auth();
        let algorithms: &[&dyn SignatureVerificationAlgorithm] = &[&RsaSha256];
        leaf.verify_for_usage(algorithms, &anchors, &bag, time, usage, None, None).is_ok()
    }
}

/// How the suite is signed, for webpki to ask.
#[derive(Debug)]
struct RsaSha256;

impl SignatureVerificationAlgorithm for RsaSha256 {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public_key);
        key.verify(message, signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::RSA_ENCRYPTION
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::RSA_PKCS1_SHA256
    }
}

fn read<T>(folder: &Path, parse: fn(&[u8]) -> Result<T, Refusal>) -> BTreeMap<String, T> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let parsed = parse(&fs::read(&path).unwrap());
            let parsed = parsed.unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
            (name, parsed)
        })
        .collect()
}

fn folder() -> PathBuf {
    let suites = env::var_os("SEKISHO_SUITES").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/suites");
    suites.unwrap_or_else(beside).join("cryptography_vectors/x509/PKITS_data")
}

/// Signatures, validity, names, self-issued certificates, basic constraints, name constraints,
/// private extensions.
const COMPARED: [&str; 7] = ["4.1.", "4.2.", "4.3.", "4.5.", "4.6.", "4.13.", "4.16."];
/// What we accept, as the document says, and webpki does not: a time before 1970; names that are
/// equal but not byte by byte; authorities as leaves and self-issued issuers; constraints on
/// directory names, mailboxes and URIs. The other way round there is nothing.
const NARROWER_THERE: [&str; 25] = [
    "4.2.3", "4.3.3", "4.3.4", "4.3.5", "4.3.6", "4.3.10", "4.3.11", "4.6.8", "4.6.14", "4.6.15",
    "4.6.17", "4.13.1", "4.13.4", "4.13.5", "4.13.6", "4.13.11", "4.13.14", "4.13.18", "4.13.19",
    "4.13.21", "4.13.23", "4.13.25", "4.13.27", "4.13.34", "4.13.36",
];
const CASES: &str = include_str!("pkits/cases.txt");
/// 2020-01-01, within the validity of the suite.
const DAY: i64 = 1_577_836_800;
const NOW: Moment = Moment::from_us(DAY * 1_000_000);
