//! Bad certification requests at the real program: each is refused with its label, nothing is
//! issued, and the store stays verified.

use crate::bureau::{Bureau, P256, RSA, openssl};
use crate::golden::golden;
use serde_json::{Value, json};
use std::fs;

#[test]
fn golden_labels_of_bad_requests() {
    let bureau = Bureau::open("p256", 1);
    let mut all = serde_json::Map::new();
    for (name, bytes) in bad_requests(&bureau) {
        let path = bureau.house.write("bad", bytes);
        let told = bureau.issue("authentication", 0, &path, "never.pem");
        let problem = told.json();
        let said = json!({
            "exit": told.code,
            "label": problem["label"],
            "field": problem["field"],
        });
        all.insert(name.to_owned(), said);
    }
    assert!(!bureau.house.beside("never.pem").exists());
    assert!(bureau.listed(0).is_empty());
    let mut text = serde_json::to_string_pretty(&Value::Object(all)).unwrap();
    text.push('\n');
    golden("request-problems.json", &text);
    bureau.house.done();
}

fn bad_requests(bureau: &Bureau) -> Vec<(&'static str, Vec<u8>)> {
    let good = fs::read(der(bureau, "good", P256)).unwrap();
    let pem = fs::read(bureau.at("good.csr")).unwrap();
    let curve = |name: &'static str| {
        let option = format!("ec_paramgen_curve:{name}");
        let key = ["-algorithm", "EC", "-pkeyopt", &option, "-pkeyopt", "ec_param_enc:named_curve"];
        fs::read(der(bureau, name, &key)).unwrap()
    };
    let rsa = |name: &'static str, options: &[&str]| {
        let key = [&["-algorithm", "RSA"], options].concat();
        fs::read(der(bureau, name, &key)).unwrap()
    };
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        bytes
    };
    let last = good.len() - 1;
    vec![
        ("another_curve", curve("secp256k1")),
        ("another_signature", changed(&|bytes| bytes[last] ^= 1)),
        ("cut_off", changed(&|bytes| bytes.truncate(last))),
        ("ed25519", fs::read(der(bureau, "ed25519", &["-algorithm", "ED25519"])).unwrap()),
        ("empty", Vec::new()),
        (
            "indefinite_length",
            changed(&|bytes| {
                bytes.splice(1..3, [0x80]);
                bytes.extend([0, 0]);
            }),
        ),
        (
            "length_in_more_bytes_than_needed",
            changed(&|bytes| {
                let short = bytes[2];
                bytes.splice(1..3, [0x82, 0, short]);
            }),
        ),
        ("p521", curve("P-521")),
        ("pem_of_something_else", openssl(&["pkey", "-in", &bureau.at("good.key")]).into_bytes()),
        ("pem_without_end", pem[..pem.len() / 2].to_vec()),
        ("rsa_1024", rsa("r1", &["-pkeyopt", "rsa_keygen_bits:1024"])),
        ("rsa_3072", rsa("r3", &["-pkeyopt", "rsa_keygen_bits:3072"])),
        ("rsa_exponent_3", rsa("e3", &["-pkeyopt", "rsa_keygen_pubexp:3"])),
        ("signed_with_sha1", signed_with(bureau, "-sha1")),
        ("signed_with_sha224", signed_with(bureau, "-sha224")),
        ("too_long", [&good[..], &vec![0; x509::REQUEST_BYTES_MAX]].concat()),
        ("trailing_byte", changed(&|bytes| bytes.push(0))),
        (
            "version_2",
            changed(&|bytes| {
                let version = bytes.windows(3).position(|at| at == [2, 1, 0]).unwrap();
                bytes[version + 2] = 1;
            }),
        ),
    ]
}

/// A request in DER.
fn der(bureau: &Bureau, name: &str, key: &[&str]) -> String {
    let (request, out) = (bureau.request(name, key), bureau.at(&format!("{name}.der")));
    openssl(&["req", "-in", &request, "-outform", "DER", "-out", &out]);
    out
}

fn signed_with(bureau: &Bureau, digest: &str) -> Vec<u8> {
    let request = bureau.request("digest", RSA);
    let (key, out) = (bureau.at("digest.key"), bureau.at("digest.der"));
    let made = ["req", "-new", "-subj", "/CN=x", "-key", &key, digest, "-outform", "DER"];
    openssl(&[&made[..], &["-out", &out]].concat());
    assert!(fs::metadata(request).is_ok());
    fs::read(out).unwrap()
}

/// What is asked for in a request besides its key is nobody's right: it is not in the certificate.
#[test]
fn nothing_of_a_request_is_believed_but_its_key() {
    let bureau = Bureau::open("p256", 1);
    let key = bureau.at("wish.key");
    openssl(&[&["genpkey", "-quiet", "-out", &key], P256].concat());
    let out = bureau.at("wish.csr");
    let subject = ["req", "-new", "-key", &key, "-subj", "/C=XX/O=Somebody else/CN=root"];
    let wishes =
        ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=keyCertSign"];
    openssl(&[&subject[..], &wishes, &["-out", &out]].concat());
    bureau.issue("authentication", 0, &out, "wish.pem").good();
    let shown = bureau.text("wish.pem");
    for wish in ["Somebody else", "CN = root", "CA:TRUE", "Certificate Sign"] {
        assert!(!shown.contains(wish), "{shown}");
    }
    bureau.believed("wish.pem");
    bureau.house.done();
}
