//! The key store and what hangs on it: who may read it, passphrases, key epochs, disposal.

use crate::country::listed;
use crate::feeds::{CHIYODA, TARO, feed, line, long_ago};
use crate::house::{House, PASSPHRASE, files_below};
use app::Platform;
use app::key_roles::KeyRole;
use app::number_ask::{Whose, number_ask};
use base::{Actor, Problem, Purpose};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn what_others_can_read_is_refused() {
    let house = House::quick();
    let keys = house.data().join("keys");
    for (path, loose, tight) in [
        (keys.join("keystore"), 0o640, 0o600),
        (keys.join("keystore"), 0o604, 0o600),
        (keys.join("passphrase"), 0o644, 0o600),
        (keys.clone(), 0o750, 0o700),
    ] {
        set_mode(&path, loose);
        let problem = house.ask(&["verify"]).problem(3, "keystore_permissions");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(&path.display().to_string()), "{detail}");
        let told = house.run(&["verify"]);
        assert!(told.err.contains("chmod 700"), "{}", told.err);
        set_mode(&path, tight);
    }
    let moved = keys.join("elsewhere");
    fs::rename(keys.join("keystore"), &moved).unwrap();
    symlink(&moved, keys.join("keystore")).unwrap();
    house.ask(&["verify"]).problem(3, "keystore_permissions");
    fs::rename(&moved, keys.join("keystore")).unwrap();
    house.done();
}

#[test]
fn a_passphrase_comes_from_a_file_or_the_environment_and_must_be_right() {
    let house = House::quick();
    let file = house.data().join("keys/passphrase");
    let with = |passphrase: &str| {
        let mut command = house.command(&["--json", "ledger", "key"]);
        let output = command.env("SEKISHO_PASSPHRASE", passphrase).output().unwrap();
        house.told(&["ledger", "key"], output)
    };
    with("another one").problem(3, "keystore_passphrase");
    with("").problem(3, "passphrase_missing");
    with(PASSPHRASE).good();
    fs::write(&file, "another one").unwrap();
    house.ask(&["verify"]).problem(3, "keystore_passphrase");
    with(PASSPHRASE).good();
    fs::write(&file, "").unwrap();
    house.ask(&["verify"]).problem(3, "passphrase_missing");
    fs::remove_file(&file).unwrap();
    let named = house.write("named", format!("{PASSPHRASE}\n"));
    set_mode(Path::new(&named), 0o600);
    let config = house.write("config.toml", format!("[keys]\npassphrase_file = {named:?}\n"));
    house.ask(&["--config", &config, "verify"]).good();
    house.write("named", "wrong");
    house.ask(&["--config", &config, "verify"]).problem(3, "keystore_passphrase");
    fs::write(&file, PASSPHRASE).unwrap();
    set_mode(&file, 0o600);
    house.done();
}

#[test]
fn a_ceremony_is_held_once() {
    let house = House::empty();
    house.ask(&["verify"]).problem(3, "not_initialised");
    house.ask(&["import", "-"]).problem(3, "not_initialised");
    let made = house.ask(&["init", "--generate-passphrase", "--origin", "log.example/1"]).good();
    assert_eq!(made["keys"].as_array().unwrap().len(), 9);
    assert_eq!(made["origin"], "log.example/1");
    let before = files_below(house.data());
    house.ask(&["init"]).problem(3, "already_initialised");
    house.ask(&["init", "--generate-passphrase"]).problem(3, "already_initialised");
    house.ask(&["init", "--origin", "another.example"]).problem(3, "already_initialised");
    let keys = |files: &[(std::path::PathBuf, Vec<u8>)]| -> Vec<_> {
        files.iter().filter(|(path, _)| path.starts_with("keys")).cloned().collect()
    };
    assert!(keys(&files_below(house.data())) == keys(&before), "the keys were touched");
    let told = house.ask(&["ledger", "key"]).good();
    assert_eq!((&told["key"], &told["origin"]), (&made["verifier_key"], &made["origin"]));
    house.done();
}

#[test]
fn a_ceremony_with_a_name_that_no_ledger_can_have_is_refused_before_it_begins() {
    for origin in ["", "two words", "plus+sign", "line\nbreak"] {
        let house = House::empty();
        house.prepare_keystore();
        let problem = house.ask(&["init", "--origin", origin]).problem(3, "config_malformed");
        assert!(problem["detail"].as_str().unwrap().starts_with("ledger.origin"), "{problem}");
        house.ask(&["init"]).good();
        house.done();
    }
}

/// A passphrase that is given is the passphrase: none is invented beside it.
#[test]
fn no_passphrase_is_invented_where_one_is_given() {
    let house = House::empty();
    let arguments = ["--json", "init", "--generate-passphrase"];
    let mut command = house.command(&arguments);
    let output = command.env("SEKISHO_PASSPHRASE", PASSPHRASE).output().unwrap();
    house.told(&arguments, output).good();
    let file = house.data().join("keys/passphrase");
    assert!(!file.exists());
    fs::write(&file, PASSPHRASE).unwrap();
    set_mode(&file, 0o600);
    house.done();
}

#[test]
fn a_damaged_key_store_is_broken_not_refused() {
    let house = House::quick();
    let path = house.data().join("keys/keystore");
    let whole = fs::read(&path).unwrap();
    let mut bytes = whole.clone();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, &bytes).unwrap();
    house.ask(&["verify"]).problem(6, "keystore_damaged");
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    house.ask(&["verify"]).problem(6, "keystore_damaged");
    fs::write(&path, &whole).unwrap();
    house.done();
}

/// The number of the holder of a code, asked as the municipality does at its counter.
fn number_of(platform: &Platform, code: &str) -> Result<String, Problem> {
    let actor: Actor = format!("municipality:{CHIYODA}").parse().unwrap();
    let whose = Whose::Code(code.parse().unwrap());
    let mut number = None;
    app::commit::transact(platform, |work| {
        let told = number_ask(work, &actor, Purpose::ResidentRegister, &whose)?;
        number = Some(told.number.reveal().to_string());
        Ok(())
    })?;
    Ok(number.unwrap())
}

#[test]
fn a_new_key_epoch_changes_no_content() {
    let house = House::quick();
    let codes = house.codes(CHIYODA, 3);
    house
        .import(&feed(&[line(1, "move_in", &codes[0], TARO), line(2, "move_in", &codes[1], TARO)]));
    house.ask(&["lists"]).good();
    let listed = listed(&house);
    for epoch in [2, 3] {
        let told = house.ask(&["keys", "rotate", "kek"]).good();
        assert_eq!(told["key"], format!("kek/{epoch}"));
        // Two persons and the platform itself.
        assert_eq!(told["moved"], 3);
        house.done();
    }
    let platform = house.platform();
    for (code, number) in &listed {
        assert_eq!(number_of(&platform, code).unwrap(), *number);
    }
    drop(platform);
    house.import(&feed(&[line(3, "move_in", &codes[2], TARO)]));
    assert_eq!(house.ask(&["keys", "rotate", "kek"]).good()["moved"], 4);
    house.done();
}

#[test]
fn what_is_disposed_of_does_not_open_again() {
    let house = House::quick();
    let codes = house.codes(CHIYODA, 4);
    house.import(&feed(&[
        line(1, "move_in", &codes[0], TARO),
        long_ago(&line(2, "move_in", &codes[1], TARO)),
        long_ago(&line(3, "death", &codes[1], "")),
    ]));
    let dispose = |code: &str| {
        let code = format!("{code}\n");
        house.ask_with(&["dispose", "--operator", "k.sato", "-"], code.as_bytes())
    };
    house.import(&feed(&[line(4, "move_in", &codes[3], TARO), line(5, "death", &codes[3], "")]));
    dispose(&codes[0]).problem(3, "disposal_too_early");
    dispose(&codes[3]).problem(3, "disposal_retention");
    dispose(&codes[2]).problem(4, "resident_absent");
    dispose("12345678901").problem(3, "resident_record_code_check_digit");
    house.ask(&["lists"]).good();
    assert_eq!(listed(&house).len(), 3);
    assert!(number_of(&house.platform(), &codes[1]).is_ok());
    let act = dispose(&codes[1]).good()["act"].as_u64().unwrap();
    let leaf = house.ask(&["ledger", "prove", &act.to_string()]).good();
    let leaf = leaf["leaf"].as_str().unwrap().to_owned();
    assert!(leaf.contains("disposal") && leaf.contains("operator:k.sato"), "{leaf}");
    let problem = number_of(&house.platform(), &codes[1]).unwrap_err();
    assert_eq!(problem.label(), "content_erased");
    dispose(&codes[1]).problem(4, "content_erased");
    assert!(number_of(&house.platform(), &codes[0]).is_ok());
    house.done();
    // The feed goes on, and the code is not free again.
    let path = house.write("later.csv", feed(&[line(6, "move_in", &codes[1], TARO)]));
    let report = house.ask(&["import", &path]).does_not_hold();
    assert_eq!(report["applied"], 0);
    assert_eq!(house.ask(&["keys", "rotate", "kek"]).good()["moved"], 3);
    house.done();
}

/// Whoever lets somebody in, or hands out codes, is in the ledger by name.
#[test]
fn what_an_operator_does_is_never_unseen() {
    let house = House::quick();
    let leaf_of = |arguments: &[&str]| {
        let act = house.ask(arguments).good()["act"].to_string();
        let leaf = house.ask(&["ledger", "prove", &act]).good()["leaf"].to_string();
        leaf.replace('\\', "")
    };
    let account = fs::metadata(house.data()).unwrap().uid();
    for (operator, arguments) in [
        ("operator:k.sato", &["--operator", "k.sato"][..]),
        (&format!("operator:uid-{account}"), &[]),
    ] {
        let token = leaf_of(&[&["token", "municipality:131016"], arguments].concat());
        let stock = ["stock", "--municipality", CHIYODA, "--count", "1"];
        let stock = leaf_of(&[&stock, arguments].concat());
        for (leaf, act) in [(&token, "token_issue"), (&stock, "stock_issue")] {
            let said = format!(r#""act":"{act}","actor":"{operator}","purpose":"operation""#);
            assert!(leaf.contains(&said), "{leaf}");
            assert!(!leaf.contains("131016"), "{leaf}");
        }
    }
    house.ask(&["token", "agency:nta", "--operator", "K SATO"]).problem(3, "actor_name");
    house.ask(&["keys", "rotate", "kek", "--operator", "k.sato"]).good();
    house.done();
}

/// Whoever is disposed of before the list was written is on no list.
#[test]
fn who_is_disposed_of_is_on_no_later_list() {
    let house = House::quick();
    let codes = house.codes(CHIYODA, 2);
    house.import(&feed(&[
        line(1, "move_in", &codes[0], TARO),
        long_ago(&line(2, "move_in", &codes[1], TARO)),
        long_ago(&line(3, "death", &codes[1], "")),
    ]));
    let arguments = ["dispose", "--operator", "k.sato", "-"];
    house.ask_with(&arguments, codes[1].as_bytes()).good();
    house.ask(&["lists"]).good();
    let listed: Vec<_> = listed(&house).into_keys().collect();
    assert_eq!(listed, [codes[0].clone()]);
    house.done();
}

/// The labels of keys that nothing needs any more.
fn free_keys(house: &House) -> Vec<String> {
    let status = house.ask(&["keys", "status"]).good();
    let keys = status["keys"].as_array().unwrap();
    let free = keys.iter().filter(|key| key["standing"] == "done");
    free.map(|key| key["label"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_former_key_is_destroyed_and_old_backups_open_no_more() {
    let house = House::quick();
    let codes = house.codes(CHIYODA, 2);
    house.import(&feed(&[line(1, "move_in", &codes[0], TARO)]));
    let backup = house.copy();
    let destroy = |label: &str| house.ask(&["keys", "destroy", label, "--yes"]);
    assert_eq!(house.ask(&["keys", "destroy", "kek/1"]).code, 2, "without --yes");
    for needed in ["kek/1", "numbering/1", "ledger/1", "token/1"] {
        destroy(needed).problem(3, "key_in_use");
    }
    destroy("kek/2").problem(6, "key_absent");
    destroy("KEK").problem(6, "key_operation");
    assert_eq!(free_keys(&house), [""; 0]);
    house.ask(&["keys", "rotate", "kek"]).good();
    assert_eq!(free_keys(&house), ["kek/1"]);
    let act = house.ask(&["keys", "destroy", "kek/1", "--yes", "--operator", "k.sato"]).good();
    let leaf = house.ask(&["ledger", "prove", &act["act"].to_string()]).good()["leaf"].to_string();
    assert!(leaf.contains("key_destroy") && leaf.contains("operator:k.sato"), "{leaf}");
    destroy("kek/1").problem(6, "key_absent");
    // No later ceremony brings it back.
    house.ask(&["init"]).problem(3, "already_initialised");
    destroy("kek/1").problem(6, "key_absent");
    assert!(number_of(&house.platform(), &codes[0]).is_ok());
    house.import(&feed(&[line(2, "move_in", &codes[1], TARO)]));
    house.done();
    // The store as it was, with the key store as it is.
    let keys = "keys/keystore";
    backup.done();
    fs::copy(house.data().join(keys), backup.data().join(keys)).unwrap();
    assert_eq!(number_of(&backup.platform(), &codes[0]).unwrap_err().label(), "key_absent");
}

/// A new epoch in which not every data key has arrived yet.
#[test]
fn a_former_key_stays_while_anything_is_wrapped_under_it() {
    let house = House::quick();
    let codes = house.codes(CHIYODA, 1);
    house.import(&feed(&[line(1, "move_in", &codes[0], TARO)]));
    let platform = house.platform();
    let operator: Actor = "operator:k.sato".parse().unwrap();
    app::key_rotate::key_rotate_begin(&platform, &operator, KeyRole::Kek, None).unwrap();
    house.ask(&["keys", "destroy", "kek/1", "--yes"]).problem(3, "key_in_use");
    assert_eq!(free_keys(&house), [""; 0]);
    assert_eq!(house.ask(&["keys", "rotate", "kek"]).good()["key"], "kek/2");
    house.ask(&["keys", "destroy", "kek/1", "--yes"]).good();
    house.done();
}

#[test]
fn a_passphrase_is_changed_and_the_old_one_opens_nothing() {
    let house = House::quick();
    let file = house.data().join("keys/passphrase");
    let told = house.ask(&["keys", "passphrase", "--generate"]).good();
    assert_eq!(told["passphrase_file"], file.to_str().unwrap());
    let invented = fs::read_to_string(&file).unwrap();
    assert!(invented.trim().len() == 64 && !file.with_extension("new").exists());
    house.ask(&["verify"]).good();
    let named = house.write("named", "a third one\n");
    house.ask(&["keys", "passphrase", "--new", &named]).problem(3, "keystore_permissions");
    set_mode(Path::new(&named), 0o600);
    house.ask(&["keys", "passphrase", "--new", &named]).good();
    house.ask(&["verify"]).problem(3, "keystore_passphrase");
    fs::write(&file, "a third one").unwrap();
    let arguments = ["--json", "keys", "passphrase"];
    let mut command = house.command(&arguments);
    let output = command.env("SEKISHO_NEW_PASSPHRASE", "a fourth one").output().unwrap();
    house.told(&arguments, output).good();
    let arguments = ["--json", "keys", "passphrase", "--generate"];
    let mut command = house.command(&arguments);
    let output = command.env("SEKISHO_PASSPHRASE", "a fourth one").output().unwrap();
    house.told(&arguments, output).problem(3, "passphrase_missing");
    fs::write(&file, "a fourth one").unwrap();
    house.done();
    for secret in [invented.trim(), "a third one", "a fourth one"] {
        let heard = String::from_utf8(house.heard()).unwrap();
        assert!(!heard.contains(secret), "a passphrase was told");
    }
}
