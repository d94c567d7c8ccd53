//! The public path validation suite of NIST (PKITS 1.0.1, 2011 data), every case with the inputs
//! and the result of its document.
//!
//! The data comes with the package `cryptography_vectors`, which `deps.sh` puts under
//! `target/suites`; the table of cases is `pkits/cases.txt`. Each case runs twice: with the
//! certificates and lists that the document gives it, and with all of the suite at once, in which
//! the search has to find its way.
#![cfg(test)]

use base::Moment;
use sekisho_x509::path::{Certificate, Crl, PolicyQuestion, Question, Refusal, validate};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

#[test]
fn every_case_of_pkits() {
    let Some(suite) = Suite::load() else { return };
    let cases: Vec<Case> =
        CASES.lines().filter(|line| !line.starts_with('#')).map(Case::new).collect();
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
            ..Question::new(leaf, &anchors, Moment::from_us(DAY * 1_000_000))
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

const CASES: &str = include_str!("pkits/cases.txt");
/// 2020-01-01, within the validity of the suite.
const DAY: i64 = 1_577_836_800;
