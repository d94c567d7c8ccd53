//! A house with certification authorities and residents, and the tools of strangers at its counter:
//! requests made by `openssl`, certificates judged by `openssl` and `certtool`.

use crate::feeds::{CHIYODA, newcomers};
use crate::house::{House, Told};
use serde_json::Value;
use std::fs;
use std::process::Command;

/// The house, and the codes of its residents.
pub(crate) struct Bureau {
    pub(crate) house: House,
    pub(crate) codes: Vec<String>,
}

impl Bureau {
    /// Both authorities, and so many residents of Chiyoda.
    pub(crate) fn open(algorithm: &str, residents: usize) -> Self {
        Self::within(House::quick(), algorithm, residents)
    }

    /// The same in a house where nobody is registered yet.
    pub(crate) fn within(house: House, algorithm: &str, residents: usize) -> Self {
        house.ask(&["ca", "init", "--algorithm", algorithm]).good();
        let codes = house.codes(CHIYODA, residents);
        assert_eq!(house.import(&newcomers(&codes))["applied"], residents);
        for (at, code) in codes.iter().enumerate() {
            house.write(&format!("code-{at}"), code);
        }
        Self { house, codes }
    }

    /// The path of a file beside the data directory.
    pub(crate) fn at(&self, name: &str) -> String {
        self.house.beside(name).display().to_string()
    }

    /// A request of a new key, made by `openssl`.
    pub(crate) fn request(&self, name: &str, key: &[&str]) -> String {
        let (private, request) = (self.at(&format!("{name}.key")), self.at(&format!("{name}.csr")));
        openssl(&[&["genpkey", "-quiet", "-out", &private], key].concat());
        // The hash is the one that `openssl` chooses by itself.
        let new = ["req", "-new", "-subj", "/CN=anything"];
        openssl(&[&new[..], &["-key", &private, "-out", &request]].concat());
        request
    }

    /// Asks for a certificate of a resident, by place.
    pub(crate) fn issue(&self, kind: &str, resident: usize, request: &str, out: &str) -> Told {
        let (code, out) = (self.at(&format!("code-{resident}")), self.at(out));
        let who = ["certs", "issue", "--municipality", CHIYODA, "--kind", kind, "--code", &code];
        let what = ["--request", request, "--card-end", CARD_END, "--out", &out];
        self.house.ask(&[&who[..], &what].concat())
    }

    /// What `certs list` tells of a resident's certificates: kind, state and reason.
    pub(crate) fn listed(&self, resident: usize) -> Vec<(String, String, Option<String>)> {
        let code = self.at(&format!("code-{resident}"));
        let told = self.house.ask(&["certs", "list", "--code", &code]).good();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let one = |entry: &Value| {
            (text(&entry["kind"]).unwrap(), text(&entry["state"]).unwrap(), text(&entry["reason"]))
        };
        told["certificates"].as_array().unwrap().iter().map(one).collect()
    }

    /// Saves authorities and lists as they are now.
    pub(crate) fn save(&self) {
        self.house.ask(&["ca", "save", &self.at("ca")]).good();
    }

    /// What `openssl verify -crl_check` says of a certificate; the authority is found among all.
    pub(crate) fn openssl_accepts(&self, certificate: &str) -> Result<(), String> {
        let (anchors, lists) = (self.at("ca/authorities.pem"), self.at("ca/lists.pem"));
        let trusted = ["verify", "-crl_check", "-x509_strict", "-CAfile", &anchors];
        let judged = ["-CRLfile", &lists, &self.at(certificate)];
        let told = Command::new("openssl").args(trusted).args(judged).output().unwrap();
        let said = String::from_utf8_lossy(&told.stderr).into_owned();
        if told.status.success() { Ok(()) } else { Err(said) }
    }

    /// What `certtool --verify` says of it.
    pub(crate) fn certtool_accepts(&self, certificate: &str) -> bool {
        let (anchors, lists) = (self.at("ca/authorities.pem"), self.at("ca/lists.pem"));
        let told = Command::new("certtool")
            .args(["--verify", "--load-ca-certificate", &anchors, "--load-crl", &lists])
            .args(["--infile", &self.at(certificate)])
            .output();
        told.unwrap().status.success()
    }

    /// What our own `certs verify` says of it.
    pub(crate) fn own_verdict(&self, certificate: &str) -> Told {
        let (anchors, lists) = (self.at("ca/authorities.pem"), self.at("ca/lists.pem"));
        let trusted = ["certs", "verify", "--anchor", &anchors, "--crl", &lists];
        self.house.ask(&[&trusted[..], &[&self.at(certificate)]].concat())
    }

    /// All three judges agree that a certificate is to be believed.
    pub(crate) fn believed(&self, certificate: &str) {
        self.save();
        self.openssl_accepts(certificate).unwrap();
        assert!(self.certtool_accepts(certificate), "certtool: {certificate}");
        self.own_verdict(certificate).good();
    }

    /// All three judges agree that it is revoked or held.
    pub(crate) fn refused(&self, certificate: &str, label: &str) {
        self.save();
        let said = self.openssl_accepts(certificate).unwrap_err();
        assert!(said.contains("certificate revoked"), "{said}");
        assert!(!self.certtool_accepts(certificate), "certtool: {certificate}");
        self.own_verdict(certificate).problem(3, label);
    }

    /// What `openssl x509 -text` shows of it.
    pub(crate) fn text(&self, certificate: &str) -> String {
        openssl(&["x509", "-noout", "-text", "-in", &self.at(certificate)])
    }

    /// The files of the revocation lists.
    pub(crate) fn lists(&self) -> usize {
        let mut found = crate::house::files_below(&self.house.data().join("crl"));
        found.retain(|(path, _)| !path.starts_with(".new"));
        found.len()
    }
}

/// Runs `openssl`, which must do it; what it said.
pub(crate) fn openssl(arguments: &[&str]) -> String {
    let output = Command::new("openssl").args(arguments).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments:?}: {told}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A file in base64, on one line.
pub(crate) fn base64_of(path: &str) -> String {
    let text = openssl(&["base64", "-A", "-in", path]);
    assert!(!text.is_empty() && fs::metadata(path).is_ok());
    text.trim_end().to_owned()
}

/// The last day of every card.
pub(crate) const CARD_END: &str = "2035-04-01";
/// Keys of holders.
pub(crate) const RSA: &[&str] = &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
pub(crate) const P256: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
pub(crate) const P384: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"];
