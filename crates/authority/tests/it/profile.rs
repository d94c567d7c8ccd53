//! The profile against its own rules, and OpenSSL and GnuTLS as judges of what it composes.

use crate::house::{ALGORITHMS, House, Made, holder_content, holder_key, partition};
use authority::profile::{
    Form, Issuer, Partition, Profile, ProfileRefusal, ProfileSettings, SettingsRefusal,
};
use authority::{CertificateContent, CertificateKind};
use sekisho_authority as authority;
use std::path::Path;
use std::process::Command;
use x509::lint::{Finding, lint, lint_signed};
use x509::{Certificate, KeyAlgorithm, extension_id as id, pem};

#[test]
fn whatever_is_composed_passes_the_lint() {
    let by_directory_alone = ProfileSettings { lists: None, ..ProfileSettings::default() };
    let mut without_responder =
        ProfileSettings { policies_critical: false, ..ProfileSettings::default() };
    without_responder.authentication.responder = None;
    without_responder.signature.responder = Some("http://ocsp.sekisho.example/s".to_owned());
    for settings in [ProfileSettings::default(), by_directory_alone, without_responder] {
        for (house, made) in every(&settings) {
            let expected = house.profile.expected(made.form, &made.issuer, partition(made.form));
            let findings = lint_signed(&made.der, &expected, &made.issuer.public_key);
            assert_eq!(findings, [], "{} {}", made.word, made.issuer.hierarchy);
        }
    }
}

#[test]
fn a_certificate_of_one_form_is_none_of_another() {
    let house = House::new(KeyAlgorithm::P256);
    for kind in CertificateKind::ALL {
        for made in house.all(kind) {
            for form in [Form::Root, Form::Holder, Form::Responder, Form::TimeStamper] {
                let other = kind_other_than(kind);
                let here = house.profile.expected(form, &made.issuer, partition(made.form));
                let there = house.profile.expected(form, &house.issuer(other), partition(form));
                assert_eq!(lint(&made.tbs, &here).is_empty(), form == made.form);
                assert!(lint(&made.tbs, &there).contains(&Finding::Issuer));
            }
        }
    }
}

#[test]
fn extensions_stand_in_the_order_of_the_model() {
    let order = |kind, at: usize| {
        let made = &House::new(KeyAlgorithm::Rsa2048).all(kind)[at];
        let read = Certificate::parse(&made.der).unwrap();
        let known = [
            (id::KEY_USAGE, "KU"),
            (id::EXTENDED_KEY_USAGE, "EKU"),
            (id::SUBJECT_ALT_NAME, "SAN"),
            (id::CERTIFICATE_POLICIES, "CP"),
            (id::ISSUER_ALT_NAME, "IAN"),
            (id::BASIC_CONSTRAINTS, "BC"),
            (id::CRL_DISTRIBUTION_POINTS, "CRLDP"),
            (id::AUTHORITY_INFO_ACCESS, "AIA"),
            (id::AUTHORITY_KEY_IDENTIFIER, "AKI"),
            (id::SUBJECT_KEY_IDENTIFIER, "SKI"),
        ];
        let word = |oid: &[u8]| known.iter().find(|(known, _)| known.as_bytes() == oid).unwrap().1;
        let words = read.extensions().iter().map(|one| {
            let mark = if one.critical { "!" } else { "" };
            format!("{}{mark}", word(one.oid))
        });
        words.collect::<Vec<_>>().join(" ")
    };
    let [signature, authentication] = CertificateKind::ALL;
    assert_eq!(order(signature, 0), "KU! SAN BC! CRLDP SKI");
    assert_eq!(order(authentication, 0), "KU! SAN BC! CRLDP SKI");
    assert_eq!(order(signature, 1), "KU! SAN CP! IAN CRLDP AKI SKI");
    assert_eq!(order(authentication, 1), "KU! EKU CP! IAN CRLDP AIA AKI SKI");
}

#[test]
fn no_certificate_for_authentication_says_who_the_holder_is() {
    let house = House::new(KeyAlgorithm::Rsa2048);
    let [signature, authentication] = CertificateKind::ALL.map(|kind| house.all(kind));
    let says = |made: &Made, text: &str| {
        made.der.windows(text.len()).any(|window| window == text.as_bytes())
    };
    for text in ["高橋　花子", "419980217", "東京都清瀬市中里五丁目８４２番地"]
    {
        assert!(says(&signature[1], text) && !says(&authentication[1], text), "{text}");
    }
}

#[test]
fn what_no_decision_leads_to_is_not_composed() {
    let house = House::new(KeyAlgorithm::P256);
    let [signature, authentication] = CertificateKind::ALL;
    let refused = |issuer: &Issuer, change: fn(&mut CertificateContent)| {
        let mut content = holder_content(signature, holder_key(KeyAlgorithm::P256));
        change(&mut content);
        house.profile.holder(issuer, &content).unwrap_err()
    };
    let issuer = house.issuer(signature);
    assert_eq!(refused(&house.issuer(authentication), |_| {}), ProfileRefusal::Hierarchy);
    for change in [
        (|content| content.serial = 0) as fn(&mut CertificateContent),
        |content| content.personal = None,
        |content| content.subject.locality = None,
        |content| content.not_after = content.not_before.plus_us(-1_000_000),
        |content| content.not_after = content.not_after.plus_us(1),
    ] {
        let refusal = refused(&issuer, change);
        assert!(matches!(refusal, ProfileRefusal::Content(_)), "{refusal:?}");
    }
    let nowhere = refused(&issuer, |content| content.municipality = "130001".parse().unwrap());
    assert_eq!(nowhere, ProfileRefusal::Municipality);
}

#[test]
fn settings_that_cannot_stand_in_a_certificate_are_refused() {
    type Change = fn(&mut ProfileSettings);
    let changes: [(&str, Change); 8] = [
        ("organization", |settings| settings.organization.clear()),
        ("operator_japanese", |settings| settings.operator_japanese = "関".repeat(65)),
        ("signature.unit", |settings| settings.signature.unit = "a\nb".to_owned()),
        ("statement", |settings| settings.statement = "http://関所.example".to_owned()),
        ("statement", |settings| settings.statement = "www.sekisho.example".to_owned()),
        ("lists", |settings| settings.lists = Some("http://crl.example/".to_owned())),
        ("authentication.responder", |settings| {
            settings.authentication.responder = Some("http://a b".to_owned());
        }),
        ("holder_algorithms", |settings| settings.holder_algorithms.clear()),
    ];
    for (setting, change) in changes {
        let mut settings = ProfileSettings::default();
        change(&mut settings);
        assert_eq!(Profile::new(settings).map(|_| ()), Err(SettingsRefusal(setting)));
    }
}

#[test]
fn refusals_of_the_profile_stand_in_the_table() {
    let refusals =
        [ProfileRefusal::Content(""), ProfileRefusal::Hierarchy, ProfileRefusal::Municipality];
    let mut used: Vec<_> = refusals.map(ProfileRefusal::label).into();
    used.push(SettingsRefusal("").label());
    for label in used {
        assert!(base::labels::find(label).is_some(), "{label}");
    }
}

#[test]
fn generations_share_a_name_and_are_told_apart_by_their_keys() {
    let [rsa, p384] = [KeyAlgorithm::Rsa2048, KeyAlgorithm::P384].map(House::new);
    let kind = CertificateKind::Signature;
    let issuers = [rsa.issuer(kind), p384.issuer(kind)];
    assert_eq!(issuers[0].name, issuers[1].name);
    assert_ne!(issuers[0].generation(), issuers[1].generation());
    let partition = Partition::Municipality("132217".parse().unwrap());
    let path = issuers[0].list_path(partition);
    assert_eq!(path, format!("signature/{}/132217.crl", issuers[0].generation()));
    let der = &rsa.all(kind)[0].der;
    let read = Issuer::of_certificate(kind, &Certificate::parse(der).unwrap());
    assert_eq!(read.as_ref(), Some(&issuers[0]));
}

#[test]
fn openssl_and_gnutls_accept_every_form() {
    for algorithm in ALGORITHMS {
        for kind in CertificateKind::ALL {
            let [root, others @ ..] = House::lasting(algorithm).all(kind);
            others.iter().for_each(|made| accepted(&root, made));
        }
    }
}

fn accepted(root: &Made, made: &Made) {
    let desk = tempfile::tempdir().unwrap();
    for (name, der) in [("root.pem", &root.der), ("leaf.pem", &made.der)] {
        let text = pem::encode(pem::CERTIFICATE, der);
        std::fs::write(desk.path().join(name), text).unwrap();
    }
    let (good, bad) = purposes(made);
    let verify = |purpose, good| {
        let line =
            format!("openssl verify -x509_strict -check_ss_sig -attime 1795200000 {purpose}");
        run(desk.path(), &format!("{line} -CAfile root.pem leaf.pem"), good);
    };
    good.iter().for_each(|purpose| verify(purpose, true));
    bad.iter().for_each(|purpose| verify(purpose, false));
    run(desk.path(), "certtool --certificate-info --infile leaf.pem", true);
    let line = "certtool --verify --load-ca-certificate root.pem --infile leaf.pem";
    run(desk.path(), line, true);
}

#[test]
fn openssl_shows_what_the_holders_certificate_says() {
    let house = House::new(KeyAlgorithm::Rsa2048);
    let desk = tempfile::tempdir().unwrap();
    let made = &house.all(CertificateKind::Signature)[1];
    std::fs::write(desk.path().join("leaf.der"), &made.der).unwrap();
    let line = "openssl x509 -inform DER -in leaf.der -noout -text -nameopt RFC2253,utf8,-esc_msb";
    let text = run(desk.path(), line, true);
    for shown in [
        "Signature Algorithm: sha256WithRSAEncryption",
        "Not After : Feb 17 14:59:59 2031 GMT",
        "Subject: CN=202611200915300000113221003A,L=Kiyose-shi,L=Tokyo-to,C=JP",
        "X509v3 Key Usage: critical",
        "Digital Signature, Non Repudiation",
        "X509v3 Certificate Policies: critical",
        "Policy: 1.3.6.1.4.1.32473.8.5.1.1.20",
        "CN = Kiyose-shi CRLDP",
        "othername: 1.3.6.1.4.1.32473.8.5.5.4::419980217",
        "URI:http://crl.sekisho.example/signature/",
    ] {
        assert!(text.contains(shown), "{shown} is not in {text}");
    }
    let alternative = ["5.1::", "5.4::", "5.3::", "5.5::", "5.2::", "5.6::"];
    let places = alternative.map(|number| text.find(&format!("32473.8.5.{number}")).unwrap());
    assert!(places.is_sorted());
}

/// Every certificate of both hierarchies under every algorithm.
fn every(settings: &ProfileSettings) -> Vec<(House, Made)> {
    let pairs = ALGORITHMS.iter().flat_map(|algorithm| {
        CertificateKind::ALL.into_iter().flat_map(|kind| {
            let all = House::with(*algorithm, settings.clone()).all(kind);
            all.map(|made| (House::with(*algorithm, settings.clone()), made))
        })
    });
    pairs.collect()
}

/// Purposes that OpenSSL accepts a certificate for, and refuses it for.
fn purposes(made: &Made) -> (&'static [&'static str], &'static [&'static str]) {
    match (made.form, made.issuer.hierarchy) {
        (Form::Holder, CertificateKind::Signature) => (&["", "-purpose smimesign"], &[]),
        (Form::Holder, CertificateKind::Authentication) => {
            (&["", "-purpose sslclient"], &["-purpose sslserver", "-purpose timestampsign"])
        }
        (Form::TimeStamper, _) => (&["-purpose timestampsign"], &["-purpose sslclient"]),
        _ => (&["-purpose ocsphelper"], &["-purpose sslclient", "-purpose timestampsign"]),
    }
}

const fn kind_other_than(kind: CertificateKind) -> CertificateKind {
    match kind {
        CertificateKind::Signature => CertificateKind::Authentication,
        CertificateKind::Authentication => CertificateKind::Signature,
    }
}

/// Runs a tool that must succeed, or must not; what it said.
fn run(folder: &Path, line: &str, good: bool) -> String {
    let mut words = line.split_whitespace();
    let mut tool = Command::new(words.next().unwrap());
    let output = tool.args(words).current_dir(folder).env("LC_ALL", "C.UTF-8").output().unwrap();
    let text = [&output.stdout[..], &output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert_eq!(output.status.success(), good, "{line}: {text}");
    text
}
