//! `certs verify` on chains that OpenSSL made, with OpenSSL and GnuTLS as second opinions.

use crate::house::House;
use serde_json::Value;
use std::fs;
use std::process::Command;

/// A root, two authorities under it, and leaves: made once per test by `openssl` in the house.
struct Works<'h> {
    house: &'h House,
}

impl<'h> Works<'h> {
    fn new(house: &'h House, key: &[&str]) -> Self {
        let works = Self { house };
        house.write("ca.cnf", CONFIG);
        for name in ["root", "ca"] {
            works.openssl(&[&["genpkey", "-out", &works.at(name, "key")], key].concat());
            fs::create_dir(house.beside(name)).unwrap();
            house.write(&format!("{name}/index"), "");
            house.write(&format!("{name}/crlnumber"), "01\n");
        }
        let (key, out) = (works.at("root", "key"), works.at("root", "pem"));
        let root = ["req", "-x509", "-new", "-subj", "/CN=Root", "-days", "3650"];
        works.openssl(&[&root[..], &["-extensions", "ca", "-key", &key, "-out", &out]].concat());
        works.issue("ca", "root", "ca");
        works
    }

    fn at(&self, name: &str, ending: &str) -> String {
        self.house.beside(&format!("{name}.{ending}")).display().to_string()
    }

    fn openssl(&self, arguments: &[&str]) {
        let output = Command::new("openssl")
            .args(arguments)
            .env("OPENSSL_CONF", self.at("ca", "cnf"))
            .env("HERE", self.house.beside(""))
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {told}");
    }

    /// A certificate of `name` from `issuer`; makes a key where there is none.
    fn issue(&self, name: &str, issuer: &str, extensions: &str) {
        let (key, request) = (self.at(name, "key"), self.at(name, "csr"));
        if !self.house.beside(&format!("{name}.key")).exists() {
            let curve = "ec_paramgen_curve:P-256";
            let new = ["genpkey", "-algorithm", "EC", "-pkeyopt", curve, "-out", &key];
            self.openssl(&new);
        }
        let subject = format!("/CN={name}");
        self.openssl(&["req", "-new", "-subj", &subject, "-key", &key, "-out", &request]);
        let section = format!("ca_{issuer}");
        let ca = ["ca", "-batch", "-notext", "-name", &section, "-extensions", extensions];
        self.openssl(&[&ca[..], &["-in", &request, "-out", &self.at(name, "pem")]].concat());
    }

    fn list(&self, issuer: &str, arguments: &[&str]) {
        let (section, out) = (format!("ca_{issuer}"), self.at(issuer, "crl"));
        let ca = ["ca", "-gencrl", "-name", &section, "-out", &out];
        self.openssl(&[&ca[..], arguments].concat());
    }

    fn lists(&self) {
        self.list("root", &[]);
        self.list("ca", &[]);
    }

    fn revoke(&self, name: &str, issuer: &str, reason: &str) {
        let (section, file) = (format!("ca_{issuer}"), self.at(name, "pem"));
        self.openssl(&["ca", "-name", &section, "-revoke", &file, "-crl_reason", reason]);
        self.list(issuer, &[]);
    }

    /// `certs verify` of a leaf, with the whole chain and both lists.
    fn verify(&self, leaf: &str, more: &[&str]) -> Verdict {
        let files = [("root", "pem"), ("ca", "pem"), ("root", "crl"), ("ca", "crl")];
        let [root, ca, root_list, ca_list] = files.map(|(name, ending)| self.at(name, ending));
        let leaf = self.at(leaf, "pem");
        let chain = ["certs", "verify", "--anchor", &root, "--intermediate", &ca];
        let lists = ["--crl", &root_list, "--crl", &ca_list];
        let told = self.house.ask(&[&chain[..], &lists, more, &[&leaf]].concat());
        match told.code {
            0 => Ok(told.good()),
            code => Err((code, told.json()["label"].as_str().unwrap().to_owned())),
        }
    }

    /// What `openssl verify -crl_check_all -x509_strict` says.
    fn openssl_accepts(&self, leaf: &str) -> bool {
        let lists = fs::read_to_string(self.at("root", "crl")).unwrap()
            + &fs::read_to_string(self.at("ca", "crl")).unwrap();
        let lists = self.house.write("both.crl", lists);
        let (root, ca, leaf) = (self.at("root", "pem"), self.at("ca", "pem"), self.at(leaf, "pem"));
        let chain = ["-CAfile", &root, "-untrusted", &ca, "-CRLfile", &lists, &leaf];
        let output = Command::new("openssl")
            .args(["verify", "-x509_strict", "-crl_check_all"])
            .args(chain)
            .output();
        output.unwrap().status.success()
    }

    /// What `certtool --verify` says.
    fn certtool_accepts(&self, leaf: &str) -> bool {
        let chain = fs::read_to_string(self.at(leaf, "pem")).unwrap()
            + &fs::read_to_string(self.at("ca", "pem")).unwrap();
        let chain = self.house.write("chain.pem", chain);
        let lists = self.house.beside("both.crl").display().to_string();
        let output = Command::new("certtool")
            .args(["--verify", "--infile", &chain, "--load-crl", &lists])
            .args(["--load-ca-certificate", &self.at("root", "pem")])
            .output();
        output.unwrap().status.success()
    }
}

type Verdict = Result<Value, (i32, String)>;

fn refused(label: &str) -> Verdict {
    Err((3, label.to_owned()))
}

#[test]
fn three_programs_agree_on_chains() {
    for key in [
        &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"][..],
        &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
        &["-algorithm", "ED25519"],
    ] {
        let house = House::empty();
        let works = Works::new(&house, key);
        for leaf in ["good", "revoked", "held"] {
            works.issue(leaf, "ca", "client");
        }
        works.lists();
        works.revoke("revoked", "ca", "keyCompromise");
        works.revoke("held", "ca", "certificateHold");
        for (leaf, expected) in
            [("good", None), ("revoked", Some("path_revoked")), ("held", Some("path_on_hold"))]
        {
            let found = works.verify(leaf, &[]);
            match expected {
                None => assert_eq!(found.unwrap()["path"].as_array().unwrap().len(), 3),
                Some(label) => assert_eq!(found, refused(label)),
            }
            let accepted = expected.is_none();
            assert_eq!(works.openssl_accepts(leaf), accepted, "openssl: {leaf}, {key:?}");
            assert_eq!(works.certtool_accepts(leaf), accepted, "certtool: {leaf}, {key:?}");
        }
    }
}

/// What the other programs let pass by default, and what nobody lets pass.
#[test]
fn refusals_have_their_labels_and_places() {
    let house = House::empty();
    let works = Works::new(&house, &["-algorithm", "ED25519"]);
    works.issue("client", "ca", "client");
    works.issue("strange", "ca", "strange");
    works.issue("below", "client", "client");
    works.lists();
    assert!(works.verify("client", &[]).is_ok());
    assert!(works.verify("client", &["--purpose", "client"]).is_ok());
    assert_eq!(works.verify("client", &["--purpose", "server"]), refused("path_purpose"));
    assert_eq!(works.verify("client", &["--purpose", "ocsp"]), refused("path_purpose"));
    assert_eq!(works.verify("strange", &[]), refused("path_critical_extension"));
    let later = ["--time", "2070-01-01T00:00:00Z"];
    assert_eq!(works.verify("client", &later), refused("path_expired"));
    let before = ["--time", "2001-01-01T00:00:00Z"];
    assert_eq!(works.verify("client", &before), refused("path_not_yet_valid"));
    let client = works.at("client", "pem");
    let through = works.verify("below", &["--no-revocation", "--intermediate", &client]);
    assert_eq!(through, refused("path_not_a_ca"));

    let wanted = ["--policy", "1.2.392.1", "--explicit-policy"];
    assert_eq!(works.verify("client", &wanted).unwrap()["policies"], Value::from(["1.2.392.1"]));
    let other = ["--policy", "1.2.392.9", "--explicit-policy"];
    assert_eq!(works.verify("client", &other), refused("path_policy"));
    assert_eq!(works.verify("client", &["--policy", "x"]), refused("request_malformed"));

    // The lists are good for a week, the certificates for longer.
    let days = 30 * 24 * 3600;
    let month = (jiff::Timestamp::now() + jiff::SignedDuration::from_secs(days)).to_string();
    assert_eq!(works.verify("client", &["--time", &month]), refused("path_crl_expired"));
    assert!(works.verify("client", &["--time", &month, "--no-revocation"]).is_ok());
    assert!(works.verify("client", &["--no-revocation"]).is_ok());
}

#[test]
fn files_are_pem_or_der_and_what_is_neither_is_refused() {
    let house = House::empty();
    let works = Works::new(&house, &["-algorithm", "ED25519"]);
    works.issue("leaf", "ca", "client");
    let (leaf, der) = (works.at("leaf", "pem"), works.at("leaf", "der"));
    works.openssl(&["x509", "-in", &leaf, "-outform", "DER", "-out", &der]);
    let (root, ca) = (works.at("root", "pem"), works.at("ca", "pem"));
    let chain = ["certs", "verify", "--no-revocation", "--anchor", &root];
    let ask = |more: &[&str]| house.ask(&[&chain[..], more].concat());
    let accepted = ask(&["--intermediate", &ca, &der]).good();
    let roles: Vec<&str> = accepted["path"]
        .as_array()
        .unwrap()
        .iter()
        .map(|at| at["role"].as_str().unwrap())
        .collect();
    assert_eq!(roles, ["leaf", "issuer 1", "trust anchor"]);
    // The chain may come in the leaf's own file.
    let both = fs::read_to_string(&leaf).unwrap() + &fs::read_to_string(&ca).unwrap();
    ask(&[&house.write("both.pem", both)]).good();
    let problem = ask(&[&der]).problem(3, "path_issuer_unknown");
    assert!(problem["detail"].as_str().unwrap().starts_with("leaf:"), "{problem}");
    let junk = house.write("junk", "no certificate");
    ask(&["--intermediate", &junk, &der]).problem(3, "path_malformed");
    let mut cut = fs::read(&der).unwrap();
    cut.pop();
    ask(&[&house.write("cut.der", cut)]).problem(3, "path_malformed");
    let nowhere = house.beside("nowhere.pem").display().to_string();
    ask(&[&nowhere]).problem(4, "path_absent");
    let told = house.run(&[&chain[..], &["--intermediate", &ca, &der]].concat());
    assert!(told.out.contains("The certificate is valid at"), "{}", told.out);
}

const CONFIG: &str = "\
[req]
distinguished_name = dn
[dn]
[any]
commonName = supplied
[ca_root]
default_days = 1000
default_md = default
default_crl_days = 7
policy = any
rand_serial = yes
unique_subject = no
certificate = $ENV::HERE/root.pem
private_key = $ENV::HERE/root.key
database = $ENV::HERE/root/index
crlnumber = $ENV::HERE/root/crlnumber
new_certs_dir = $ENV::HERE/root
crl_extensions = list
[ca_ca]
default_days = 500
default_md = default
default_crl_days = 7
policy = any
rand_serial = yes
unique_subject = no
certificate = $ENV::HERE/ca.pem
private_key = $ENV::HERE/ca.key
database = $ENV::HERE/ca/index
crlnumber = $ENV::HERE/ca/crlnumber
new_certs_dir = $ENV::HERE/ca
crl_extensions = list
[ca_client]
default_days = 100
default_md = default
policy = any
rand_serial = yes
unique_subject = no
certificate = $ENV::HERE/client.pem
private_key = $ENV::HERE/client.key
database = $ENV::HERE/ca/index
new_certs_dir = $ENV::HERE/ca
[list]
authorityKeyIdentifier = keyid
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
certificatePolicies = 1.2.392.1, 1.2.392.2
[client]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
certificatePolicies = 1.2.392.1
[strange]
basicConstraints = critical, CA:FALSE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
1.2.3.4.5 = critical, DER:0500
";
