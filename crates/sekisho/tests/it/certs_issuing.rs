//! Certificates from the founding of the authorities to their end, with strangers' tools as judges.

use crate::bureau::{Bureau, CARD_END, P256, P384, RSA, openssl};
use crate::feeds::{CHIYODA, CHUO, HEADER, TARO, line};
use crate::house::{House, copy_tree, files_below};
use crate::serving::Serving;
use crate::verifying_parties::{post, token};
use app::certificate_end::certificate_end;
use app::number_ask::Whose;
use authority::trigger::Trigger;
use base::{Actor, Purpose};
use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::json;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// Any of the three algorithms of an authority, any of a holder's: strangers believe it.
#[test]
fn strangers_believe_what_is_issued() {
    for (authority, key) in [("rsa2048", P256), ("p256", P384), ("p384", RSA)] {
        let bureau = Bureau::open(authority, 1);
        let request = bureau.request("holder", key);
        bureau.issue("signature", 0, &request, "signature.pem").good();
        let used = bureau.issue("authentication", 0, &request, "none.pem");
        used.problem(3, "certificate_key_used");
        let request = bureau.request("card", key);
        bureau.issue("authentication", 0, &request, "authentication.pem").good();
        bureau.believed("signature.pem");
        bureau.believed("authentication.pem");
        let shown = bureau.text("authentication.pem");
        assert!(shown.contains("URI:http://127.0.0.1:8790/crl/authentication/"), "{shown}");
        assert!(shown.contains("OCSP - URI:http://127.0.0.1:8790/ocsp"), "{shown}");
        assert!(!bureau.house.beside("none.pem").exists());
        bureau.house.done();
    }
}

#[test]
fn the_register_ends_signature_certificates_and_the_lists_tell() {
    let bureau = Bureau::open("p256", 2);
    for (at, kind) in ["signature", "authentication"].into_iter().enumerate() {
        let request = bureau.request(kind, P256);
        bureau.issue(kind, 0, &request, &format!("{at}.pem")).good();
    }
    let moved = [HEADER, &line(3, "move_out", &bureau.codes[0], "")].concat();
    assert_eq!(bureau.house.import(&moved)["applied"], 1);
    bureau.house.ask(&["certs", "lists"]).good();
    bureau.refused("0.pem", "path_revoked");
    bureau.believed("1.pem");
    let own = |kind: &str, state: &str, reason: Option<&str>| {
        (kind.to_owned(), state.to_owned(), reason.map(str::to_owned))
    };
    assert_eq!(
        bureau.listed(0),
        [
            own("signature", "revoked", Some("affiliation_changed")),
            own("authentication", "in_force", None)
        ]
    );
    bureau.house.done();
}

/// Store and ledger of an older copy, below lists that verifiers have seen.
#[test]
fn a_store_that_was_put_back_makes_no_list_below_the_published() {
    let bureau = Bureau::open("p256", 2);
    let house = &bureau.house;
    for (at, name) in ["0.pem", "1.pem"].into_iter().enumerate() {
        let request = bureau.request(&format!("card-{at}"), P256);
        bureau.issue("authentication", at, &request, name).good();
    }
    let end = |at: usize| {
        let code = bureau.at(&format!("code-{at}"));
        house.ask(&["certs", "end", "--trigger", "reported_missing", "--code", &code])
    };
    let put_back = |copy: &House| {
        for kept in ["store.sqlite", "store.sqlite-wal", "store.sqlite-shm"] {
            let place = house.data().join(kept);
            drop(fs::remove_file(&place));
            drop(fs::copy(copy.data().join(kept), &place));
        }
        fs::remove_dir_all(house.data().join("ledger")).unwrap();
        copy_tree(&copy.data().join("ledger"), &house.data().join("ledger"));
    };
    let older = house.copy();
    end(0).good();
    let newest = house.copy();
    put_back(&older);
    house.ask(&["verify"]).does_not_hold();
    end(1).problem(6, "revocation_list_ahead");
    house.ask(&["certs", "lists"]).problem(6, "revocation_list_ahead");
    bureau.refused("0.pem", "path_on_hold");
    put_back(&newest);
    end(1).good();
    bureau.refused("0.pem", "path_on_hold");
    bureau.refused("1.pem", "path_on_hold");
    bureau.house.done();
}

#[test]
fn what_is_held_may_come_back_or_end() {
    let bureau = Bureau::open("p256", 1);
    let request = bureau.request("card", P256);
    bureau.issue("authentication", 0, &request, "card.pem").good();
    let code = bureau.at("code-0");
    let house = &bureau.house;
    let end = |trigger: &str, by: &[&str]| {
        house.ask(&[&["certs", "end", "--trigger", trigger, "--code", &code], by].concat())
    };
    let release = ["certs", "release", "--kind", "authentication", "--code", &code];
    let release = |by: &str| house.ask(&[&release[..], &["--municipality", by]].concat());
    release(CHIYODA).problem(3, "certificate_not_held");
    let explain = || house.ask(&["certs", "explain", &bureau.at("card.pem")]).json();
    assert_eq!(explain()["verdict"], "valid");
    // The call centre takes reports of loss; only the municipality releases.
    end("reported_missing", &["--operator", "k.sato"]).good();
    bureau.refused("card.pem", "path_on_hold");
    assert_eq!(explain()["reasons"][0]["label"], "held");
    release(CHUO).problem(4, "resident_absent");
    release(CHIYODA).good();
    bureau.believed("card.pem");
    end("card_lost", &["--municipality", CHIYODA]).good();
    bureau.refused("card.pem", "path_revoked");
    assert_eq!((&explain()["verdict"], &explain()["valid"]), (&"not_valid".into(), &false.into()));
    end("moved", &[]).json();
    assert_eq!(bureau.listed(0)[0].1, "revoked");
    house.done();
}

#[test]
fn a_certificate_is_saved_as_it_was_issued_and_reading_it_is_an_act() {
    let bureau = Bureau::open("p256", 1);
    let request = bureau.request("holder", P256);
    let issued = bureau.issue("signature", 0, &request, "holder.pem").good();
    let (house, serial) = (&bureau.house, issued["serial"].to_string());
    let saved = bureau.at("saved.der");
    let save = ["certs", "save", "--authority", "1", "--serial", &serial, &saved, "--form", "der"];
    let told = house.ask(&save).good();
    assert!(told["act"].as_u64() > issued["act"].as_u64());
    let read = openssl(&["x509", "-in", &saved]);
    assert_eq!(read, fs::read_to_string(bureau.at("holder.pem")).unwrap());
    let chuo = [&save[..], &["--municipality", CHUO]].concat();
    house.ask(&chuo).problem(4, "certificate_absent");
    let none = ["certs", "save", "--authority", "1", "--serial", "999", &saved];
    house.ask(&none).problem(4, "certificate_absent");
    house.done();
}

/// An answer may be lost: the same again tells it, as long as it is in force. What has no place is
/// refused before anything is issued.
#[test]
fn who_asks_again_is_told_the_same_certificate() {
    let bureau = Bureau::open("p256", 2);
    let (house, request) = (&bureau.house, bureau.request("card", P256));
    let nowhere = bureau.issue("authentication", 0, &request, "none/card.pem");
    nowhere.problem(4, "path_absent");
    assert!(bureau.listed(0).is_empty(), "nothing is issued that cannot be handed over");
    let first = bureau.issue("authentication", 0, &request, "card.pem").good();
    assert_eq!(first["repeated"], false);
    let again = bureau.issue("authentication", 0, &request, "again.pem").good();
    assert_eq!((&again["serial"], &again["repeated"]), (&first["serial"], &true.into()));
    let read = |name: &str| fs::read(bureau.at(name)).unwrap();
    assert_eq!(read("card.pem"), read("again.pem"));
    for (kind, resident) in [("signature", 0), ("authentication", 1)] {
        let other = bureau.issue(kind, resident, &request, "other.pem");
        other.problem(3, "certificate_key_used");
    }
    let end = ["certs", "end", "--trigger", "card_lost", "--code", &bureau.at("code-0")];
    let ended = house.ask(&end).good();
    assert_eq!(
        (&ended[0]["kind"], &ended[0]["state"], &ended[0]["reason"]),
        (&"authentication".into(), &"revoked".into(), &"key_compromise".into())
    );
    let late = bureau.issue("authentication", 0, &request, "late.pem");
    late.problem(3, "certificate_key_used");
    house.done();
}

/// A list that cannot be made keeps nobody from the certificate that is issued, and hides no
/// refusal.
#[test]
fn what_is_done_is_told_though_a_list_cannot_be_made() {
    let bureau = Bureau::open("p256", 5);
    let (house, request, code) = (&bureau.house, bureau.request("card", P256), bureau.at("code-0"));
    for other in 1..5 {
        let request = bureau.request(&other.to_string(), P256);
        bureau.issue("authentication", other, &request, &format!("{other}.pem")).good();
    }
    let lists = house.data().join("crl/authentication");
    fs::remove_dir_all(&lists).unwrap();
    fs::write(&lists, "in the way").unwrap();
    leave_list_due(&bureau, 1);
    let told = bureau.issue("authentication", 0, &request, "card.pem").problem(6, "io");
    let detail = told["detail"].as_str().unwrap();
    assert!(detail.contains("of authority 2, issued as act"), "{detail}");
    let card = fs::read_to_string(bureau.at("card.pem")).unwrap();
    let issue = |kind: &str, out: &[&str]| {
        let who = ["certs", "issue", "--municipality", CHIYODA, "--kind", kind, "--code", &code];
        let what = ["--request", &request, "--card-end", CARD_END];
        let told = house.ask(&[&who[..], &what, out].concat());
        assert!(told.err.contains("not all lists are made"), "{}", told.err);
        told
    };
    leave_list_due(&bureau, 2);
    issue("signature", &["--out", &bureau.at("none.pem")]).problem(3, "certificate_key_used");
    // Where the answer is the certificate, it is the answer.
    for (other, out) in [(3, &[][..]), (4, &["--out", "-"])] {
        leave_list_due(&bureau, other);
        assert_eq!(issue("authentication", out).good()["certificate"], card);
    }
    let end = ["certs", "end", "--trigger", "reported_missing", "--code", &code];
    let release = ["certs", "release", "--municipality", CHIYODA, "--kind", "authentication"];
    let release = [&release[..], &["--code", &code]].concat();
    for (command, state) in [(&end[..], "held"), (&release, "released")] {
        let told = house.ask(command).problem(6, "io");
        assert!(told["detail"].as_str().unwrap().contains("the change is on record"), "{told}");
        assert_eq!(bureau.listed(0)[0].1, state);
    }
    fs::remove_file(&lists).unwrap();
    house.ask(&["certs", "lists"]).good();
    bureau.believed("card.pem");
    bureau.house.done();
}

/// Holds a resident's card, and makes no list of it.
fn leave_list_due(bureau: &Bureau, resident: usize) {
    let own = Actor::Municipality(CHIYODA.parse().unwrap());
    let whose = Whose::Code(bureau.codes[resident].parse().unwrap());
    let missing = (&whose, Trigger::ReportedMissing);
    let held = app::commit::transact(&bureau.house.platform(), |work| {
        certificate_end(work, &own, Purpose::Certification, missing).map(drop)
    });
    held.unwrap();
}

#[test]
fn generations_follow_each_other() {
    let bureau = Bureau::open("rsa2048", 2);
    let request = bureau.request("old", P256);
    bureau.issue("authentication", 0, &request, "old.pem").good();
    let house = &bureau.house;
    house.ask(&["ca", "init"]).problem(3, "authority_exists");
    house.ask(&["ca", "retire", "2"]).problem(3, "authority_not_followed");
    let next = ["ca", "init", "--kind", "authentication", "--algorithm", "p384"];
    assert_eq!(house.ask(&next).good()[0]["generation"], 2);
    house.ask(&["ca", "retire", "2", "--operator", "k.sato"]).good();
    house.ask(&["ca", "retire", "9"]).problem(4, "authority_absent");
    let list = house.ask(&["ca", "list"]).good();
    let shown: Vec<_> = list.as_array().unwrap().iter().map(|one| one["state"].clone()).collect();
    assert_eq!(shown, ["issuing", "retired", "issuing"]);
    let request = bureau.request("new", P256);
    assert_eq!(bureau.issue("authentication", 1, &request, "new.pem").good()["authority"], 3);
    bureau.believed("old.pem");
    bureau.believed("new.pem");
    let status = house.ask(&["ca", "status"]).good();
    for (one, unrevoked) in status.as_array().unwrap().iter().zip([0, 1, 1]) {
        assert_eq!((&one["holds"], &one["unrevoked"]), (&true.into(), &unrevoked.into()), "{one}");
    }
    // What was saved is what was listed.
    for (name, entry) in
        [("signature-1", &list[0]), ("authentication-1", &list[1]), ("authentication-2", &list[2])]
    {
        let der = bureau.at(&format!("ca/{name}.der"));
        let digest = openssl(&["dgst", "-sha256", "-r", &der]);
        assert!(digest.starts_with(entry["sha256"].as_str().unwrap()), "{name}: {digest}");
    }
    house.done();
}

#[test]
fn an_authority_is_followed_while_the_program_serves() {
    let bureau = Bureau::open("p256", 2);
    let house = &bureau.house;
    let request = bureau.request("old", P256);
    bureau.issue("authentication", 0, &request, "old.pem").good();
    let serving = Serving::start(house, &["--json", "serve"]);
    house.ask(&["ca", "init", "--kind", "authentication", "--algorithm", "p384"]).good();
    house.ask(&["ca", "retire", "2"]).good();
    let request = bureau.request("new", P256);
    bureau.issue("authentication", 1, &request, "new.pem").good();
    bureau.save();
    let url = format!("http://{}/ocsp", serving.address);
    for (generation, name) in [(1, "old.pem"), (2, "new.pem")] {
        let anchor = bureau.at(&format!("ca/authentication-{generation}.pem"));
        let card = bureau.at(name);
        let about = ["ocsp", "-issuer", &anchor, "-cert", &card, "-CAfile", &anchor, "-url", &url];
        let patience = Instant::now() + Duration::from_secs(60);
        // An authority that is new is answered for within seconds.
        while !Command::new("openssl").args(about).output().is_ok_and(|told| {
            String::from_utf8_lossy(&told.stdout).contains(&format!("{name}: good"))
        }) {
            assert!(Instant::now() < patience, "{name}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }
    serving.stop(house);
    bureau.believed("old.pem");
    bureau.believed("new.pem");
    house.done();
}

#[test]
fn an_authority_near_its_end_is_told_and_refuses_what_would_outlive_it() {
    let bureau = Bureau::open("p256", 1);
    let house = &bureau.house;
    let now = house.ask(&["ca", "list"]).good();
    assert_eq!([&now[0]["ends_soon"], &now[1]["ends_soon"]], [false, false]);
    // Four years before its end, when not even a first certificate fits any more.
    let until: Date = now[1]["issues_until"].as_str().unwrap().parse().unwrap();
    let day = until + 2.years() + 1.day();
    let text = format!("[clock]\nsource = '{day}T03:00:00Z'\n");
    let config = house.write("then.toml", text);
    let then = ["--config", &config];
    let list = [&then[..], &["ca", "list"]].concat();
    let shown = house.run(&list).out;
    let hint = "ca init --kind authentication --algorithm p256";
    assert!(shown.contains("Authority 2 is near its end") && shown.contains(hint), "{shown}");
    let (code, request) = (bureau.at("code-0"), bureau.request("holder", P256));
    let who = ["certs", "issue", "--municipality", CHIYODA, "--kind", "authentication"];
    let what = ["--code", &code, "--request", &request, "--card-end"];
    let issue = |end: &str| house.ask(&[&then[..], &who, &what, &[end]].concat());
    issue("2090-04-01").problem(3, "certificate_issuer_ends");
    let init = ["ca", "init", "--kind", "authentication", "--algorithm", "p256"];
    house.ask(&[&then[..], &init].concat()).good();
    let told = house.ask(&list).good();
    let soon: Vec<_> =
        told.as_array().unwrap().iter().map(|one| one["ends_soon"].clone()).collect();
    assert_eq!(soon, [true, false, false], "the second is followed");
    assert_eq!(issue("2090-04-01").good()["authority"], 3);
    house.done();
}

#[test]
fn lists_that_were_lost_are_made_again_while_serving() {
    let bureau = Bureau::open("p256", 1);
    let request = bureau.request("holder", P256);
    bureau.issue("signature", 0, &request, "holder.pem").good();
    let before = bureau.lists();
    assert!(before >= 5, "{before}");
    bureau.house.ask(&["ca", "status"]).good();
    fs::remove_dir_all(bureau.house.data().join("crl/signature")).unwrap();
    let status = bureau.house.ask(&["ca", "status"]).does_not_hold();
    assert_eq!((&status[0]["files_missing"], &status[1]["files_missing"]), (&3.into(), &0.into()));
    let serving = Serving::start(&bureau.house, &["--json", "serve"]);
    while bureau.lists() < before {
        std::thread::sleep(Duration::from_millis(50));
    }
    serving.stop(&bureau.house);
    bureau.believed("holder.pem");
    bureau.house.done();
}

#[test]
fn strangers_see_a_revocation_while_the_program_serves() {
    let bureau = Bureau::open("p256", 1);
    let request = bureau.request("card", P256);
    bureau.issue("authentication", 0, &request, "card.pem").good();
    bureau.save();
    let house = &bureau.house;
    let operator = token(house, "operator:k.sato");
    let serving = Serving::start(house, &["--json", "serve"]);
    let (anchor, card) = (bureau.at("ca/authentication-1.pem"), bureau.at("card.pem"));
    let answer = bureau.at("answer.der");
    let ask = |serving: &Serving, nonce: &str| {
        let url = format!("http://{}/ocsp", serving.address);
        let of = ["ocsp", "-issuer", &anchor, "-cert", &card, "-CAfile", &anchor, nonce];
        openssl(&[&of[..], &["-url", &url, "-respout", &answer]].concat())
    };
    assert!(ask(&serving, "-no_nonce").contains("card.pem: good"));
    // What was signed is told again after a start.
    let first = fs::read(&answer).unwrap();
    serving.stop(house);
    let serving = Serving::start(house, &["--json", "serve"]);
    assert!(ask(&serving, "-no_nonce").contains("card.pem: good"));
    assert!(fs::read(&answer).unwrap() == first);
    let missing = json!({
        "resident_record_code": bureau.codes[0], "trigger": "reported_missing",
    });
    let (status, ended) = post(&serving, &operator, "/v1/certificates/end", &missing);
    assert_eq!(status, 200, "{ended}");
    // What is known of a certificate may be some seconds old.
    while ask(&serving, "-no_nonce").contains("card.pem: good") {
        std::thread::sleep(Duration::from_millis(200));
    }
    let answer = ask(&serving, "-nonce");
    assert!(answer.contains("card.pem: revoked"), "{answer}");
    assert!(answer.contains("Reason: certificateHold"), "{answer}");
    // The list follows by itself.
    let place = house.data().join("crl");
    let listed = || {
        let mut lists = files_below(&place).into_iter().map(|(path, _)| path);
        let ours = |path: &PathBuf| {
            path.starts_with("authentication") && path.ends_with(format!("{CHIYODA}.crl"))
        };
        let list = place.join(lists.find(ours).unwrap()).display().to_string();
        openssl(&["crl", "-inform", "DER", "-noout", "-text", "-in", &list])
    };
    while !listed().contains("Certificate Hold") {
        std::thread::sleep(Duration::from_millis(200));
    }
    serving.stop(house);
    bureau.refused("card.pem", "path_on_hold");
    house.done();
}

#[test]
fn strangers_believe_the_certificate_that_up_hints_at() {
    let house = House::empty();
    house.prepare_keystore();
    let told = house.run(&["up", "--no-serve", "--residents", "60"]);
    assert_eq!(told.code, 0, "{}", told.err);
    for command in told.out.lines().filter(|line| line.contains("card.csr")) {
        let mut shell = Command::new("sh");
        let done = shell.args(["-ec", command]).current_dir(house.beside("")).output().unwrap();
        assert!(done.status.success(), "{command}: {}", String::from_utf8_lossy(&done.stderr));
    }
    let bureau = Bureau { house, codes: Vec::new() };
    bureau.believed("card.pem");
    bureau.house.done();
}

#[test]
fn who_has_no_right_to_a_certificate_gets_none() {
    let bureau = Bureau::open("p256", 1);
    let house = &bureau.house;
    let (code, request, out) =
        (bureau.at("code-0"), bureau.request("holder", P256), bureau.at("x.pem"));
    let asked = ["--code", &code, "--request", &request, "--out", &out];
    let issue = |by: &str, kind: &str, more: &[&str]| {
        let who = ["certs", "issue", "--municipality", by, "--kind", kind];
        house.ask(&[&who[..], &asked, more].concat())
    };
    let good = ["--card-end", CARD_END];
    issue(CHUO, "signature", &good).problem(4, "resident_absent");
    issue("131017", "signature", &good).problem(3, "local_government_code_check_digit");
    let over = ["--card-end", "2020-04-01"];
    issue(CHIYODA, "signature", &over).problem(3, "certificate_card_expired");
    let ward = [&good[..], &["--ward"]].concat();
    issue(CHIYODA, "signature", &ward).problem(3, "certificate_holder_is_ward");
    let without = [&good[..], &["--without-pins"]].concat();
    issue(CHIYODA, "signature", &without).problem(3, "certificate_card_without_pin");
    let other = [&good[..], &["--algorithm", "p384"]].concat();
    issue(CHIYODA, "authentication", &other).problem(4, "authority_absent");
    let death = [HEADER, &line(2, "death", &bureau.codes[0], "")].concat();
    house.import(&death);
    issue(CHIYODA, "authentication", &good).problem(3, "holder_not_registered");
    assert!(bureau.listed(0).is_empty());
    house.done();
}

#[test]
fn without_an_authority_nothing_is_issued_and_nothing_fails() {
    let house = House::quick();
    assert_eq!(house.ask(&["ca", "list"]).good().as_array().map(Vec::len), Some(0));
    for command in ["lists", "finish", "forecast"] {
        house.ask(&["certs", command]).good();
    }
    let codes = house.codes(CHIYODA, 1);
    house.import(&[HEADER, &line(1, "move_in", &codes[0], TARO)].concat());
    let bureau = Bureau { house, codes };
    bureau.house.write("code-0", &bureau.codes[0]);
    let request = bureau.request("holder", P256);
    bureau.issue("signature", 0, &request, "none.pem").problem(4, "authority_absent");
    bureau.house.done();
}
